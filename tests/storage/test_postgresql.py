"""What only PostgreSQL can get wrong, on a real server."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from sqlalchemy import text
from support.patience import LONG
from support.servers.postgresql import Cluster

from chatbot_server.errors import Unavailable
from chatbot_server.storage import database as connecting
from chatbot_server.storage.copying import keep_writers_out
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import add_site, demo_site


def test_who_may_not_install_pgvector_is_told_what_to_do(postgresql: Cluster) -> None:
    with postgresql.database("template0") as url:
        owner = Database(url)
        with owner.session() as session:
            session.execute(text("DROP ROLE IF EXISTS guest"))
            session.execute(text("CREATE ROLE guest LOGIN"))
        guest = Database(url.replace("tester@", "guest@"))
        with pytest.raises(Unavailable, match="run “CREATE EXTENSION vector” in this database"):
            guest.migrate()
        guest.close()
        owner.close()


def test_a_server_that_is_away_and_a_database_that_is_not_there_give_a_sentence(
    postgresql: Cluster,
) -> None:
    for url in ("postgresql://x@/y?host=/nowhere", postgresql.url("nosuchdb")):
        database = Database(url)
        with pytest.raises(Unavailable, match="database server does not answer") as caught:
            database.migrate()
        assert caught.value.code == "database_away"
        with pytest.raises(Unavailable):
            database.ping()
        database.close()


MIGRATE = "import sys; from chatbot_server.storage.database import Database as D; D(sys.argv[1]).migrate()"  # noqa: E501


def test_two_that_start_at_once_make_the_tables_once(postgresql: Cluster) -> None:
    with postgresql.database("template0") as url:
        started = [
            subprocess.Popen([sys.executable, "-W", "ignore", "-c", MIGRATE, url]) for _ in range(3)
        ]
        assert [process.wait(LONG) for process in started] == [0, 0, 0]
        database = Database(url)
        with database.session() as session:
            assert demo_site(session).demo
        database.close()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_addresses_as_hosts_hand_them_out_are_understood(postgresql: Cluster, scheme: str) -> None:
    with postgresql.database() as url:
        database = Database(url.replace("postgresql+psycopg", scheme))
        database.ping()
        database.close()


RENAME = text("UPDATE site SET name = 'Busy'")


def test_who_waits_long_for_another_writer_is_told_to_try_again(
    postgresql: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "LOCK_WAIT", "SET lock_timeout = '100ms'")
    with postgresql.database() as url:
        database = Database(url)
        with database.session() as session:
            demo_site(session)
        with database.session() as slow:
            slow.execute(RENAME)
            with pytest.raises(Unavailable) as caught, database.session() as other:
                other.execute(RENAME)
        assert (caught.value.code, caught.value.retry_after) == ("database_busy", 5)
        database.close()


def test_who_keeps_writers_out_waits_for_none_that_waits_for_it(postgresql: Cluster) -> None:
    with postgresql.database() as url:
        database = Database(url)
        is_held, is_tried = threading.Event(), threading.Event()

        def erase() -> None:
            with database.session() as session:
                session.execute(text("DELETE FROM message"))
                is_held.set()
                is_tried.wait(LONG)
                session.execute(text("DELETE FROM conversation"))

        eraser = threading.Thread(target=erase)
        eraser.start()
        is_held.wait(LONG)
        with database.session() as session:
            threading.Timer(0.1, is_tried.set).start()
            keep_writers_out(session)
            eraser.join(LONG)
            assert not eraser.is_alive()
            assert session.scalar(text("SELECT count(*) FROM conversation")) == 0
        database.close()


@pytest.mark.parametrize(
    ("change", "is_given_again"),
    [
        ("SELECT 1", True),
        ("CREATE TABLE further (number INTEGER)", False),
        ("ALTER TABLE site DROP COLUMN country", False),
        ("ANALYZE site", False),
        ("UPDATE alembic_version SET version_num = '0001'", False),
    ],
)
def test_the_next_test_has_a_database_like_a_new_one(
    postgresql: Cluster, change: str, is_given_again: bool
) -> None:
    urls, ids = [], []
    for _ in range(2):
        with postgresql.cleared_database() as url:
            urls.append(url)
            database = Database(url)
            with database.session() as session:
                ids.append(add_site(session, "Shop").id)
                assert len(session.execute(text("SELECT id FROM site")).all()) == 1
            with database.session() as session:
                session.execute(text(change))
            database.close()
    assert (ids, urls[0] == urls[1]) == ([1, 1], is_given_again)
