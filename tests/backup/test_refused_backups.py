"""A file that is no whole backup, or finds no room, is refused; what was there stays."""

from __future__ import annotations

import errno
import hashlib
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.database.backups import everything

from chatbot_server.backup.archive import BackupError, write_archive
from chatbot_server.backup.restoring import restore
from chatbot_server.backup.service import back_up, look
from chatbot_server.config import Config
from chatbot_server.errors import Unavailable
from chatbot_server.storage.database import Database


def test_a_damaged_file_is_refused_whole(source: tuple[Database, str], tmp_path: Path) -> None:
    """Wherever it is damaged: in what it holds, or in what only unpacking needs."""
    database, _ = source
    file = tmp_path / "a"
    manifest = back_up(database, file)
    before = everything(database, tmp_path)
    data = file.read_bytes()
    refusals = 0
    for place in range(0, len(data), 37):
        spoilt = bytearray(data)
        spoilt[place] ^= 0xFF
        file.write_bytes(spoilt)
        try:
            assert look(file) == manifest  # a byte that nothing depends on, as a member's date
        except BackupError:
            refusals += 1
    assert refusals > len(data) / 37 / 2
    for length in (0, 10, len(data) // 2, len(data) - 1):
        file.write_bytes(data[:length])
        with pytest.raises(BackupError):
            restore(database, file, Config(data_dir=tmp_path), overwrite=True)
    assert everything(database, tmp_path) == before


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b"{}",
        b'{"format": 1}',
        b'{"format": 1, "members": {"x": {}}, "version": "", "schema": "", "made": 1}',
        (
            b'{"format": 1, "members": {"x": {"lines": 1, "sha256": ""}}, "version": "",'
            b' "made": 1, "schema": "", "visitors": true}'
        ),
    ],
)
def test_a_backup_with_a_damaged_list_is_not_whole(tmp_path: Path, manifest: bytes) -> None:
    file = tmp_path / "a"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", manifest)
    with pytest.raises(BackupError, match="backup is not whole"):
        look(file)


@pytest.mark.parametrize("name", ["text", "empty", "another.zip", "chatbot.db"])
def test_a_file_of_another_kind_is_not_called_a_damaged_backup(
    source: tuple[Database, str], tmp_path: Path, name: str
) -> None:
    database, _ = source
    file = tmp_path / name
    if name == "another.zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("letter.txt", "Dear all")
    elif name == "chatbot.db":
        file.write_bytes(Path(str(database.engine.url.database)).read_bytes())
    else:
        file.write_bytes(b"no zip at all" if name == "text" else b"")
    with pytest.raises(BackupError, match=f"{name} is not a backup of this program"):
        look(file)


def test_a_backup_of_a_newer_version_is_refused(
    source: tuple[Database, str], tmp_path: Path
) -> None:
    database, _ = source
    file = tmp_path / "a"
    with zipfile.ZipFile(file, "w") as archive:
        members = {"format": 1, "members": {}, "version": "99", "schema": "9999", "made": 1}
        archive.writestr("manifest.json", json.dumps(members | {"visitors": True}))
    with pytest.raises(BackupError, match="newer version"):
        restore(database, file, Config(data_dir=tmp_path), overwrite=True)


def by_hand(whole: Path, name: str, line: bytes, **facts: object) -> Path:
    """The backup *whole*, with *line* alone in a member and with *facts*: all hashes are right."""
    file = whole.with_name("by-hand")
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(file, "w") as new:
        manifest = json.loads(old.read("manifest.json"))
        for member in old.namelist():
            if member not in (name, "manifest.json"):
                new.writestr(member, old.read(member))
        digest = hashlib.sha256(line).hexdigest()
        manifest["members"][name] = {"lines": 1, "sha256": digest}
        new.writestr(name, line)
        new.writestr("manifest.json", json.dumps(manifest | facts))
    return file


def document(**values: object) -> bytes:
    """The line of a document."""
    row = {"site_id": 1, "source_id": 1, "url": "u", "title": "T", "text": "A text."}
    row |= {"language": "en", "faq": False, "wordings": [], "digest": "x"}
    return json.dumps(row | values).encode() + b"\n"


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("feedback", b'{"message_id": "nowhere", "value": "up", "created": 1}\n'),
        ("site", b"[1, 2]\n"),
        ("site", b'{"id": "x", "key": "k", "name": "N", "words": {}, "origins": []}\n'),
        ("account", b'{"id": 1, "name": {"a": 1}, "password_hash": "", "role": "owner"}\n'),
        ("account", b'{"id": 1, "name": null, "password_hash": "", "role": "owner"}\n'),
        (
            "account",
            b'{"id": 1%s, "name": "A", "password_hash": "", "role": "owner"}\n' % (b"0" * 40),
        ),
        ("knowledge_document", b'{"site_id": 1}\n'),
        ("knowledge_document", document(url=5, text=7, wordings=3)),
        ("knowledge_document", document(source_id=99)),
    ],
)
def test_a_row_that_does_not_fit_is_damage_and_changes_nothing(
    source: tuple[Database, str], tmp_path: Path, table: str, line: bytes
) -> None:
    database, _ = source
    file = tmp_path / "a"
    back_up(database, file)
    before = everything(database, tmp_path)
    broken = by_hand(file, f"{table}.jsonl", line)
    with pytest.raises(BackupError, match="This backup is not whole"):
        restore(database, broken, Config(data_dir=tmp_path), overwrite=True)
    assert everything(database, tmp_path) == before


@pytest.mark.parametrize(
    "facts", [{"made": "x"}, {"made": 10**30}, {"version": ["<b>"]}, {"schema": 5}]
)
def test_a_list_with_values_that_cannot_be_is_damage(
    source: tuple[Database, str], tmp_path: Path, facts: dict[str, object]
) -> None:
    database, _ = source
    file = tmp_path / "a"
    back_up(database, file)
    with pytest.raises(BackupError, match="This backup is not whole"):
        look(by_hand(file, "recovery_code.jsonl", b"{}\n", **facts))


def test_a_full_disk_is_told_with_the_file_that_found_no_room(tmp_path: Path) -> None:
    file = tmp_path / "all.chatbot-backup"
    with pytest.raises(OSError, match="No space left") as caught, write_archive(file):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.filename == str(file)
    assert list(tmp_path.iterdir()) == []


def test_a_restore_that_finds_no_room_changes_nothing(
    source: tuple[Database, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, _ = source
    back_up(database, tmp_path / "a")
    before = everything(database, tmp_path)
    disk = SimpleNamespace(free=10_000)
    monkeypatch.setattr("chatbot_server.backup.restoring.shutil.disk_usage", lambda _folder: disk)
    with pytest.raises(Unavailable, match=r"needs \d MB on the disk, and 0 MB are free"):
        restore(database, tmp_path / "a", Config(data_dir=tmp_path), overwrite=True)
    monkeypatch.undo()
    assert everything(database, tmp_path) == before
    assert not list(tmp_path.glob("chatbot-restore*"))
