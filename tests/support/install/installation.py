"""A real installation on this machine, as its owner and its programs see it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Installation:
    """What ``./install.sh --run`` made."""

    prefix: Path
    checkout: Path
    port: int
    said: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return int((self.prefix / "data/run/server.pid").read_text())

    @property
    def version(self) -> str:
        return (self.prefix / "current").readlink().name

    def command(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """``chatbot-server`` of this installation."""
        return subprocess.run(
            [self.prefix / "bin/chatbot-server", *words],
            capture_output=True,
            text=True,
            timeout=800,
            cwd="/",
            # It has its own modules, whatever those are that the tests are run with.
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
            | variables,
        )

    def is_ready(self) -> bool:
        curl = ["curl", "-sf", "--noproxy", "*", f"{self.address}/readyz"]
        return subprocess.run(curl, capture_output=True).returncode == 0

    def state(self) -> dict[str, object]:
        """Every file that is not the running server's own business, and the tables' sizes."""
        own = ("data/run", "data/backups", "data/encoder", "log", "data/chatbot.db")
        files: dict[str, object] = {
            str(path): (path.lstat().st_mtime_ns, path.lstat().st_size)
            for path in self.prefix.rglob("*")
            if not str(path.relative_to(self.prefix)).startswith(own)
            and "__pycache__" not in path.parts
            and path.is_file()
        }
        # The server's jobs may move what is in the database's journal to its file.
        database = sqlite3.connect(self.prefix / "data/chatbot.db")
        tables = database.execute("select name from sqlite_master where type = 'table'").fetchall()
        # Vectors and tokens of the demo's texts may still be on their way.
        on_their_way = ("knowledge_vector", "knowledge_tokens")
        for (table,) in (row for row in tables if row[0] not in on_their_way):
            files[table] = database.execute(f'select count(*) from "{table}"').fetchone()
        database.close()
        return files
