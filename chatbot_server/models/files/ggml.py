"""A reader of the formats before GGUF, which trusts no number in them.

These files do not say what they are: every layout is tried, and the one whose numbers are
plausible, whose vocabulary is whole and whose first tensor has a name it knows is taken.
Then all tensors are walked to the end of the file, which must be met exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from struct import unpack
from typing import BinaryIO, NamedTuple

from chatbot_server.errors import ModelError
from chatbot_server.models.files.ggml_layouts import (
    ALIGNED,
    LAYOUTS,
    LIMITS,
    MAGICS,
    VERSIONS,
    Layout,
)
from chatbot_server.models.files.tensor_types import TENSOR_TYPES, tensor_bytes

MAX_TOKEN = 1 << 12
MAX_NAME = 128
MAX_TENSORS = 1 << 14
QUANTISATION_FACTOR = 1000  # ftype is 1000 · quantisation version + type
# Before May 2023 a block's scale had 32 bits: 20 bytes for Q4_0. Such files crash
# ctransformers 0.2.27; the famous ggml-gpt4all-j-v1.3-groovy.bin is one, by its size.
OLD_BLOCKS = {2: 20, 3: 24, 8: 36}


class LegacyTensor(NamedTuple):
    """Shape (innermost side first) and type of a tensor."""

    shape: tuple[int, ...]
    type: int


@dataclass(frozen=True)
class Ggml:
    """A header.

    Attributes:
        format: ``ggml``, ``ggmf``, ``ggjt`` or ``ggcc``.
        version: of the format; 0 for ``ggml``, which has none.
        header: the numbers of the layout, by name.
        tokens: as stored.
        old_blocks: the tensors only fit the file with blocks of before May 2023.
    """

    path: Path
    size: int
    format: str
    version: int
    layout: Layout
    header: dict[str, int]
    tokens: list[bytes]
    scores: list[float]
    tensors: dict[str, LegacyTensor]
    old_blocks: bool


class _Implausible(Exception):
    """Not this layout."""


def read_ggml(path: Path) -> Ggml:
    """Read the header of *path*.

    Raises:
        ModelError: it cannot be opened, is of no known layout, or is cut short.
    """
    try:
        with path.open("rb") as stream:
            return _GgmlReader(path, stream).read()
    except OSError as error:
        raise ModelError("model_unreadable", file=path, reason=error.strerror or "") from error


class _GgmlReader:
    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path = path
        self.stream = stream
        self.size = stream.seek(0, 2)
        stream.seek(0)

    def read(self) -> Ggml:
        form = MAGICS.get(self.stream.read(4))
        if form is None:
            raise ModelError("model_format_unknown", file=self.path)
        version = 0
        if form != "ggml":
            data = self.stream.read(4)
            version = unpack("<I", data)[0] if len(data) == 4 else 0
            if version not in VERSIONS[form]:
                code = "model_old_falcon" if form == "ggcc" else "model_legacy_version"
                raise ModelError(code, file=self.path, format=form, version=version)
        start = self.stream.tell()
        for layout in LAYOUTS:
            if form in layout.formats:
                self.stream.seek(start)
                try:
                    return self._read_as(layout, form, version)
                except _Implausible:
                    continue
        raise ModelError("model_ggml_unknown", file=self.path)

    def _read_as(self, layout: Layout, form: str, version: int) -> Ggml:
        header = self._header(layout)
        tokens, scores = [], []
        for _ in range(header["n_vocab"]):
            tokens.append(self._text())
            if layout.scores:
                scores.append(unpack("<f", self._take(4))[0])
        if layout.merges:
            # The order of merges is that of the tokens; ids need nothing else.
            count = self._int()
            if not 0 <= count <= LIMITS["n_merges"]:
                raise _Implausible
            for _ in range(2 * count):
                self._text()
        tensors, old_blocks = self._tensors(layout, aligned=form in ALIGNED)
        return Ggml(
            self.path, self.size, form, version, layout, header, tokens, scores, tensors, old_blocks
        )

    def _take(self, n: int) -> bytes:
        data = self.stream.read(n)
        if len(data) < n:
            raise _Implausible
        return data

    def _int(self) -> int:
        value: int = unpack("<i", self._take(4))[0]
        return value

    def _text(self) -> bytes:
        length = self._int()
        if not 0 <= length <= MAX_TOKEN:
            raise _Implausible
        return self._take(length)

    def _header(self, layout: Layout) -> dict[str, int]:
        header = {name: self._int() for name in layout.fields}
        version, tensor_type = divmod(header["ftype"], QUANTISATION_FACTOR)
        plausible = (
            all(1 <= header.get(name, 1) <= limit for name, limit in LIMITS.items())
            and 0 <= version <= 2
            and tensor_type <= 30
            and header["n_embd"] % header["n_head"] == 0
            and header.get("par_res", 0) in (0, 1)
            and all(header[name] == value for name, value in layout.fixed)
        )
        if not plausible or (layout.again and self._int() != header["n_vocab"]):
            raise _Implausible
        return header

    def _tensors(self, layout: Layout, *, aligned: bool) -> tuple[dict[str, LegacyTensor], bool]:
        """The tensors, and whether they only fit the file with the blocks of before May 2023."""
        start = self.stream.tell()
        name, _ = self._entry(start)
        if name not in layout.head and not name.startswith(layout.layer_name.split("{")[0]):
            raise _Implausible
        tensors, end = self._walk(start, aligned, {})
        if end == self.size:
            return tensors, False
        old_tensors, old_end = self._walk(start, aligned, OLD_BLOCKS)
        if old_end == self.size or len(old_tensors) > len(tensors):
            return old_tensors, True
        raise ModelError(
            "model_data_missing", file=self.path, name=next(reversed(tensors), name),
            needed=end, found=self.size,
        )  # fmt: skip

    def _entry(self, at: int) -> tuple[str, LegacyTensor]:
        self.stream.seek(at)
        n_dims, length, kind = (self._int() for _ in range(3))
        if not 1 <= n_dims <= 4 or not 1 <= length <= MAX_NAME or kind not in TENSOR_TYPES:
            raise _Implausible
        shape = tuple(self._int() for _ in range(n_dims))
        if not all(1 <= side <= 1 << 30 for side in shape):
            raise _Implausible
        try:
            return self._take(length).decode("ascii"), LegacyTensor(shape, kind)
        except UnicodeDecodeError as error:
            raise _Implausible from error

    def _walk(
        self, at: int, aligned: bool, block_bytes: dict[int, int]
    ) -> tuple[dict[str, LegacyTensor], int]:
        """The tensors from *at* on that the file holds, and where the next one would end.

        Args:
            block_bytes: bytes of a block, for the types that differ from today's.
        """
        tensors: dict[str, LegacyTensor] = {}
        while at < self.size and len(tensors) < MAX_TENSORS:
            try:
                name, tensor = self._entry(at)
            except _Implausible:
                break
            size = tensor_bytes(tensor.type, tensor.shape)
            if size is None or name in tensors:
                break
            if tensor.type in block_bytes:
                blocks = prod(tensor.shape) // TENSOR_TYPES[tensor.type][1]
                size = blocks * block_bytes[tensor.type]
            start = self.stream.tell()
            at = start + (-start % 32 if aligned else 0) + size
            if at > self.size:
                break
            tensors[name] = tensor
        return tensors, at
