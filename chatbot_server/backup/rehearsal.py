"""A rehearsed restore: the newest backup is put into a temporary database and counted there.

Only a restore shows that a backup can be used. Once a month, and daily after a failure, all of it
is restored as on a real server, and each table is compared with the file.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chatbot_server.backup.archive import BackupError, open_archive
from chatbot_server.backup.rehearsal_record import FILE, NO_ROOM, Rehearsal, last_rehearsal
from chatbot_server.backup.restoring import REHEARSAL, restore_into_new
from chatbot_server.backup.service import own_backups
from chatbot_server.errors import ChatbotError
from chatbot_server.messages import say
from chatbot_server.storage.base import DAY, now
from chatbot_server.storage.copying import copied_tables, rows_of
from chatbot_server.storage.database import Database
from chatbot_server.temporary import temporary_folder

MONTH = 30 * DAY
# What is counted again, or says when and how often something was indexed.
MADE_ANEW = {"knowledge_document": {"id", "read"}, "knowledge_state": {"version"}}
logger = logging.getLogger(__name__)


def rehearse(file: Path) -> int:
    """Put the backup at *file* into a temporary database; returns how many rows are there again.

    Raises:
        BackupError: it is damaged, or a table is not as it was.
        OSError: it cannot be read, or the disk is full.
    """
    # Beside it: the folder of temporary files may be memory, and has less room.
    with temporary_folder(REHEARSAL, file.parent) as folder:
        database = Database(f"sqlite:///{folder}/chatbot.db")
        with closing(database):
            database.migrate()
            restore_into_new(database, file)
            with open_archive(file) as archive, database.session() as session:
                count = 0
                for name, table in copied_tables(visitors=True).items():
                    member = f"{name}.jsonl"
                    # An older backup lacks the columns that came later.
                    shared_columns = next(archive.rows(member), {}).keys() & table.columns.keys()
                    columns = sorted(shared_columns - MADE_ANEW.get(name, set()))
                    former = _digest(archive.rows(member), columns)
                    if former != _digest(rows_of(session, table), columns):
                        raise BackupError("rehearsal_differs", name=name)
                    count += former[0]
    return count


def rehearse_when_due(backups: Path, run_dir: Path) -> Rehearsal | None:
    """Try the newest backup of the folder if it is time; None: it is not, or there is none.

    What went wrong is in the log, and stays for Home and ``doctor`` until one went well.
    """
    last = last_rehearsal(run_dir)
    copies = own_backups(backups)
    if not copies or (last and now() - last.at < (DAY if last.code else MONTH)):
        return None
    file = copies[-1]
    try:
        result = Rehearsal(file.name, now(), rehearse(file))
    except ChatbotError as error:
        values = {name: str(value) for name, value in error.values.items()}
        # The temporary database is new: only the disk can keep it from being written.
        code = NO_ROOM if error.code == "database_failed" else error.code
        result = Rehearsal(file.name, now(), code=code, values=values)
    except OSError as error:
        values = {"why": str(error.strerror)}
        result = Rehearsal(file.name, now(), code=NO_ROOM, values=values)
    with suppress(OSError):  # a full disk: it is tried again within the hour
        run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        (run_dir / FILE).write_text(json.dumps(asdict(result)), encoding="utf-8")
    if result.code:
        why = say(result.code, "en", **result.values)
        verdict = "could not be tried" if result.outcome == "untried" else "cannot be restored"
        logger.error("the backup %s %s: %s", file.name, verdict, why)
    return result


def _digest(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> tuple[int, int]:
    """Number and checksum of *columns* of *rows*, independent of their order."""
    count = total = 0
    for row in rows:
        text = json.dumps([row.get(name) for name in columns], sort_keys=True)
        total += int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
        count += 1
    return count, total % 2**256
