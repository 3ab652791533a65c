"""Greetings, thanks and farewells: they ask nothing, and are answered in kind."""

from __future__ import annotations

from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.language.stems import words

KINDS = ("hello", "thanks", "goodbye")


def small_talk_kind(message: str) -> str | None:
    """Which of :data:`KINDS` *message* is, in any language, if it is nothing else."""
    message_words = set(words(message))
    kinds = [kind for kind in KINDS if message_words & _small_talk(kind)]
    courteous_words = _small_talk("beside").union(*map(_small_talk, kinds))
    return kinds[-1] if kinds and message_words <= courteous_words else None


def _small_talk(field: str) -> frozenset[str]:
    return frozenset().union(
        *(getattr(language.small_talk, field) for language in LANGUAGES.values())
    )
