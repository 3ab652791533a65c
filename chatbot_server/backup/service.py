"""Makes a backup while the server runs, inspects one, and restores one completely."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from chatbot_server import __version__
from chatbot_server.backup.archive import (
    CONFIG,
    Archive,
    BackupError,
    Manifest,
    open_archive,
    write_archive,
)
from chatbot_server.errors import UsageError
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import AnalysedDraft, analyse
from chatbot_server.storage.base import now
from chatbot_server.storage.copying import (
    DOCUMENTS,
    copied_tables,
    count_on,
    empty_tables,
    insert_rows,
    is_in_use,
    keep_writers_out,
    rows_of,
    schema_revision,
    snapshot,
)
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.sources import get_source
from chatbot_server.storage.visitors.messages import count_messages

SUFFIX = ".chatbot-backup"


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


def restore(
    database: Database, file: Path, *, passphrase: str = "", overwrite: bool = False
) -> Manifest:
    """Put the backup at *file* in the place of all that is there: all of it, or nothing.

    Documents are cut and indexed anew; their vectors follow in the background. Everybody is
    logged out.

    Raises:
        UsageError: there are sites, accounts or conversations, and *overwrite* is False.
        BackupError: it cannot be used; nothing has changed.
    """
    with open_archive(file, passphrase) as archive:
        with database.session() as session:
            if is_in_use(session) and not overwrite:
                raise UsageError("restore_in_use")
            if archive.manifest.schema > schema_revision(session):
                raise BackupError("backup_newer", version=archive.manifest.version)
        documents = list(_analysed(archive))  # slow, and so before the first write
        with database.session() as session:
            keep_writers_out(session)
            empty_tables(session)
            _put_back(session, archive, documents)
        database.forget_erased()
        return archive.manifest


def _put_back(
    session: Session, archive: Archive, documents: list[tuple[int, int, AnalysedDraft]]
) -> None:
    tables = copied_tables(visitors=True)
    for name, table in tables.items():
        if name != DOCUMENTS:
            member = archive.manifest.members.get(f"{name}.jsonl")
            count = insert_rows(session, table, archive.rows(f"{name}.jsonl"))
            if member is not None and member.lines != count:
                raise BackupError("backup_damaged", name=name)
            count_on(session, table)
    count_messages(session)
    for site_id, source_id, analysis in documents:
        indexing.put(session, get_source(session, site_id, source_id), analysis)


def _analysed(archive: Archive) -> Iterator[tuple[int, int, AnalysedDraft]]:
    """Site, source and text of each document."""
    for row in archive.rows(f"{DOCUMENTS}.jsonl"):
        draft = Draft(
            row["url"],
            row["title"],
            row["text"],
            row["language"],
            row["faq"],
            tuple(row["wordings"]),
        )
        # With its own digest: a page that did not change is not embedded again at the next crawl.
        analysis = replace(analyse(draft), digest=row["digest"])
        yield row["site_id"], row["source_id"], analysis


def _in_json(row: Any) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))
