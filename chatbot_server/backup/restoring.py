"""Restores a backup completely, without what was erased since or has outlived its time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from sqlalchemy.orm import Session

from chatbot_server.backup.archive import Archive, BackupError, Manifest, open_archive, read_member
from chatbot_server.backup.service import UPLOADED, own_backups
from chatbot_server.config import Config
from chatbot_server.errors import NotFound, Unavailable, UsageError
from chatbot_server.messages import LANGUAGES, say
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import AnalysedDraft, analyse
from chatbot_server.storage.base import DAY, HOUR, now
from chatbot_server.storage.copying import (
    DOCUMENTS,
    ERASURES,
    STATES,
    copied_tables,
    count_on,
    empty_tables,
    insert_rows,
    is_in_use,
    keep_writers_out,
    refuse_misfits,
    schema_revision,
)
from chatbot_server.storage.database import RETRY_SECONDS, Database
from chatbot_server.storage.knowledge.sources import get_source
from chatbot_server.storage.visitors.erasure import erase_outlived
from chatbot_server.storage.visitors.erasures import (
    erase_again,
    erasures_in_file,
    oldest_day,
    remembered_erasures,
)
from chatbot_server.storage.visitors.feedback import erase_contact_requests
from chatbot_server.storage.visitors.messages import count_messages, mark_cut_answers
from chatbot_server.temporary import delete_left_behind, temporary_folder

# How often it is started again because a visitor had something erased while pages were copied.
MOST_TRIES = 20
# How long an uploaded backup waits after it was looked at.
UPLOAD_SECONDS = 6 * HOUR
# Of the folders with a new file, which holds what visitors wrote.
PURPOSE, REHEARSAL = "restore", "rehearsal"


class _ErasedMeanwhile(Exception):
    """A visitor had something erased since the new content was made."""


@dataclass(frozen=True)
class _Content:
    """What a backup puts back.

    Attributes:
        documents: site, source and text of each, analysed, which is slow, before the first write.
        erasures: what others remember as erased, besides the database itself.
        contact_before: messages to a person from before this moment have outlived their time.
    """

    archive: Archive
    documents: list[tuple[int, int, AnalysedDraft]]
    erasures: Mapping[str, int]
    contact_before: int

    def put(self, session: Session, erasures: Mapping[str, int]) -> None:
        """Fill empty tables, and erase again what is to stay erased."""
        _put_back(session, self.archive, self.documents)
        erase_again(session, {**self.erasures, **erasures, **remembered_erasures(session)})
        erase_outlived(session)
        erase_contact_requests(session, self.contact_before)
        # Of an answer that was being written, the backup has an empty row. Where its server still
        # writes, the whole one takes the place of these words.
        mark_cut_answers(session, {code: say("answer_interrupted", code) for code in LANGUAGES})


def restore(
    database: Database, file: Path, config: Config, *, passphrase: str = "", overwrite: bool = False
) -> Manifest:
    """Put the backup at *file* in the place of all that is there: all of it, or nothing.

    What was erased on demand since it was made stays erased, and what has outlived its time.
    Documents are cut and indexed again; their vectors follow in the background. Everybody is
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
        content = _Content(
            archive,
            list(_analysed(archive)),
            erasures_beside(config.backups_dir),
            now() - config.privacy.contact_days * DAY,
        )
        if database.engine.dialect.name == "sqlite":
            _replace_file(database, content)
        else:
            _replace_rows(database, content)
        database.forget_erased()
        return archive.manifest


def restore_into_new(database: Database, file: Path) -> None:
    """Put everything that the backup at *file* holds into an empty database, where nobody waits.

    Raises:
        BackupError: it cannot be used.
    """
    with open_archive(file) as archive:
        documents = list(_analysed(archive))
        with database.session() as session:
            _put_back(session, archive, documents)


def delete_unfinished(database: Database, backups: Path) -> None:
    """Delete what restores and rehearsals left that were cut off: visitors' words are in it."""
    if database.engine.dialect.name == "sqlite":
        delete_left_behind(PURPOSE, _folder_of(database))
    delete_left_behind(REHEARSAL, backups)
    for file in backups.glob(f"{UPLOADED}*"):
        with suppress(OSError):  # restored at this moment, or another user's
            if file.stat().st_mtime < now() - UPLOAD_SECONDS:
                file.unlink()


def erase_as_beside(database: Database, folder: Path) -> None:
    """Erase what the copies in *folder* remember as erased, and the database does not.

    Going back to the version before an upgrade puts an older database in the place of the newer,
    which is kept beside it.
    """
    present = _erasures_of(database)
    beside = erasures_beside(folder)
    if missing := {digest: beside[digest] for digest in beside.keys() - present.keys()}:
        database.erase(partial(erase_again, erasures=missing))


