"""Greetings, thanks and farewells: they ask nothing, and are answered in kind."""

from __future__ import annotations

from functools import cache

from chatbot_server.resources import read_yaml
from chatbot_server.retrieval.language.stems import words

KINDS = ("hello", "thanks", "goodbye")


def courtesy(question: str) -> str | None:
    """Which of :data:`KINDS` *question* is, if it is nothing else."""
    said = set(words(question))
    kinds = [kind for kind in KINDS if said & _known()[kind]]
    allowed = _known()["beside"].union(*(_known()[kind] for kind in kinds))
    return kinds[-1] if kinds and said <= allowed else None


@cache
def _known() -> dict[str, frozenset[str]]:
    lines = read_yaml("chatbot_server.conversation", "small_talk.yaml")
    return {kind: frozenset(line.split()) for kind, line in lines.items()}
