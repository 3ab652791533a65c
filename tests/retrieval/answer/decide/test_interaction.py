"""On small sites, the words of the best sections are compared with those of the question."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import event
from support.database.connections import connections_in_use

from chatbot_server.retrieval.answer.search import comparison
from chatbot_server.retrieval.answer.sections.candidates import SECTIONS
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.curate import jobs
from chatbot_server.retrieval.curate.jobs import embed_all
from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.embedder import make_embedder
from chatbot_server.retrieval.index.encoder.late_interaction import WIDTH
from chatbot_server.retrieval.index.vectors import QuestionVectors, Tokens, Vector
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.tables import KnowledgeTokens

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NEAR, FAR = np.eye(2, WIDTH, dtype=np.float16)[:, None]
ALL_ALIKE = np.full(4, 0.5, dtype=np.float32)
NOTES = {
    "Dogs": "Pets on a lead may come into the garden.",
    "Parking": "Cars stand behind the house, free of charge.",
    "Breakfast": "The buffet is laid from seven until ten.",
}
QUESTION = "What about my spaniel?"


class TokenReader:
    """Makes vectors without a model; only one section is near to every question.

    Attributes:
        where: a part of the section that is near.
        read: the sections whose tokens were computed.
        held: connections in use meanwhile.
        is_late: it has no time for that.
    """

    model = fit = "reader"

    def __init__(self, database: Database, where: str) -> None:
        self.database, self.where, self.is_late = database, where, False
        self.read: list[str] = []
        self.held: list[int] = []

    def query(self, text: str) -> QuestionVectors:
        words = dict.fromkeys(text.split(), ALL_ALIKE)
        return QuestionVectors(ALL_ALIKE, words, NEAR.astype(np.float32))

    def passages(self, texts: Sequence[str]) -> Vector:
        return np.tile(ALL_ALIKE, (len(texts), 1))

    def nearness(self, vectors: Vector, sections: Sequence[Sequence[str]]) -> None:
        return None

    def tokens(self, sections: Sequence[str]) -> list[Tokens] | None:
        self.held.append(connections_in_use(self.database))
        self.read += sections
        rows = [NEAR if self.where in each else FAR for each in sections]
        return None if self.is_late else rows

    def pids(self) -> Sequence[int]:
        return ()

    def close(self) -> None: ...


def site_with(database: Database, site_id: int, reader: TokenReader) -> KnowledgeBase:
    """A small English site, searched by *reader*."""
    for title, text in NOTES.items():
        add_note(database, site_id, title, text)
    indexing.embed_some(database, reader)
    return KnowledgeBase(database, embedder=reader)


def first_title(grounding: Grounding) -> str:
    """The page that is quoted or offered first."""
    return [*grounding.sources, *grounding.near][0].title


@pytest.mark.parametrize(("where", "title"), [("lead", "Dogs"), ("Cars", "Parking")])
def test_the_section_whose_words_are_nearest_comes_first(
    database: Database, site_id: int, where: str, title: str
) -> None:
    base = site_with(database, site_id, TokenReader(database, where))
    assert first_title(base.ground(site_id, QUESTION)) == title


def test_all_sections_are_compared_however_far_their_vectors_are(
    database: Database, site_id: int
) -> None:
    reader = TokenReader(database, "lead")
    for number in range(3 * SECTIONS):  # all as near as the right one, and before it
        add_note(database, site_id, f"Room {number}", f"Its window looks at tree {number}.")
    base = site_with(database, site_id, reader)
    embed_all(database, reader)
    assert first_title(base.ground(site_id, QUESTION)) == "Dogs"


def test_an_entry_is_found_beside_sections_that_were_compared(
    database: Database, site_id: int
) -> None:
    reader = TokenReader(database, "lead")
    for number in range(2 * SECTIONS):
        add_note(database, site_id, f"Room {number}", f"The spaniel of room {number} has a lead.")
    add_faq(database, site_id, "Where does my spaniel sleep?", "In its basket.")
    base = site_with(database, site_id, reader)
    embed_all(database, reader)
    assert base.ground(site_id, "Where does my spaniel sleep?").answer == "In its basket."


def test_the_stored_tokens_of_a_site_are_read_once(database: Database, site_id: int) -> None:
    reader = TokenReader(database, "lead")
    base = site_with(database, site_id, reader)
    embed_all(database, reader)
    statements: list[str] = []
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: statements.append(statement),
    )
    for number in range(3):
        base.ground(site_id, f"{QUESTION} {number}")
    reading = [text for text in statements if "knowledge_tokens.numbers" in text]
    assert len(reading) == 2  # whether some are missing, and all of them


def test_the_tokens_of_a_section_are_computed_once_and_hold_no_connection(
    database: Database, site_id: int
) -> None:
    reader = TokenReader(database, "lead")
    base = site_with(database, site_id, reader)
    first = base.ground(site_id, QUESTION)
    assert len(reader.read) == len(NOTES)
    assert reader.held == [0]
    assert base.ground(site_id, QUESTION) == first
    assert len(reader.read) == len(NOTES)


def test_what_was_computed_in_advance_is_not_computed_for_a_visitor(
    database: Database, site_id: int
) -> None:
    reader = TokenReader(database, "lead")
    base = site_with(database, site_id, reader)
    embed_all(database, reader)
    assert reader.held == [0] * len(NOTES)
    reader.read.clear()
    assert first_title(base.ground(site_id, QUESTION)) == "Dogs"
    add_note(database, site_id, "Cats", "Cats stay in their baskets.")
    embed_all(database, reader)
    assert [text.split("\n")[0] for text in reader.read] == ["Cats"]
    reader.where = "baskets"  # those that are stored are kept, and read by a server that starts
    assert first_title(KnowledgeBase(database, embedder=reader).ground(site_id, QUESTION)) == "Dogs"
    assert len(reader.read) == 1


def test_tokens_of_another_fit_are_computed_anew(database: Database, site_id: int) -> None:
    reader = TokenReader(database, "lead")
    base = site_with(database, site_id, reader)
    embed_all(database, reader)
    reader.fit, reader.where = "a better one", "Cars"
    reader.read.clear()
    assert first_title(base.ground(site_id, QUESTION)) == "Parking"
    assert len(reader.read) == len(NOTES)
    embed_all(database, reader)
    with database.session() as session:
        assert {row.fit for row in session.query(KnowledgeTokens)} == {"a better one"}


def test_of_a_site_that_has_grown_no_tokens_are_kept(
    database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = TokenReader(database, "lead")
    site_with(database, site_id, reader)
    counts = []
    for large in (len(NOTES), len(NOTES) + 1, len(NOTES)):
        monkeypatch.setattr(jobs, "TOO_MANY_CHUNKS", large)
        embed_all(database, reader)
        with database.session() as session:
            counts.append(session.query(KnowledgeTokens).count())
    assert counts == [0, len(NOTES), 0]


def test_without_an_embedder_what_is_missing_stays_so(database: Database, site_id: int) -> None:
    reader = TokenReader(database, "lead")
    site_with(database, site_id, reader)
    reader.is_late = True
    embed_all(database, reader)
    reader.is_late = False
    embed_all(database, reader)
    with database.session() as session:
        assert session.query(KnowledgeTokens).count() == len(NOTES)


def test_a_section_that_changed_is_read_anew(database: Database, site_id: int) -> None:
    reader = TokenReader(database, "lead")
    base = site_with(database, site_id, reader)
    base.ground(site_id, QUESTION)
    add_note(database, site_id, "Cats", "Cats stay in their baskets.")
    indexing.embed_some(database, reader)
    reader.read.clear()
    base.ground(site_id, QUESTION)
    assert any("baskets" in text for text in reader.read)


def test_without_time_to_read_it_is_decided_without(database: Database, site_id: int) -> None:
    reader = TokenReader(database, "lead")
    base = site_with(database, site_id, reader)
    reader.is_late = True
    assert base.ground(site_id, QUESTION).status in {"nothing", "passages", "quoted"}
    reader.is_late = False
    assert first_title(base.ground(site_id, QUESTION)) == "Dogs"


def test_a_larger_site_is_not_compared(
    database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "TOO_MANY_CHUNKS", 2)
    reader = TokenReader(database, "lead")
    site_with(database, site_id, reader).ground(site_id, QUESTION)
    assert reader.read == []


def test_the_encoder_tells_an_answer_without_a_word_of_the_question(
    database: Database, site_id: int, encoder_dir: Path
) -> None:
    embedder = make_embedder("auto", encoder_dir)
    if embedder is None:
        pytest.skip("needs the extra semantic")
    try:
        for title, text in NOTES.items():
            add_note(database, site_id, title, text)
        indexing.embed_some(database, embedder)
        base = KnowledgeBase(database, embedder=embedder)
        for question, title in (
            ("Can I bring my spaniel?", "Dogs"),
            ("Where do I leave my van?", "Parking"),
            ("Je peux prendre mon épagneul avec moi ?", "Dogs"),
        ):
            assert first_title(base.ground(site_id, question)) == title
    finally:
        embedder.close()
