"""The owner's files: read at once from a terminal, or uploaded in a browser and read soon after.

Reading a scan takes minutes. Uploaded files therefore wait in a folder, each named by the number of
its source, until a job of the server reads them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from sqlalchemy.orm import Session

from chatbot_server.errors import ChatbotError, Unavailable
from chatbot_server.retrieval.curate.jobs import source_lock
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import AnalysedDraft, analyse
from chatbot_server.retrieval.index.chunks import MAX_CHUNKS
from chatbot_server.retrieval.read.document import CUT_TEXT
from chatbot_server.retrieval.read.extractor import (
    ExtractError,
    Extractor,
    Progress,
    in_silence,
    kind_of_name,
)
from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import delete_documents, documents_of
from chatbot_server.storage.knowledge.sources import files_to_read, open_source
from chatbot_server.storage.knowledge.tables import KnowledgeSource

# Age of files without a source that are deleted; younger ones may be about to get one.
LEFT_OVER_SECONDS = 3600
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FileText:
    """The analysed text of a file.

    Attributes:
        notice: the code of a sentence about what was not read; stored as ``why`` of the source.
    """

    analysed_drafts: Sequence[AnalysedDraft]
    notice: str = ""


def add_file(
    database: Database,
    extractor: Extractor,
    site_id: int,
    file: Path,
    max_bytes: int,
    progress: Progress = in_silence,
) -> FileText:
    """Read a file now, in place of what was read of it before.

    Raises:
        ExtractError: it cannot be read, is too big, empty, or of an unknown kind.
        OSError: the file cannot be opened or read.
    """
    check_kind(file.name)
    text = read_file(extractor, file, file.name, max_bytes, progress)
    with database.session() as session:
        source = open_source(session, site_id, "file", file.name)
        put_text(session, source, text)
        source.started = source.finished = now()
    return text


def check_kind(name: str) -> str:
    """The kind of a file, by its *name*.

    Raises:
        ExtractError: the kind is unknown.
    """
    kind = kind_of_name(name)
    if kind is None:
        raise ExtractError("extract_kind", name=name)
    return kind


def check_size(file: Path, name: str, max_bytes: int) -> None:
    """Check the size of *file*.

    Raises:
        ExtractError: it is bigger than *max_bytes*, or empty.
    """
    size = file.stat().st_size
    if size > max_bytes or not size:
        raise ExtractError("extract_big" if size else "extract_empty", name=name)


def read_file(
    extractor: Extractor, file: Path, name: str, max_bytes: int, progress: Progress
) -> FileText:
    """The text of *file*, whose original name is *name*.

    Raises:
        ExtractError, OSError: as :func:`add_file`.
    """
    check_size(file, name, max_bytes)
    url = f"file:{name}"
    extraction = extractor.read(file.read_bytes(), check_kind(name), name, url, progress=progress)
    if not extraction.drafts:
        raise ExtractError("extract_no_text", name=name)
    analysed_drafts = [analyse(draft) for draft in extraction.drafts]
    is_cut = any(len(analysis.chunks) >= MAX_CHUNKS for analysis in analysed_drafts)
    return FileText(analysed_drafts, extraction.notice or (CUT_TEXT if is_cut else ""))


def put_text(session: Session, source: KnowledgeSource, text: FileText) -> None:
    """Replace all documents of the file by *text*."""
    urls = {analysis.draft.url for analysis in text.analysed_drafts}
    former = documents_of(session, source.site_id, source.id)
    missing = [document.id for document in former if document.url not in urls]
    delete_documents(session, source.site_id, missing)
    for analysis in text.analysed_drafts:
        indexing.put(session, source, analysis)
    source.why = text.notice


@dataclass(frozen=True)
class Uploads:
    """Files that were uploaded in a browser and wait to be read.

    Attributes:
        folder: where they wait.
        max_bytes: the largest size of a file.
    """

    database: Database
    folder: Path
    max_bytes: int

    def put_all(self, site_id: int, files: Mapping[str, Callable[[Path], object]]) -> None:
        """Store *files* to be read: by name, functions that save them to a path.

        Raises:
            ExtractError: a file is too big, empty, or of an unknown kind; none is stored then.
            Unavailable: a file cannot be written.
        """
        for name in files:
            check_kind(name)
        try:
            for name, save in files.items():
                self._put(site_id, name, save)
        except OSError as error:
            raise Unavailable("file_not_stored", name=name, why=error.strerror) from error

    def _put(self, site_id: int, name: str, save: Callable[[Path], object]) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=self.folder, delete=False) as file:
            path = Path(file.name)
        try:
            save(path)
            check_size(path, name, self.max_bytes)
            with self.database.session() as session:
                source = open_source(session, site_id, "file", name)
                source.started, source.finished, source.why = now(), None, ""
                path.replace(self.folder / str(source.id))
        finally:
            path.unlink(missing_ok=True)

    def read_all(self, run_dir: Path) -> int:
        """Read the waiting files, oldest source first; returns how many there were.

        If a file cannot be read, the reason is stored with its source, which keeps its documents.
        """
        with self.database.session() as session:
            waiting = files_to_read(session)
        for source_id in waiting:
            with suppress(Unavailable), source_lock(run_dir, source_id):
                self._read(source_id)
        for file in self.folder.glob("*"):
            with suppress(OSError):
                is_old = now() - file.stat().st_mtime > LEFT_OVER_SECONDS
                if is_old and file.name not in map(str, waiting):
                    file.unlink()
        return len(waiting)

    def _read(self, source_id: int) -> None:
        file = self.folder / str(source_id)
        text, why, inode = None, "", 0
        try:
            inode = file.stat().st_ino
            text = self._text(source_id, file)
        except FileNotFoundError:
            why = "file_gone"
        except ChatbotError as error:
            why = error.code
        except Exception:  # the other files are still read
            logger.exception("the file of source %s", source_id)
            why = "extract_broken"
        is_newest = not file.exists() or file.stat().st_ino == inode
        with self.database.session() as session:
            source = session.get(KnowledgeSource, source_id)
            if source is not None:
                source.why = why
                if text is not None:
                    put_text(session, source, text)
                if is_newest:  # else it was uploaded again meanwhile, and is still to be read
                    source.finished = now()
        if is_newest:
            file.unlink(missing_ok=True)

    def _text(self, source_id: int, file: Path) -> FileText:
        def tell(read: int, pages: int) -> None:
            with self.database.session() as session:
                source = session.get(KnowledgeSource, source_id)
                if source is not None:
                    source.why = f"file_scanned {read}/{pages}"

        with self.database.session() as session:
            source = session.get(KnowledgeSource, source_id)
            name = source.address if source else ""
        with closing(Extractor()) as extractor:
            return read_file(extractor, file, name, self.max_bytes, tell)
