"""Prepares model files for ctransformers, and caches the results."""

from __future__ import annotations

import errno
import glob
import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import IO

from chatbot_server.errors import ModelError
from chatbot_server.models.base import ModelFile, PreparedModel
from chatbot_server.models.files.gguf import Gguf, read_gguf
from chatbot_server.models.files.rewrite import rewrite_gguf
from chatbot_server.models.files.vocabulary import gguf_vocabulary, to_json
from chatbot_server.temporary import temporary_folder

LAYOUT = 1  # a new layout makes new files instead of trusting old ones
SPARE = 50_000_000  # bytes that must stay free on the disk


def prepare_model(file: ModelFile, cache_dir: Path) -> PreparedModel:
    """Make *file* loadable by ctransformers; quick when that was done before.

    A file that needs no change comes back as it is. The original is only read.

    Raises:
        ModelError: the file changed since it was inspected, the disk is full, or
            *cache_dir* cannot be written.
    """
    if file.format != "gguf":
        return PreparedModel(file.path, None, file)
    gguf = read_gguf(file.path)
    if file.tokenizer != "bpe" and "output.weight" in gguf.tensors:
        return PreparedModel(file.path, None, file)
    family = prepared_stem(file.path)
    # Of the header, size and time of change: reading the weights takes a second per GB.
    with gguf.path.open("rb") as stream:
        digest = sha256(stream.read(gguf.data_start))
    stat = gguf.path.stat()
    digest.update(f"{LAYOUT} {stat.st_size} {stat.st_mtime_ns}".encode())
    stem = f"{family}-{digest.hexdigest()[:16]}"
    target, vocabulary = cache_dir / f"{stem}.gguf", cache_dir / f"{stem}.json"
    if not (target.is_file() and vocabulary.is_file()):
        _write_prepared(gguf, target, vocabulary)
        _prune(cache_dir, family, stem)
    return PreparedModel(target, vocabulary, file)


def prepared_stem(path: Path) -> str:
    """The common prefix of the names of all prepared forms of the file *path*."""
    return f"{path.stem}-{sha256(os.fsencode(path.absolute())).hexdigest()[:8]}"


def forget_prepared(path: Path, cache_dir: Path) -> None:
    """Remove every prepared form of the file *path*."""
    _prune(cache_dir, prepared_stem(path), keep=None)


def _write_prepared(gguf: Gguf, target: Path, vocabulary: Path) -> None:
    folder = target.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # First of all: what a preparation that was killed has left may take the room for this one.
        with temporary_folder("making", folder) as making:
            free = shutil.disk_usage(folder).free
            if free < gguf.size + SPARE:
                raise _disk_full(folder, gguf, free)
            text = to_json(gguf_vocabulary(gguf)).encode("ascii")
            _write(vocabulary, making, lambda stream: stream.write(text))
            with gguf.path.open("rb") as source:
                _write(target, making, lambda stream: rewrite_gguf(gguf, source, stream))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _disk_full(folder, gguf, 0) from error
        reason = error.strerror or ""
        raise ModelError("model_folder_unwritable", folder=folder, reason=reason) from error


def _disk_full(folder: Path, gguf: Gguf, free: int) -> ModelError:
    megabytes = (gguf.size + SPARE) // 1_000_000
    return ModelError("model_disk_full", folder=folder, needed=megabytes, free=free // 1_000_000)


def _write(path: Path, making: Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Write the file completely or not at all, even if the power fails."""
    part = making / path.name
    with part.open("wb") as stream:
        fill(stream)
        stream.flush()
        os.fsync(stream.fileno())
    part.chmod(0o644)  # the server may run as another user than the owner
    part.replace(path)


def _prune(folder: Path, family: str, keep: str | None) -> None:
    """Remove forms of earlier contents; a process that has one mapped keeps it."""
    for old in folder.glob(f"{glob.escape(family)}-*"):
        if old.stem != keep:
            old.unlink(missing_ok=True)
