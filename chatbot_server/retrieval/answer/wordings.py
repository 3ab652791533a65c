"""The owner's entries by the words of their questions: asked so, nothing is left to guess."""

from __future__ import annotations

from collections.abc import Mapping

from chatbot_server.retrieval.answer.site_index import SiteIndex
from chatbot_server.retrieval.language import stems
from chatbot_server.retrieval.language.languages import Languages
from chatbot_server.retrieval.language.synonyms import without_politeness
from chatbot_server.storage.knowledge.documents import entry_wordings

_Words = tuple[str, ...]


class EntryWordings:
    """The entries of all sites; a site's are read again when its index has changed."""

    def __init__(self) -> None:
        self._sites: dict[int, tuple[int, Mapping[_Words, int]]] = {}

    def entry(self, index: SiteIndex, question: str, languages: Languages) -> int | None:
        """The document of the entry that *question* asks for word for word.

        None, too, where several entries have the question and answer it differently.
        """
        version, entries = self._sites.get(index.site_id, (None, {}))
        if version != index.version:
            entries = _by_words(index, languages)
            self._sites[index.site_id] = (index.version, entries)
        return entries.get(_words(question, languages))


def _by_words(index: SiteIndex, languages: Languages) -> dict[_Words, int]:
    digests: dict[_Words, dict[str, int]] = {}
    for document, digest, wordings in entry_wordings(index.session, index.site_id):
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
