"""What speaks for the best section of each question of :mod:`.question_sets`, and whether it is
right: what weights are fitted on."""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from benchmarks.answers.question_sets import Question, plain
from benchmarks.answers.written_sites import WRITTEN
from chatbot_server.retrieval.answer.decide import evidence
from chatbot_server.retrieval.answer.decide.closer_look import CloserLook
from chatbot_server.retrieval.answer.search.comparison import TOO_MANY_CHUNKS
from chatbot_server.retrieval.answer.search.query import EarlierTurns, Query
from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.index.embedder import Embedder
from chatbot_server.retrieval.index.embedder_child import open_encoder
from chatbot_server.retrieval.index.encoder.late_interaction import LateInteraction, fit_of
from chatbot_server.retrieval.index.tokens import store_missing_tokens
from chatbot_server.retrieval.index.vectors import QuestionVectors, Tokens, Vector
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_to_embed
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.site.sites import add_site, all_sites

SETS = ("sites", "paraphrased", "written", "kept", "xquad", "french")
# What is known only after a closer look.
OF_CLOSER_LOOK = {"interaction", "word_nearness"}
# Nothing is near: as little as can be of what speaks for a section, as much of what is missing.
NOTHING_FOUND = (
    {field.name: 0.0 for field in fields(evidence.Evidence)}
    | dict.fromkeys(("missing", "unknown", "rarest_missing", "telling_missing"), 1.0)
    | dict.fromkeys(OF_CLOSER_LOOK, 0.5)
)


@dataclass(frozen=True)
class Row:
    """What speaks for the best section, and whether it or the second holds the answer."""

    site: str
    has_answer: bool
    has_vectors: bool
    is_closer: bool
    values: dict[str, float]
    first_is_right: bool
    second_is_right: bool

    @property
    def group(self) -> str:
        """The set that it is counted in."""
        name = self.site.partition(" ")[0]
        return name if name in SETS else "sites"

    @property
    def is_across(self) -> bool:
        """Whether the question is in another language than the section."""
        return bool(self.values["other_language"])

    @property
    def is_right(self) -> bool:
        """Whether one of the first two sections holds the whole answer."""
        return self.first_is_right or self.second_is_right


