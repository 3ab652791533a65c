"""The table of vectors in memory follows the database, whatever changes there."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import text

from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.retrieval.index.vectors import VectorTable, VectorTables
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.site_state import bump_version, index_version
from chatbot_server.storage.knowledge.tables import KnowledgeVector

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MODEL = "quick"


def add(database: Database, site_id: int, count: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).standard_normal((count, 8))
    with database.session() as session:
        session.add_all(
            KnowledgeVector(site_id=site_id, document_id=1, chunk_id=None, model=MODEL, vector=one)
            for one in vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        )
        bump_version(session, site_id)


def read(tables: VectorTables, database: Database, site_id: int) -> VectorTable:
    with database.session() as session:
        return tables.of(session, site_id, index_version(session, site_id))


def same(one: VectorTable, other: VectorTable) -> bool:
    asked = np.arange(8, dtype=np.float32)
    return (
        one.ids.tolist() == other.ids.tolist()
        and one.documents.tolist() == other.documents.tolist()
        and one.chunks.tolist() == other.chunks.tolist()
        and np.array_equal(one.compare(asked), other.compare(asked))
    )


def test_what_is_added_and_removed_is_followed(database: Database, site_id: int) -> None:
    add_note(database, site_id, "Note", "Text.")
    tables = VectorTables(MODEL)
    assert read(tables, database, site_id).size == 0
    for step in range(12):
        add(database, site_id, 3 + step, step)
        with database.session() as session:
            # The last one too: its number is not given again.
            session.execute(
                text("DELETE FROM knowledge_vector WHERE id % :step = 2 OR id = :last"),
                {"step": 3 + step, "last": (step % 3) * 17},
            )
            bump_version(session, site_id)
        assert same(read(tables, database, site_id), read(VectorTables(MODEL), database, site_id))
    assert read(tables, database, site_id).size > 30


def test_who_still_searches_an_older_table_sees_no_newer_rows(
    database: Database, site_id: int
) -> None:
    add_note(database, site_id, "Note", "Text.")
    tables = VectorTables(MODEL)
    for step in range(4):
        add(database, site_id, 20, step)
        before = read(tables, database, site_id)
        kept = before.compare(np.ones(8, dtype=np.float32)).copy()
        add(database, site_id, 1, 100 + step)
        assert read(tables, database, site_id).size == before.size + 1
        assert np.array_equal(before.compare(np.ones(8, dtype=np.float32)), kept)


def test_an_index_that_did_not_change_is_not_read_again(database: Database, site_id: int) -> None:
    add_note(database, site_id, "Note", "Text.")
    add(database, site_id, 5, 1)
    tables = VectorTables(MODEL)
    assert read(tables, database, site_id) is read(tables, database, site_id)
