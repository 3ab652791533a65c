"""The words of sections in another language are read on larger sites, and only there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from support.database.connections import connections_in_use

from chatbot_server.retrieval.answer.decide import word_nearness
from chatbot_server.retrieval.answer.search import comparison
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.vectors import QuestionVectors, Vector
from chatbot_server.storage.database import Database

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ALL_ALIKE = np.full(4, 0.5, dtype=np.float32)


def titles_of(grounding: Grounding) -> list[str]:
    sources = [*grounding.near, *grounding.sources]
    return [*(source.title for source in sources), *(each.title for each in grounding.passages)]


class SectionReader:
    """Makes vectors without a model; finds the words of a question where it is told to.

    Attributes:
        where: a part of the sentence that is near to all words.
        read: the sections that were read.
        held: connections in use meanwhile.
        is_late: it has no time to read.
    """

    model = fit = "reader"

    def __init__(self, database: Database, where: str = "") -> None:
        self.database, self.where, self.is_late = database, where, False
        self.read: list[str] = []
        self.held: list[int] = []

    def query(self, text: str) -> QuestionVectors:
        return QuestionVectors(ALL_ALIKE, dict.fromkeys(text.split(), ALL_ALIKE))

    def passages(self, texts: Sequence[str]) -> Vector:
        return np.tile(ALL_ALIKE, (len(texts), 1))

    def nearness(self, vectors: Vector, sections: Sequence[Sequence[str]]) -> Vector | None:
        self.held.append(connections_in_use(self.database))
        self.read += map(" ".join, sections)
        near = [0.95 if self.where in " ".join(each) else 0.7 for each in sections]
        return None if self.is_late else np.repeat(np.array([near]).T, len(vectors), axis=1)

    def tokens(self, sections: Sequence[str]) -> None:
        return None

    def pids(self) -> Sequence[int]:
        return ()

    def close(self) -> None: ...


NOTES = {
    "Dogs": "Pets on a lead may come into the garden.",
    "Parking": "Cars stand behind the house, free of charge.",
    "Breakfast": "The buffet is laid from seven until ten.",
}


def site_with(database: Database, site_id: int, reader: SectionReader) -> KnowledgeBase:
    """A small English site, searched by *reader*."""
    for title, text in NOTES.items():
        add_note(database, site_id, title, text)
    indexing.embed_some(database, reader)
    return KnowledgeBase(database, embedder=reader)


@pytest.fixture
def larger(monkeypatch: pytest.MonkeyPatch) -> None:
    """The site counts as a larger one."""
    monkeypatch.setattr(word_nearness, "LARGE_SITE", 2)
    monkeypatch.setattr(comparison, "TOO_MANY_CHUNKS", 2)


@pytest.mark.usefixtures("larger")
def test_no_section_in_the_language_of_the_question_is_read(
    database: Database, site_id: int
) -> None:
    reader = SectionReader(database)
    base = site_with(database, site_id, reader)
    base.ground(site_id, "May pets come into the garden?")
    assert reader.read == []


@pytest.mark.usefixtures("larger")
def test_sections_in_another_language_are_read_and_put_in_order(
    database: Database, site_id: int
) -> None:
    reader = SectionReader(database, where="buffet")
    base = site_with(database, site_id, reader)
    near = base.ground(site_id, "Où servez-vous le petit-déjeuner ?")
    assert sorted(reader.read) == sorted(NOTES.values())
    assert reader.held == [0]  # no connection waits with it
    titles = titles_of(near)
    assert titles[0] == "Breakfast"
    reader.where = "Cars"
    far = base.ground(site_id, "Où servez-vous le petit-déjeuner ?")
    titles = titles_of(far)
    assert titles[0] == "Parking"


@pytest.mark.usefixtures("larger")
def test_without_time_to_read_it_is_decided_without(database: Database, site_id: int) -> None:
    reader = SectionReader(database, where="buffet")
    base = site_with(database, site_id, reader)
    reader.is_late = True
    answer = base.ground(site_id, "Où servez-vous le petit-déjeuner ?")
    assert len(reader.read) == len(NOTES)
    reader.is_late, reader.where = False, "nowhere"
    assert base.ground(site_id, "Où servez-vous le petit-déjeuner ?").status == answer.status
