"""FAQ entries by the words of their questions: a question in the same words needs no search."""

from __future__ import annotations

from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.language.languages import Languages
from chatbot_server.retrieval.language.words import stems
from chatbot_server.retrieval.language.words.synonyms import without_politeness
from chatbot_server.storage.knowledge.documents import entry_wordings

_Words = tuple[str, ...]


def entry_asked_for(index: SiteIndex, question: str, languages: Languages) -> int | None:
    """The document id of the entry whose question is *question*, word for word.

    None if there is no such entry, or several that answer differently.
    """
    entries = index.memory.once("wordings", lambda: _by_words(index, languages))
    return entries.get(_words(question, languages))


def _by_words(index: SiteIndex, languages: Languages) -> dict[_Words, int]:
    digests: dict[_Words, dict[str, int]] = {}
    for document, digest, wordings in entry_wordings(index.unit, index.site_id):
        for wording in wordings:
            digests.setdefault(_words(wording, languages), {}).setdefault(digest, document)
    return {
        words: next(iter(documents.values()))
        for words, documents in digests.items()
        if words and len(documents) == 1
    }


def _words(text: str, languages: Languages) -> _Words:
    """The folded words of *text* in order, without words of politeness."""
    return tuple(stems.words(without_politeness(text, languages)))
