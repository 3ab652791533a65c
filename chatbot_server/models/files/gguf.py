"""A reader of GGUF headers that trusts no number in them.

It needs neither the native library nor the weights: key-values and the table of
tensors are read, every count is compared with what is left of the file, and the
place of every tensor is computed. SmolLM2's header (98,000 strings) takes 0.1 s.

Source of the layout: the GGUF specification of ggml (docs/gguf.md); version 1 has
32-bit counts and lengths.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from struct import Struct
from typing import Any, BinaryIO, NoReturn

import numpy as np

from chatbot_server.errors import ModelError
from chatbot_server.models.files.tensor_types import FILE_TYPES, TENSOR_TYPES, tensor_bytes

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


@dataclass(frozen=True)
class Tensor:
    """One entry of the table: *offset* is from the start of the file, *size* in bytes."""

    name: str
    shape: tuple[int, ...]
    type: int
    offset: int
    size: int

    @property
    def end(self) -> int:
        """The first byte of the file after it."""
        return self.offset + self.size


@dataclass(frozen=True)
class Gguf:
    """A header.

    Attributes:
        metadata: numbers, booleans and text; arrays are lists of bytes or numpy arrays.
        spans: where each key-value pair (key included) is in the file.
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

    @property
    def quantisation(self) -> str:
        """The quantisation that the file declares, else the type of most of its bytes."""
        bytes_by_type: Counter[int] = Counter()
        for tensor in self.tensors.values():
            bytes_by_type[tensor.type] += tensor.size
        declared_type = FILE_TYPES.get(self.metadata.get("general.file_type", -1))
        return declared_type or TENSOR_TYPES[bytes_by_type.most_common(1)[0][0]][0]


def read_gguf(path: Path) -> Gguf:
    """Read the header of *path*.

    Raises:
        ModelError: it cannot be opened, is cut short, or says something impossible.
    """
    try:
        with path.open("rb") as stream:
            return _GgufReader(path, stream).read()
    except OSError as error:
        raise ModelError("model_unreadable", file=path, reason=error.strerror or "") from error


class _GgufReader:
    """A cursor over the header; the file is read in pieces, as far as it is needed."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path = path
        self.stream = stream
        self.size = stream.seek(0, 2)
        stream.seek(0)
        self.buffer = bytearray()
        self.pos = 0
        self.strings_left = MAX_ALL_STRINGS
        self.count_type = _U64

    def read(self) -> Gguf:
        if self._take(4) != MAGIC:
            raise ModelError("model_format_unknown", file=self.path)
        version = self._int(_U32)
        if version == 1:
            self.count_type = _U32
        elif version and version & 0xFFFF == 0:
            raise ModelError("model_big_endian", file=self.path)
        elif version not in (2, 3):
            raise ModelError("model_version", file=self.path, version=version)
        tensor_count = self._count("tensor_count", MAX_TENSORS)
        metadata: dict[str, Any] = {}
        spans: dict[str, tuple[int, int]] = {}
        for _ in range(self._count("kv_count", MAX_KEYS)):
            start = self.pos
            key = self._name("key", MAX_KEY)
            if key in metadata:
                raise ModelError("model_duplicate", file=self.path, name=key)
            metadata[key] = self._value(key)
            spans[key] = (start, self.pos)
        alignment = metadata.get("general.alignment", 32)
        in_range = isinstance(alignment, int) and 1 <= alignment <= 1 << 16
        if not in_range or alignment & (alignment - 1):
            self._raise_bad_value("general.alignment", alignment)
        table = [self._table_entry(alignment) for _ in range(tensor_count)]
        start = -(-self.pos // alignment) * alignment
        tensors = self._placed_tensors(table, start)
        return Gguf(self.path, self.size, version, metadata, spans, tensors, alignment, start)

    def _take(self, n: int) -> bytes:
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
        value: int = kind.unpack(self._take(kind.size))[0]
        return value

    def _raise_bad_value(self, field: str, value: object) -> NoReturn:
        raise ModelError("model_bad_value", file=self.path, what=field, value=value)

    def _count(self, field: str, limit: int) -> int:
        value = self._int(self.count_type)
        if value > limit:
            self._raise_bad_value(field, value)
        return value

    def _name(self, field: str, limit: int) -> str:
        raw = self._take(self._count(field + "_length", limit))
        try:
            name = raw.decode()
        except UnicodeDecodeError:
            self._raise_bad_value(field, raw[:40])
        if not name.isprintable() or not name:
            self._raise_bad_value(field, repr(name[:40]))
        return name

    def _value(self, key: str) -> Any:
        kind, length = self._int(_U32), 1
        if kind == _STRING:
            return self._take(self._count(key, MAX_STRING)).decode(errors="replace")
        is_array = kind == _ARRAY
        if is_array:
            kind = self._int(_U32)
            length = self._count(key + ".length", MAX_ITEMS)
            if kind == _STRING:
                return self._strings(key, length)
        if kind not in _NUMBERS:  # arrays of arrays too: no engine reads them
            self._raise_bad_value(key + ".type", kind)
        dtype = np.dtype(_NUMBERS[kind])
        numbers = np.frombuffer(self._take(length * dtype.itemsize), dtype)
        if is_array:
            return numbers
        return bool(numbers[0]) if kind == _BOOL else numbers[0].item()

    def _strings(self, key: str, count: int) -> list[bytes]:
        """Spelled out, not by ``_take``: this is where the time goes."""
        self.strings_left -= count
        if self.strings_left < 0:
            self._raise_bad_value(key + ".length", count)
        width = self.count_type.size
        self._fill(self.pos + count * width)
        unpack, buffer, pos, strings = self.count_type.unpack_from, self.buffer, self.pos, []
        for _ in range(count):
            start = pos + width
            if start > len(buffer):
                self._fill(start)
            end = start + unpack(buffer, pos)[0]
            if end > len(buffer):
                self._fill(end)
            strings.append(bytes(buffer[start:end]))
            pos = end
        self.pos = pos
        return strings

    def _table_entry(self, alignment: int) -> Tensor:
        """A tensor whose offset is still relative to the beginning of the data."""
        name = self._name("tensor", MAX_NAME)
        n_dims = self._int(_U32)
        if not 1 <= n_dims <= MAX_DIMS:
            self._raise_bad_value(name + ".n_dims", n_dims)
        shape = tuple(self._int(self.count_type) for _ in range(n_dims))
        kind, offset = self._int(_U32), self._int(_U64)
        if not all(1 <= side <= 1 << 40 for side in shape):
            self._raise_bad_value(name + ".shape", shape)
        size = tensor_bytes(kind, shape)
        if size is None:
            self._raise_bad_value(name + ".type", f"{kind} {list(shape)}")
        if offset % alignment:
            self._raise_bad_value(name + ".offset", offset)
        return Tensor(name, shape, kind, offset, size)

    def _placed_tensors(self, table: list[Tensor], start: int) -> dict[str, Tensor]:
        tensors: dict[str, Tensor] = {}
        for entry in table:
            if entry.name in tensors:
                raise ModelError("model_duplicate", file=self.path, name=entry.name)
            tensor = replace(entry, offset=start + entry.offset)
            if tensor.end > self.size:
                raise ModelError(
                    "model_data_missing", file=self.path, name=tensor.name,
                    needed=tensor.end, found=self.size,
                )  # fmt: skip
            tensors[tensor.name] = tensor
        in_order = sorted(tensors.values(), key=lambda tensor: tensor.offset)
        for before, after in pairwise(in_order):
            if after.offset < before.end:
                self._raise_bad_value(after.name + ".offset", after.offset)
        return tensors