class RememberingEmbedder:
    """An embedder that makes the vector of a question once, however often it is asked.

    On a busy machine it asks again, rather than do without as a server would.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder, self.model, self.fit = embedder, embedder.model, embedder.fit
        self.questions: dict[str, QuestionVectors | None] = {}

    def query(self, text: str) -> QuestionVectors | None:
        """See :class:`Embedder`."""
        while self.questions.get(text) is None:
            self.questions[text] = self._embedder.query(text)
        return self.questions[text]

    def passages(self, texts: Sequence[str]) -> Vector | None:
        """See :class:`Embedder`."""
        return self._embedder.passages(texts)

    def nearness(self, vectors: Vector, sections: Sequence[Sequence[str]]) -> Vector | None:
        """See :class:`Embedder`."""
        return self._embedder.nearness(vectors, sections)

    def tokens(self, sections: Sequence[str]) -> list[Tokens] | None:
        """See :class:`Embedder`."""
        return self._embedder.tokens(sections)

    def pids(self) -> Collection[int]:
        """See :class:`Embedder`."""
        return self._embedder.pids()

    def close(self) -> None:
        """Does nothing: it is used by several."""


class WithoutTokens(RememberingEmbedder):
    """An embedder by which nothing is compared word by word."""

    def query(self, text: str) -> QuestionVectors | None:
        """See :class:`Embedder`."""
        vectors = super().query(text)
        return vectors and replace(vectors, tokens=None)


class LeftOutEmbedder(RememberingEmbedder):
    """An embedder whose interactions were fitted on other sites, by the arrays of *path*."""

    def __init__(self, embedder: Embedder, path: Path) -> None:
        super().__init__(embedder)
        self._late_interaction = LateInteraction(path)
        self._encoder = open_encoder(self._late_interaction)
        self.fit = fit_of(path)

    def query(self, text: str) -> QuestionVectors | None:
        """See :class:`Embedder`."""
        if text not in self.questions:
            vectors = super().query(text)
            assert vectors is not None
            (question,) = self._encoder.questions([text])
            tokens = self._late_interaction.of_question(question.states)
            self.questions[text] = replace(vectors, tokens=tokens)
        return self.questions[text]

    def tokens(self, sections: Sequence[str]) -> list[Tokens]:
        """See :class:`Embedder`."""
        states = map(self._encoder.section_states, sections)
        return [self._late_interaction.of_section(each) for each in states]


def in_first_half(site: str) -> bool:
    """Whether *site* is in the first of two halves of all sites."""
    return zlib.crc32(site.encode()) % 2 == 0


def index_site(database: Database, drafts: Sequence[Draft], embedder: Embedder) -> int:
    """The id of the site of *drafts* in *database*, which holds no other."""
    database.migrate()
    with database.session() as session:
        own = [site.id for site in all_sites(session) if not site.demo]
        site_id = own[0] if own else add_site(session, "fit").id
        if not own:
            source = open_source(session, site_id, "file", "pages")
            for draft in drafts:
                indexing.put(session, source, analyse(draft))
    # On a busy machine the embedder may give up: what is kept of an earlier run may lack vectors.
    while indexing.embed_some(database, embedder):
        pass
    with database.session() as session:
        assert not documents_to_embed(session, embedder.model, 1), "no vectors: run it again"
    return site_id


def rows_of(
    database: Database, site_id: int, embedder: Embedder, questions: Sequence[Question]
) -> Iterator[Row]:
    """*questions*, asked by words, by meaning, and by meaning with a closer look.

    Those to sites that were written as text only the last way: no other weights are fitted on them.
    """
    store_missing_tokens(database, embedder, TOO_MANY_CHUNKS)
    by_words, by_meaning, compared = (
        KnowledgeBase(database),
        KnowledgeBase(database, embedder=WithoutTokens(embedder)),
        KnowledgeBase(database, embedder=embedder),
    )
    for question in questions:
        if not question.site.startswith(WRITTEN):
            yield ask(by_words, site_id, question)
            yield ask(by_meaning, site_id, question)
        yield ask(compared, site_id, question, closer_by=embedder)


def ask(
    base: KnowledgeBase, site_id: int, question: Question, closer_by: Embedder | None = None
) -> Row:
    """What the product gathers for *question*, and whether it is right."""
    with base.site(site_id).open(question.text, EarlierTurns(question.history)) as result:
        query, index, hits = result.query, result.index, result.hits
        sections: Sequence[Candidate] = [
            section
            for section in result.sections
            if section.document.url not in question.absent
            and not section.document.faq
            and evidence.may_answer(query, section)
        ]
        values = NOTHING_FOUND
        if closer_by is not None:
            closer_look = CloserLook(sections, query, index)
            closer_look.read(closer_by)
            sections = closer_look.sections()
        if sections:
            values = values_of(sections, query, index)
        right = [holds(section.chunk, question.patterns) for section in sections[:2]]
    is_right, is_second_right = (*right, False, False)[:2]
    return Row(
        question.site,
        bool(question.patterns),
        any(hit.meaning for hit in hits),
        closer_by is not None,
        values,
        is_right,
        is_second_right,
    )


def values_of(sections: Sequence[Candidate], query: Query, index: SiteIndex) -> dict[str, float]:
    """What speaks for the first of *sections*."""
    gathered = evidence.gather_evidence(sections, query, index.chunk_count)
    return {name: value or 0.0 for name, value in asdict(gathered).items()}


def holds(chunk: Any, patterns: Sequence[str]) -> bool:
    """Whether a section holds a whole answer."""
    text = plain(f"{chunk.heading}\n{chunk.text}")
    return bool(patterns) and all(re.search(plain(pattern), text) for pattern in patterns)
