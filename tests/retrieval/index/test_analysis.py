"""A page is cut into chunks and terms before anything is written, and within its time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import event

from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.curate import library
from chatbot_server.retrieval.curate.imports import push, transfer
from chatbot_server.retrieval.index import analysis
from chatbot_server.retrieval.index.analysis import AnalysisError, analyse
from chatbot_server.retrieval.index.chunks import chunks_of_text
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import demo_site


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'analysis.db'}")
    database.migrate()
    return database


@pytest.mark.parametrize(
    ("line", "level", "name"),
    [
        ("# Hours", 1, "Hours"),
        ("###### Deep ##", 6, "Deep"),
        ("# a # #", 1, "a #"),
        ("#", 0, ""),
        ("#tag", 0, ""),
        ("####### seven", 0, ""),
    ],
)
def test_a_heading_is_what_markdown_calls_one(line: str, level: int, name: str) -> None:
    (chunk,) = chunks_of_text(f"{line}\nWe are open.")
    assert (chunk.heading, line in chunk.text) == (name, not level)


@pytest.mark.parametrize("mark", ["*", "**", "†", "¹", " [1]", " (2)"])
def test_a_footnote_is_in_each_chunk_that_refers_to_it(mark: str) -> None:
    rooms = [
        f"Room {at} costs {at + 40} €{mark if at in (2, 11) else ''} a night, breakfast and a place"
        " for the car in the yard are in it."
        for at in range(24)
    ]
    note = f"{mark.strip()} Not on Sundays."
    text = "\n".join(["# Rooms", "*All* rooms are quiet.", *rooms, note, "‡ Unused."])
    chunks = list(chunks_of_text(text))
    assert len(chunks) >= 4
    for chunk in chunks[:-1]:
        assert (note in chunk.text) == ("42 €" in chunk.text or "51 €" in chunk.text)
        assert "‡" not in chunk.text
    assert chunks[-1].text.endswith(f"{note}\n‡ Unused.")


def test_words_in_stars_are_no_footnote() -> None:
    text = "\n".join(["*Dogs* are welcome.", *(["All is *well* here today."] * 100)])
    chunks = list(chunks_of_text(text))
    assert [chunk.text.count("Dogs") for chunk in chunks] == [1] + [0] * (len(chunks) - 1)


def test_a_document_that_takes_too_long_is_refused_with_a_sentence() -> None:
    assert len(analyse(Draft("u", "T", "One sentence here. " * 2000)).chunks) > 10
    with pytest.raises(AnalysisError, match="T took too long to index"):
        analyse(Draft("u", "T", "One sentence here. " * 2000), seconds=-1)


def test_nothing_is_locked_while_a_page_is_cut(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.session() as session:
        site = demo_site(session).id
    open_transactions: list[bool] = []
    cut = chunks_of_text
    in_transaction = threading.Event()

    @event.listens_for(database.engine, "before_cursor_execute")
    def note_write(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            in_transaction.set()

    @event.listens_for(database.engine, "checkin")
    def note_end(*_: object) -> None:
        in_transaction.clear()

    def watched_cut(*arguments: object, **options: object) -> object:
        open_transactions.append(in_transaction.is_set())
        return cut(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(analysis, "chunks_of_text", watched_cut)
    library.add_note(database, site, "Hours", "We are open.")
    library.add_faq(database, site, "When?", "From 9 to 17.")
    rows = [{"id": str(number), "title": "T", "text": f"Text {number}."} for number in range(3)]
    transfer.import_documents(database, site, rows)
    drafts = [Draft(f"https://example.org/#{number}", "T", f"{number}.") for number in range(3)]
    assert push._replace_page(database, site, "https://example.org/", drafts) == "indexed"
    assert open_transactions == [False] * 8
