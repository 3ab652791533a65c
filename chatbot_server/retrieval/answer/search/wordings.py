"""The owner's entries by the words of their questions: asked so, nothing is left to guess."""

from __future__ import annotations

from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.language.languages import Languages
from chatbot_server.retrieval.language.words import stems
from chatbot_server.retrieval.language.words.synonyms import without_politeness
from chatbot_server.storage.knowledge.documents import entry_wordings

_Words = tuple[str, ...]


def entry_asked_for(index: SiteIndex, question: str, languages: Languages) -> int | None:
    """The document of the entry that *question* asks for word for word.

    None, too, where several entries have the question and answer it differently.
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
    """The folded words of *text* in order, but for those of politeness."""
    return tuple(stems.words(without_politeness(text, languages)))
