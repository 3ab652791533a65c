"""A new SQLite database as a copy of one whose migrations were run once for many tests."""

from __future__ import annotations

import shutil
from pathlib import Path

from chatbot_server.storage.database import Database


class Template:
    """A migrated database, made when the first copy is wanted."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._really_migrate = Database.migrate

    def migrate(self, database: Database) -> None:
        """Do what :meth:`Database.migrate` does, but reserve no room on the disk."""
        name = database.engine.url.database or ""
        if database.engine.dialect.name != "sqlite" or Path(name).exists():
            return self._really_migrate(database)
        if not self._file.exists():
            self._make()
        Path(name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(self._file, name)
        return None

    def _make(self) -> None:
        first = Database(f"sqlite:///{self._file}")
        self._really_migrate(first)
        first.close()
