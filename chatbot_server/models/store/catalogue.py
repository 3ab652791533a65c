"""The models on offer: a data file, and what each needs of a machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from chatbot_server.config.sections import EngineName
from chatbot_server.models.base import Tier
from chatbot_server.resources import read_yaml

WORK_SPACE = 100_000_000  # bytes, beside weights, keys and values


@dataclass(frozen=True)
class CatalogueEntry:
    """One model on offer.

    Attributes:
        source: ``pip:package==version!member`` or ``hf:owner/repository[/file]``.
        size: bytes of the file, rounded except where *sha256* is known.
        kv: bytes of keys and values per token.
        parameters: billions of weights.
        commercial: ``yes``, ``no``, or ``terms``: the licence says.
        tier: what it may be trusted with.
    """

    name: str
    title: str
    source: str
    size: int
    kv: int
    parameters: float
    family: str | None
    engine: EngineName
    languages: tuple[str, ...]
    licence: str
    commercial: Literal["yes", "no", "terms"]
    tier: Tier
    sha256: str | None = None

    @property
    def file_name(self) -> str | None:
        """Name of the file on disk; None where the repository has to be asked."""
        if self.source.count("/") < 2 and self.source.startswith("hf:"):
            return None
        return self.source.rsplit("/", 1)[-1]

    def memory_bytes(self, context_length: int) -> int:
        """Memory to run it: weights, keys and values of one conversation, work space.

        llama.cpp repacks 4-bit weights into memory beside the mapped file: 620 MB of
        weights took 1.24 GB (xllamacpp, TinyLlama's shape); ctransformers took 666 MB.
        """
        copies = 2 if self.engine == "llamacpp" else 1
        return copies * self.size + self.kv * context_length + WORK_SPACE


@cache
def catalogue() -> Mapping[str, CatalogueEntry]:
    """All models on offer, by name, in the order of the file."""
    return {
        name: CatalogueEntry(name, **{**record, "languages": tuple(record["languages"])})
        for name, record in read_yaml("chatbot_server.models.store", "catalogue.yaml").items()
    }
