"""Makes a backup while the server runs, inspects one, and restores one completely."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from chatbot_server import __version__
from chatbot_server.backup.archive import (
    CONFIG,
    Manifest,
    open_archive,
    write_archive,
)
from chatbot_server.storage.base import now
from chatbot_server.storage.copying import (
    copied_tables,
    rows_of,
    schema_revision,
    snapshot,
)
from chatbot_server.storage.database import Database

SUFFIX = ".chatbot-backup"
# How the names of uploaded backups begin, which may be of anybody.
UPLOADED = "uploaded-"


def own_backups(folder: Path) -> list[Path]:
    """The backups in *folder* that this server made, the newest last."""
    files = (file for file in folder.glob(f"*{SUFFIX}") if not file.name.startswith(UPLOADED))
    return sorted(files, key=lambda file: file.stat().st_mtime)


def default_name() -> str:
    """A name that sorts by time: ``2026-03-01-140500.chatbot-backup``."""
    return time.strftime("%Y-%m-%d-%H%M%S") + SUFFIX


def back_up(
    database: Database,
    file: Path,
    config_file: Path | None = None,
    *,
    visitors: bool = True,
    passphrase: str = "",
) -> Manifest:
    """Write everything there is to *file*, as of one moment, while others read and write.

    Args:
        config_file: is taken along, so that another machine can be set up alike.
        visitors: False leaves out what visitors wrote.

    Raises:
        UsageError, BackupError, OSError: as :func:`write_archive`.
    """
    with write_archive(file, passphrase) as archive, snapshot(database) as session:
        for name, table in copied_tables(visitors=visitors).items():
            archive.add(f"{name}.jsonl", map(_in_json, rows_of(session, table)))
        if config_file is not None and config_file.is_file():
            archive.add(CONFIG, config_file.read_text(encoding="utf-8").splitlines())
        manifest = Manifest(
            __version__, schema_revision(session), now(), visitors, dict(archive.members)
        )
        archive.finish(manifest)
    return manifest


def look(file: Path, passphrase: str = "") -> Manifest:
    """What the backup at *file* holds, after every byte of it was checked.

    Raises:
        BackupError, OSError: as :func:`open_archive`.
    """
    with open_archive(file, passphrase) as archive:
        return archive.manifest


def _in_json(row: Any) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))
