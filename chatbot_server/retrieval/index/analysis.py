"""Analyses a document before it is indexed: chunks and terms, in bounded time.

A hostile page may take as long as the limit allows. No transaction is open meanwhile, so that
others can write.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from chatbot_server.errors import BadRequest
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.index.chunks import Chunk, chunks_of_text
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.language.text import clean
from chatbot_server.retrieval.language.words import acronyms, stems

MAX_TEXT = 2_000_000
MAX_TITLE = 500
MAX_WORDINGS = 50
MAX_DEFINITIONS = 200
# The time limit. An ordinary page of 2 MB takes a third of a second.
SECONDS = 20.0


class AnalysisError(BadRequest):
    """A document cannot be indexed. The ``code`` names the reason."""


@dataclass(frozen=True)
class AnalysedDraft:
    """A draft with all that is stored of it.

    Attributes:
        digest: a hash of the draft: it is indexed again if this has changed.
        title, wordings, text: cleaned, and cut to the limits of this module.
        language: as the draft gives it, or guessed from its text.
        terms: for each of ``chunks``, its stems in order.
        definitions: acronyms, each with the words that it stands for.
    """

    draft: Draft
    digest: str
    title: str
    wordings: list[str]
    text: str
    language: str
    chunks: list[Chunk]
    terms: list[list[str]]
    definitions: list[tuple[str, str]]


def analyse(draft: Draft, seconds: float = SECONDS) -> AnalysedDraft:
    """Cut *draft* into chunks, and these into terms. Not to be called in a transaction.

    Raises:
        AnalysisError: this takes longer than *seconds*.
    """
    deadline = time.monotonic() + seconds
    text, title = clean(draft.text[:MAX_TEXT]), clean(draft.title[:MAX_TEXT]).replace("\n", " ")
    title = title[:MAX_TITLE]
    wordings = [clean(wording[:MAX_TEXT])[:MAX_TITLE] for wording in draft.wordings[:MAX_WORDINGS]]
    language = draft.language or stems.guess_document_language(f"{title} {text}")
    index_language = language if language in LANGUAGES else "en"
    about = " ".join([title, *wordings])
    chunks: list[Chunk] = []
    terms: list[list[str]] = []
    for chunk in chunks_of_text(text, language=language):
        if time.monotonic() > deadline:
            raise AnalysisError("index_slow", name=title or draft.url)
        chunks.append(chunk)
        terms.append(stems.index_terms(chunk.searchable_text(about), index_language))
    return AnalysedDraft(
        draft,
        draft.digest(),
        title,
        wordings,
        text,
        language[:10],
        chunks,
        terms,
        acronyms.definitions(f"{title}\n{text}")[:MAX_DEFINITIONS],
    )
