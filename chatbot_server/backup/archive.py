"""The file of a backup: a ZIP of JSON lines with a list of what it holds, perhaps encrypted.

``manifest.json`` is written last and names every other member with its number of lines and
its SHA-256. A passphrase wraps the whole file in the age format (age-encryption.org), which
``age -d`` opens without this program.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from chatbot_server.errors import ChatbotError, UsageError

FORMAT = 1
MANIFEST = "manifest.json"
CONFIG = "config.yaml"
AGE = b"age-encryption.org/v1"
ZIP = b"PK\x03\x04"  # how a ZIP with something in it begins
# What zipfile and json raise of bytes that are not as they were; NotImplementedError: of a
# compression that is never used here, RuntimeError: of a ZIP with a password.
UNREADABLE = (zipfile.BadZipFile, zlib.error, KeyError, EOFError, ValueError, RuntimeError)
LONGEST_LINE = 20_000_000
LONGEST_MANIFEST = 1_000_000
LARGEST = 20_000_000_000  # of all members, unpacked
# age measures for some milliseconds how fast this machine is, and opens no file that would keep
# it busy for long: at a busy moment, not even one that it has just made.
AGE_TRIES = 5
TOO_MUCH_WORK = "Excessive work"


class BackupError(ChatbotError):
    """A backup cannot be made or read; ``code`` says why."""

    status = 400


@dataclass(frozen=True)
class ArchiveMember:
    """One file of the archive: its number of lines, and what they must hash to."""

    lines: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup holds.

    Attributes:
        version: of the program that made it.
        schema: the last migration of its database.
        made: in Unix seconds.
        visitors: whether what visitors wrote is in it.
    """

    version: str
    schema: str
    made: int
    visitors: bool
    members: Mapping[str, ArchiveMember] = field(default_factory=dict)
    format: int = FORMAT