def erasures_beside(folder: Path) -> dict[str, int]:
    """What the copies in *folder* that are not encrypted remember as erased.

    A server that has lost its database has lost what it remembered; its daily copies have not.
    """
    backups, databases = own_backups(folder), folder.glob("*.db")
    rows = chain.from_iterable(
        (
            *(read_member(file, f"{ERASURES}.jsonl") for file in backups),
            *map(erasures_in_file, databases),
        )
    )
    return {row["digest"]: row["day"] for row in rows if row["day"] >= oldest_day()}


def _put_back(
    session: Session, archive: Archive, documents: list[tuple[int, int, AnalysedDraft]]
) -> None:
    """Fill empty tables with everything that the backup holds."""
    for name, table in copied_tables(visitors=True).items():
        if name != DOCUMENTS:
            member = archive.manifest.members.get(f"{name}.jsonl")
            # A running server remembers what it has read of a version: the next one is random.
            first = {"version": 0} if name == STATES else {}
            rows = ({**row, **first} for row in archive.rows(f"{name}.jsonl"))
            with _damage_named(name):
                count = insert_rows(session, table, rows)
            if member is not None and member.lines != count:
                raise BackupError("backup_damaged", name=name)
            count_on(session, table)
    count_messages(session)
    with _damage_named(DOCUMENTS):
        for site_id, source_id, analysis in documents:
            indexing.put(session, get_source(session, site_id, source_id), analysis)


def _analysed(archive: Archive) -> Iterator[tuple[int, int, AnalysedDraft]]:
    """Site, source and text of each document."""
    for row in archive.rows(f"{DOCUMENTS}.jsonl"):
        with _damage_named(DOCUMENTS):
            draft = Draft(
                row["url"],
                row["title"],
                row["text"],
                row["language"],
                row["faq"],
                tuple(row["wordings"]),
            )
            # With its own digest: what did not change is not embedded again at the next crawl.
            analysis = replace(analyse(draft), digest=row["digest"])
        yield row["site_id"], row["source_id"], analysis


@contextmanager
def _damage_named(table: str) -> Iterator[None]:
    """Names *table* in the error about rows that the block stores, which may be hand-made.

    Raises:
        BackupError: the rows have values that their columns cannot have.
    """
    try:
        with refuse_misfits():
            yield
    except (ValueError, NotFound) as error:
        raise BackupError("backup_damaged", name=table) from error


def _replace_rows(database: Database, content: _Content) -> None:
    """All in one transaction, in which others read the former rows and wait to write."""
    with database.session() as session:
        keep_writers_out(session)
        erasures = remembered_erasures(session)
        empty_tables(session)
        content.put(session, erasures)


def _replace_file(database: Database, content: _Content) -> None:
    """Make another SQLite file, in which nobody waits, and copy its pages over the former's.

    Rows take minutes in a large database; pages take a second or two.
    """
    with temporary_folder(PURPOSE, _folder_of(database)) as folder:
        file = folder / "chatbot.db"
        with closing(Database(f"sqlite:///{file}")) as new:
            new.migrate()
            erasures = _erasures_of(database)
            with new.session() as session:
                content.put(session, erasures)
        _check_room(file)
        for _ in range(MOST_TRIES):
            try:
                return database.copy_pages(file, partial(_check_erasures, database, erasures))
            except _ErasedMeanwhile:  # noqa: PERF203 - it is tried again
                erasures = _erasures_of(database)
                _erase_in(file, erasures)
    raise Unavailable("database_busy", retry_after=RETRY_SECONDS)


def _folder_of(database: Database) -> Path:
    return Path(database.engine.url.database or "").parent


def _check_room(file: Path) -> None:
    """Check that the pages of *file* can be copied: into the log first, then into the database.

    Raises:
        Unavailable: there is too little room on the disk.
    """
    bytes_needed, free = 2 * file.stat().st_size, shutil.disk_usage(file.parent).free
    if free < bytes_needed:
        raise Unavailable("restore_no_room", needed=bytes_needed // 10**6 + 1, free=free // 10**6)


def _erase_in(file: Path, erasures: Mapping[str, int]) -> None:
    with closing(Database(f"sqlite:///{file}")) as database, database.session() as session:
        erase_again(session, erasures)


def _check_erasures(database: Database, erasures: Mapping[str, int]) -> None:
    """Look again, when nobody can write any more: a visitor's erasure would be undone.

    Raises:
        _ErasedMeanwhile: somebody had something erased.
    """
    if _erasures_of(database) != erasures:
        raise _ErasedMeanwhile


def _erasures_of(database: Database) -> dict[str, int]:
    with database.session() as session:
        return remembered_erasures(session)
