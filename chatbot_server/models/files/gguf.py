"""A reader of GGUF headers that trusts no number in them.

It needs neither the native library nor the weights: key-values and the table of
tensors are read, every count is compared with what is left of the file, and the
place of every tensor is computed. SmolLM2's header (98,000 strings) takes 0.1 s.

Source of the layout: the GGUF specification of ggml (docs/gguf.md); version 1 has
32-bit counts and lengths.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Any, BinaryIO, NoReturn

import numpy as np

from chatbot_server.errors import ModelError
from chatbot_server.models.files.tensor_types import tensor_bytes

MAGIC = b"GGUF"
MAX_HEADER = 64 << 20  # Gemma's (262,144 tokens) is 15 MB
MAX_TENSORS = 1 << 16  # the largest published models have some 2,000
MAX_KEYS = 1 << 12
MAX_ITEMS = 1 << 20  # per array; the longest known merges are 515,000
MAX_ALL_STRINGS = 1 << 22
MAX_STRING = 1 << 22
MAX_NAME = 63  # GGML_MAX_NAME is 64 with its zero byte
MAX_KEY = 1 << 10
MAX_DIMS = 4
CHUNK = 1 << 20

_U32, _U64 = Struct("<I"), Struct("<Q")
_NUMBERS = {0: "<u1", 1: "<i1", 2: "<u2", 3: "<i2", 4: "<u4", 5: "<i4", 6: "<f4", 7: "u1",
            10: "<u8", 11: "<i8", 12: "<f8"}  # fmt: skip
_BOOL, _STRING, _ARRAY = 7, 8, 9

_Entry = tuple[str, tuple[int, ...], int, int, int]  # name, shape, type, offset, size


@dataclass(frozen=True)
class Tensor:
    """One entry of the table: *offset* is from the start of the file, *size* in bytes."""

    name: str
    shape: tuple[int, ...]
    type: int
    offset: int
    size: int


@dataclass(frozen=True)
class Gguf:
    """A header.

    Attributes:
        metadata: numbers, booleans and text; arrays are lists of bytes or numpy arrays.
        spans: where each key-value pair (key included) stands in the file.
        data_start: where the tensors' data begins in the file.
    """

    path: Path
    size: int
    version: int
    metadata: dict[str, Any]
    spans: dict[str, tuple[int, int]]
    tensors: dict[str, Tensor]
    alignment: int
    data_start: int


def read_gguf(path: Path) -> Gguf:
    """Read the header of *path*.

    Raises:
        ModelError: it cannot be opened, is cut short, or says something impossible.
    """
    try:
        with path.open("rb") as stream:
            return _Reader(path, stream).read()
    except OSError as error:
        raise ModelError("model_unreadable", file=path, reason=error.strerror or "") from error


class _Reader:
    """A cursor over the header; the file is read in pieces, as far as it is needed."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path = path
        self.stream = stream
        self.size = stream.seek(0, 2)
        stream.seek(0)
        self.buffer = bytearray()
        self.pos = 0
        self.strings_left = MAX_ALL_STRINGS
        self.count = _U64

    def read(self) -> Gguf:
        if self.take(4) != MAGIC:
            raise ModelError("model_format_unknown", file=self.path)
        version = self._version()
        n_tensors = self._bounded("tensor_count", MAX_TENSORS)
        n_keys = self._bounded("kv_count", MAX_KEYS)
        metadata: dict[str, Any] = {}
        spans: dict[str, tuple[int, int]] = {}
        for _ in range(n_keys):
            start = self.pos
            key = self._name("key", MAX_KEY)
            if key in metadata:
                raise ModelError("model_duplicate", file=self.path, name=key)
            metadata[key] = self._value(key)
            spans[key] = (start, self.pos)
        alignment = self._alignment(metadata.get("general.alignment", 32))
        entries = [self._entry(alignment) for _ in range(n_tensors)]
        start = -(-self.pos // alignment) * alignment
        tensors = self._tensors(entries, start)
        return Gguf(self.path, self.size, version, metadata, spans, tensors, alignment, start)

    def take(self, n: int) -> bytes:
        """The next *n* bytes."""
        self._fill(self.pos + n)
        self.pos += n
        return bytes(self.buffer[self.pos - n : self.pos])

    def _fill(self, end: int) -> None:
        if end > min(self.size, MAX_HEADER):
            code = "model_truncated" if end > self.size else "model_header_huge"
            raise ModelError(code, file=self.path)
        while len(self.buffer) < end:
            piece = self.stream.read(max(CHUNK, end - len(self.buffer)))
            if not piece:
                raise ModelError("model_truncated", file=self.path)
            self.buffer += piece

    def _int(self, kind: Struct) -> int:
        value: int = kind.unpack(self.take(kind.size))[0]
        return value

    def _refuse(self, field: str, value: object) -> NoReturn:
        raise ModelError("model_bad_value", file=self.path, what=field, value=value)

    def _bounded(self, field: str, limit: int) -> int:
        value = self._int(self.count)
        if value > limit:
            self._refuse(field, value)
        return value

    def _version(self) -> int:
        version = self._int(_U32)
        if version == 1:
            self.count = _U32
        elif version and version & 0xFFFF == 0:
            raise ModelError("model_big_endian", file=self.path)
        elif version not in (2, 3):
            raise ModelError("model_version", file=self.path, version=version)
        return version

    def _name(self, field: str, limit: int) -> str:
        raw = self.take(self._bounded(field + "_length", limit))
        try:
            name = raw.decode()
        except UnicodeDecodeError:
            self._refuse(field, raw[:40])
        if not name.isprintable() or not name:
            self._refuse(field, repr(name[:40]))
        return name

    def _value(self, key: str) -> Any:
        kind = self._int(_U32)
        if kind == _STRING:
            return self.take(self._bounded(key, MAX_STRING)).decode(errors="replace")
        if kind == _ARRAY:
            return self._array(key)
        if kind not in _NUMBERS:
            self._refuse(key + ".type", kind)
        value = self._numbers(kind, 1)[0].item()
        return bool(value) if kind == _BOOL else value

    def _numbers(self, kind: int, count: int) -> np.ndarray[Any, Any]:
        dtype = np.dtype(_NUMBERS[kind])
        return np.frombuffer(self.take(count * dtype.itemsize), dtype)

    def _array(self, key: str) -> Any:
        kind = self._int(_U32)
        count = self._bounded(key + ".length", MAX_ITEMS)
        if kind == _STRING:
            return self._strings(key, count)
        if kind not in _NUMBERS:  # arrays of arrays too: no engine reads them
            self._refuse(key + ".type", kind)
        return self._numbers(kind, count)

    def _strings(self, key: str, count: int) -> list[bytes]:
        """Spelled out, not by ``take``: this is where the time goes."""
        self.strings_left -= count
        if self.strings_left < 0:
            self._refuse(key + ".length", count)
        width = self.count.size
        self._fill(self.pos + count * width)
        unpack, buffer, pos, found = self.count.unpack_from, self.buffer, self.pos, []
        for _ in range(count):
            start = pos + width
            if start > len(buffer):
                self._fill(start)
            end = start + unpack(buffer, pos)[0]
            if end > len(buffer):
                self._fill(end)
            found.append(bytes(buffer[start:end]))
            pos = end
        self.pos = pos
        return found

    def _alignment(self, value: object) -> int:
        if not isinstance(value, int) or not 1 <= value <= 1 << 16 or value & (value - 1):
            self._refuse("general.alignment", value)
        return value

    def _tensors(self, entries: list[_Entry], start: int) -> dict[str, Tensor]:
        tensors: dict[str, Tensor] = {}
        for name, shape, kind, offset, size in entries:
            if name in tensors:
                raise ModelError("model_duplicate", file=self.path, name=name)
            if start + offset + size > self.size:
                raise ModelError(
                    "model_data_missing", file=self.path, name=name,
                    needed=start + offset + size, found=self.size,
                )  # fmt: skip
            tensors[name] = Tensor(name, shape, kind, start + offset, size)
        self._no_overlap(tensors)
        return tensors

    def _entry(self, alignment: int) -> _Entry:
        name = self._name("tensor", MAX_NAME)
        n_dims = self._int(_U32)
        if not 1 <= n_dims <= MAX_DIMS:
            self._refuse(name + ".n_dims", n_dims)
        shape = tuple(self._int(self.count) for _ in range(n_dims))
        kind, offset = self._int(_U32), self._int(_U64)
        if not all(1 <= side <= 1 << 40 for side in shape):
            self._refuse(name + ".shape", shape)
        size = tensor_bytes(kind, shape)
        if size is None:
            self._refuse(name + ".type", f"{kind} {list(shape)}")
        if offset % alignment:
            self._refuse(name + ".offset", offset)
        return name, shape, kind, offset, size

    def _no_overlap(self, tensors: dict[str, Tensor]) -> None:
        end = 0
        for tensor in sorted(tensors.values(), key=lambda tensor: tensor.offset):
            if tensor.offset < end:
                self._refuse(tensor.name + ".offset", tensor.offset)
            end = tensor.offset + tensor.size