class ArchiveWriter:
    """Adds members to a backup; see :func:`write_archive`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.members: dict[str, ArchiveMember] = {}

    def add(self, name: str, lines: Iterable[str]) -> None:
        """Add a member of these lines, which have no line end of their own."""
        digest, count = hashlib.sha256(), 0
        with self._archive.open(name, "w", force_zip64=True) as member:
            for line in lines:
                data = line.encode() + b"\n"
                digest.update(data)
                member.write(data)
                count += 1
        self.members[name] = ArchiveMember(count, digest.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        """Write the list of all members."""
        self._archive.writestr(MANIFEST, json.dumps(asdict(manifest)))


@contextmanager
def write_archive(file: Path, passphrase: str = "") -> Iterator[ArchiveWriter]:
    """A backup at *file*, which appears whole or not at all, for this user only.

    Raises:
        UsageError: there is something at *file* already.
        BackupError: a passphrase was given and age is not installed.
        OSError: it cannot be written.
    """
    if file.exists():
        raise UsageError("backup_exists", file=file)
    age = _age() if passphrase else None
    part = file.with_name(file.name + ".part")
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as target:
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
                yield ArchiveWriter(archive)
            if age is not None:
                target.seek(0)
                ciphertext = age.passphrase.encrypt(target.read(), passphrase)
                target.seek(0)
                target.truncate()
                target.write(ciphertext)
            target.flush()
            os.fsync(target.fileno())
        part.replace(file)
    except OSError as error:  # what is written to an open file does not name it
        raise OSError(error.errno, error.strerror, error.filename or str(file)) from error
    finally:
        part.unlink(missing_ok=True)


class Archive:
    """A backup that was opened and checked: *members*, or all, are as its list says."""

    def __init__(self, archive: zipfile.ZipFile, members: Collection[str] | None = None) -> None:
        self._archive = archive
        self.manifest = _read_manifest(archive)
        for name in self.manifest.members if members is None else members:
            self._check(name)

    def lines(self, name: str) -> Iterator[str]:
        """The lines of a member; none if the backup does not have it."""
        if name in self.manifest.members:
            for line in self._raw_lines(name):
                yield line.decode().removesuffix("\n")

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """The JSON objects of a member."""
        return map(json.loads, self.lines(name))

    def _check(self, name: str) -> None:
        member = self.manifest.members.get(name, ArchiveMember(0, ""))
        digest, count = hashlib.sha256(), 0
        for line in self._raw_lines(name):
            digest.update(line)
            count += 1
        if (count, digest.hexdigest()) != (member.lines, member.sha256):
            raise BackupError("backup_damaged", name=name)

    def _raw_lines(self, name: str) -> Iterator[bytes]:
        with self._archive.open(name) as member:
            while line := member.readline(LONGEST_LINE):
                yield line


@contextmanager
def open_archive(file: Path, passphrase: str = "") -> Iterator[Archive]:
    """The backup at *file*, every byte of it checked before anything is read from it.

    Raises:
        BackupError: it is no backup, damaged, newer, or the passphrase is wrong.
        OSError: it cannot be read.
    """
    with file.open("rb") as source:
        is_sealed = source.read(len(AGE)) == AGE
        source.seek(0)
        if is_sealed:
            plain: Any = BytesIO(_unseal(source.read(), passphrase))
        else:
            plain = source
        if plain.read(len(ZIP)) != ZIP:
            raise BackupError("backup_is_none", name=file.name)
        plain.seek(0)
        try:
            with zipfile.ZipFile(plain) as archive:
                if MANIFEST not in archive.namelist():
                    raise BackupError("backup_is_none", name=file.name)
                if sum(info.file_size for info in archive.infolist()) > LARGEST:
                    raise BackupError("backup_damaged", name=file.name)
                yield Archive(archive)
        except UNREADABLE as error:
            raise BackupError("backup_damaged", name=file.name) from error
        except OSError as error:
            if error.errno != errno.EINVAL:  # a place before the beginning, by a damaged list
                raise
            raise BackupError("backup_damaged", name=file.name) from error


def read_member(file: Path, name: str) -> list[dict[str, Any]]:
    """The rows of one member of a backup; none if it has no such member, or cannot be read."""
    try:
        with zipfile.ZipFile(file) as archive:
            return list(Archive(archive, [name]).rows(name))
    except (BackupError, OSError, *UNREADABLE):
        return []


def _read_manifest(archive: zipfile.ZipFile) -> Manifest:
    if archive.getinfo(MANIFEST).file_size > LONGEST_MANIFEST:
        raise BackupError("backup_damaged", name=MANIFEST)
    raw = json.loads(archive.read(MANIFEST))
    if not isinstance(raw, dict) or not isinstance(raw.get("format"), int):
        raise BackupError("backup_damaged", name=MANIFEST)
    if raw["format"] > FORMAT:
        raise BackupError("backup_newer", version=str(raw.get("version"))[:40])
    try:
        members = {name: ArchiveMember(**member) for name, member in raw.pop("members").items()}
        manifest = Manifest(members=members, **raw)
        datetime.fromtimestamp(manifest.made)  # noqa: DTZ006 - only whether it is a moment
    except (TypeError, AttributeError, KeyError, OverflowError, ValueError, OSError):
        raise BackupError("backup_damaged", name=MANIFEST) from None
    if not isinstance(manifest.version, str) or not isinstance(manifest.schema, str):
        raise BackupError("backup_damaged", name=MANIFEST)
    return manifest


def _unseal(data: bytes, passphrase: str) -> bytes:
    if not passphrase:
        raise BackupError("backup_passphrase_missing")
    age = _age()
    for _ in range(AGE_TRIES):
        try:
            return bytes(age.passphrase.decrypt(data, passphrase))
        except age.DecryptError as error:  # noqa: PERF203 - it is tried again
            if not str(error).startswith(TOO_MUCH_WORK):
                raise BackupError("backup_passphrase_wrong") from None
    raise BackupError("backup_passphrase_slow")


def _age() -> Any:
    try:
        import pyrage  # type: ignore[import-untyped]
    except ImportError:
        raise BackupError("backup_no_age") from None
    return pyrage
