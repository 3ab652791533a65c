"""Files given in a browser are read soon after, each once, and say what became of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.files.office_files import docx, pdf

from chatbot_server.retrieval.curate.imports import files
from chatbot_server.retrieval.curate.imports.files import Uploads
from chatbot_server.retrieval.curate.jobs import source_lock
from chatbot_server.retrieval.curate.library import remove_source
from chatbot_server.retrieval.curate.listing import SourceReport, describe_sources
from chatbot_server.retrieval.read.extractor import ExtractError, Progress
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.site.sites import add_site

NAME = "Tarifs d’été.docx"
Read = Callable[..., files.FileText]


class Queue:
    """The uploads of one site."""

    def __init__(self, database: Database, site_id: int, folder: Path) -> None:
        self.database, self.site_id = database, site_id
        self.uploads = Uploads(database, folder / "uploads", 100_000)
        self.run_dir = folder / "run"

    def put(self, content: bytes, name: str = NAME) -> None:
        self.uploads.put_all(self.site_id, {name: lambda path: path.write_bytes(content)})

    def read(self) -> None:
        self.uploads.read_all(self.run_dir)

    @property
    def texts(self) -> list[str]:
        with self.database.session() as session:
            return [one.text for one in documents_of(session, self.site_id)]

    @property
    def source(self) -> SourceReport:
        with self.database.session() as session:
            (source,) = describe_sources(session, self.site_id)
        return source

    @property
    def files(self) -> list[str]:
        return [file.name for file in self.uploads.folder.glob("*")]


@pytest.fixture
def queue(tmp_path: Path, sqlite_database: Database) -> Queue:
    with sqlite_database.session() as session:
        site_id = add_site(session, "Shop").id
    return Queue(sqlite_database, site_id, tmp_path)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What happens while the next files are read, one for each."""
    events: list[Callable[[], object]] = []
    read = files.read_file

    def read_then(*args: Any) -> files.FileText:
        text = read(*args)
        if events:
            events.pop()()
        return text

    monkeypatch.setattr(files, "read_file", read_then)
    return events


def test_a_file_waits_under_its_own_name_and_is_read_once(queue: Queue) -> None:
    queue.put(docx("We open at nine."))
    assert (queue.source.address, queue.source.unread) == (NAME, True)
    assert queue.texts == []
    queue.read()
    assert queue.texts == ["We open at nine."]
    assert (queue.source.unread, queue.source.why, queue.files) == (False, "", [])
    queue.put(docx("We open at ten."))
    queue.read()
    assert queue.texts == ["We open at ten."]


def test_one_that_cannot_be_read_says_why_and_keeps_what_was_read_before(queue: Queue) -> None:
    queue.put(docx("We open at nine."))
    queue.read()
    for content in (b"no file of Word", docx("We open at ten.")[:-90]):
        queue.put(content)
        queue.read()
        assert queue.source.why.startswith("extract_")
        assert queue.source.unread is False
        assert queue.texts == ["We open at nine."]
        assert queue.files == []


@pytest.mark.parametrize(("name", "size"), [("a.exe", 10), ("no ending", 10), ("a.txt", 100_001)])
def test_what_is_never_read_is_refused_at_once(queue: Queue, name: str, size: int) -> None:
    with pytest.raises(ExtractError):
        queue.put(b"a" * size, name)
    assert queue.files == []
    with queue.database.session() as session:
        assert describe_sources(session, queue.site_id) == []


def test_a_newer_one_that_comes_meanwhile_has_its_turn(
    queue: Queue, meanwhile: list[Callable[[], object]]
) -> None:
    queue.put(docx("We open at nine."))
    meanwhile.append(lambda: queue.put(docx("We open at ten.")))
    queue.read()
    assert queue.source.unread is True
    queue.read()
    assert (queue.texts, queue.source.unread) == (["We open at ten."], False)


def test_a_source_that_is_removed_meanwhile_does_not_come_back(
    queue: Queue, meanwhile: list[Callable[[], object]]
) -> None:
    queue.put(docx("We open at nine."))
    number = queue.source.number
    meanwhile.append(lambda: remove_source(queue.database, queue.site_id, number))
    queue.read()
    with queue.database.session() as session:
        assert describe_sources(session, queue.site_id) == []
    assert (queue.texts, queue.files) == ([], [])


def test_one_that_breaks_its_reader_keeps_no_other_unread(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = files.read_file

    def breaking(extractor: Any, file: Path, name: str, size: int, tell: Progress) -> Any:
        if name == NAME:
            tell(3, 12)
            with queue.database.session() as session:
                assert describe_sources(session, queue.site_id)[0].why == "file_scanned 3/12"
            raise RuntimeError
        return read(extractor, file, name, size, tell)

    monkeypatch.setattr(files, "read_file", breaking)
    queue.put(docx("We open at nine."))
    queue.put(pdf("Open on Monday"), "a.pdf")
    queue.read()
    with queue.database.session() as session:
        whys = [source.why for source in describe_sources(session, queue.site_id)]
    assert (whys, queue.texts) == (["extract_broken", ""], ["Open on Monday"])


def test_lost_and_left_over_files(queue: Queue) -> None:
    queue.put(docx("We open at nine."))
    (file,) = queue.uploads.folder.glob("*")
    file.unlink()
    fresh, old = queue.uploads.folder / "fresh", queue.uploads.folder / "old"
    for each in (fresh, old):
        each.touch()
    os.utime(old, (0, 0))
    queue.read()
    assert queue.source.why == "file_gone"
    assert queue.files == ["fresh"]


def test_a_file_is_read_by_one_process_at_a_time(queue: Queue) -> None:
    queue.put(docx("We open at nine."))
    with source_lock(queue.run_dir, queue.source.number):
        queue.read()
    assert (queue.texts, queue.source.unread) == ([], True)
