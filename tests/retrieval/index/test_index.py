"""The index itself: ranked alike on both databases, and whole after any kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from support.servers.postgresql import Cluster

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.language.words.stems import query_terms
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.index import search_index
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.site.sites import add_site

KILLS = 20


@pytest.fixture
def other(postgresql: Cluster, tmp_path: Path, database: Database) -> Iterator[Database]:
    """An empty database of the other kind."""
    if database.engine.dialect.name == "postgresql":
        made = Database(f"sqlite:///{tmp_path / 'other.db'}")
        made.migrate()
        yield made
        made.close()
        return
    with postgresql.database() as url:
        made = Database(url)
        yield made
        made.close()


def ranked(database: Database, question: str) -> list[tuple[str, float]]:
    with database.session() as session:
        site = add_site(session, "Library").id
        add_site(session, "Neighbour")
    for number in range(60):
        words = ["livre", "prêt"] * (number % 5) + ["carte"] * (number % 7) + ["salle"] * number
        add_note(database, site, f"Note {number}", " ".join(words) + f" numéro {number} 19h30.")
    add_note(database, site + 1, "Autre", "Le livre du voisin, carte et prêt.")
    with database.session() as session:
        found = search_index.match(session, site, query_terms(question), 20)
        rows = session.execute(
            text(
                "SELECT c.id, d.title FROM knowledge_chunk c JOIN knowledge_document d"
                " ON d.id = c.document_id"
            )
        )
        titles = {chunk: str(title) for chunk, title in rows}
        return [(titles[chunk], score) for chunk, score in found]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "question", ["Le prêt d’un livre avec la carte ?", "numéro 17 à 19h30", "rien du tout"]
)
def test_words_are_ranked_alike_on_both_databases(
    database: Database, other: Database, question: str
) -> None:
    expected, found = ranked(database, question), ranked(other, question)
    assert [score for _title, score in found] == pytest.approx(
        [score for _title, score in expected], rel=0.06
    )
    assert {title for title, _score in found[:5]} == {title for title, _score in expected[:5]}


def test_what_visitors_type_is_never_a_query_s_syntax(database: Database, site_id: int) -> None:
    add_note(database, site_id, "Note", "A text about OR, NEAR and other words.")
    with database.session() as session:
        for typed in ('"', "a' | 'b", "NEAR(a b)", "terms:*", "x' OR 1=1 --", "\\", "é&!()<->", ""):
            KnowledgeBase(database).search(site_id, typed)
            search_index.match(session, site_id, [typed, "text"], 5)
            assert search_index.known_terms(session, site_id, [typed, "text"])["text"] == 1


def test_a_very_long_document_is_found_by_its_last_words(database: Database, site_id: int) -> None:
    add_note(database, site_id, "Long", "mot " * 40_000 + "zanzibar")
    assert KnowledgeBase(database).search(site_id, "zanzibar")


# Everything is imported once; each line that comes wants another writer.
WRITERS = """
import itertools, os, sys
import numpy
from chatbot_server.retrieval.index.indexing import embed_some
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.storage.database import Database

class Quick:
    model = fit = "quick"
    def passages(self, texts):
        return numpy.ones((len(texts), 4), dtype=numpy.float32)

def write():
    print(os.getpid(), flush=True)
    database = Database(sys.argv[1])
    for number in itertools.count():
        print(number, flush=True)
        add_note(database, int(sys.argv[2]), f"Note {number % 7}", f"Text {number} about thing{number}. " * 50)
        embed_some(database, Quick(), 2)

for _ in sys.stdin:
    if not (writer := os.fork()):
        write()
    os.waitpid(writer, 0)
    print("\\nkilled", flush=True)  # on a line of its own, whatever the writer was in the middle of
"""  # noqa: E501
BROKEN = {
    "chunks without words": "SELECT count(*) FROM knowledge_chunk WHERE id NOT IN (SELECT {key} FROM knowledge_terms)",  # noqa: E501
    "words without chunk": "SELECT count(*) FROM knowledge_terms WHERE {key} NOT IN (SELECT id FROM knowledge_chunk)",  # noqa: E501
    "documents without chunks": "SELECT count(*) FROM knowledge_document WHERE id NOT IN (SELECT document_id FROM knowledge_chunk)",  # noqa: E501
    "chunks without vectors": "SELECT count(*) FROM knowledge_chunk c JOIN knowledge_document d ON d.id = c.document_id WHERE d.embedded_by IS NOT NULL AND c.id NOT IN (SELECT chunk_id FROM knowledge_vector WHERE chunk_id IS NOT NULL)",  # noqa: E501
}


def broken(database: Database) -> dict[str, int]:
    """What is wrong with the index, by kind."""
    sqlite = database.engine.dialect.name == "sqlite"
    key = "rowid" if sqlite else "chunk_id"
    with database.session() as session:
        if sqlite:
            assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"
            check = "INSERT INTO knowledge_terms(knowledge_terms) VALUES ('integrity-check')"
            session.execute(text(check))
        counts = {
            kind: session.execute(text(query.format(key=key))).scalar_one()
            for kind, query in BROKEN.items()
        }
    return {kind: count for kind, count in counts.items() if count}


def test_an_index_whose_writer_is_killed_is_whole_and_goes_on(
    database: Database, site_id: int
) -> None:
    command = [sys.executable, "-c", WRITERS, database.url, str(site_id)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1) as writers:
        assert writers.stdin
        assert writers.stdout
        for attempt in range(KILLS):
            writers.stdin.write("another\n")
            writer = int(writers.stdout.readline())
            numbers = [int(writers.stdout.readline()) for _line in range(2 + attempt % 9)]
            assert numbers == list(range(len(numbers)))
            time.sleep(0.0017 * attempt)  # anywhere between two lines, not a wait for something
            os.kill(writer, signal.SIGKILL)
            while writers.stdout.readline() not in ("killed\n", ""):
                pass
            assert broken(database) == {}
    add_note(database, site_id, "Last", "It goes on with zanzibar.")
    assert KnowledgeBase(database).search(site_id, "zanzibar")
    with database.session() as session:
        assert session.execute(text("SELECT count(*) FROM knowledge_vector")).scalar_one()


def test_what_no_database_takes_as_it_is_is_indexed_all_the_same(
    database: Database, site_id: int
) -> None:
    draft = Draft("u" * 3000, "nul\0 " * 400, "A lone \ud800 surrogate.", "klingon-latin", True)
    with database.session() as session:
        assert indexing.put(session, open_source(session, site_id, "push"), analyse(draft))
    assert KnowledgeBase(database).search(site_id, "surrogate")
