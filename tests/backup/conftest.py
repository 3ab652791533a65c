"""The database that backups are made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.database.backups import filled

from chatbot_server.storage.database import Database


@pytest.fixture
def source(tmp_path: Path) -> Iterator[tuple[Database, str]]:
    database, key = filled(f"sqlite:///{tmp_path / 'source.db'}")
    yield database, key
    database.close()
