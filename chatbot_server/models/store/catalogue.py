"""The catalogue of models: a data file, and what each model needs of a machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from chatbot_server.config.sections import EngineName
from chatbot_server.models.base import WORK_SPACE, Tier
from chatbot_server.resources import read_yaml


@dataclass(frozen=True)
class Hallucinations:
    """How often a model adds to the text that it was given, as published.

    Attributes:
        percent: the percentage of its summaries with an addition.
        test: who measured it, and when; the rates of two tests are not comparable.
    """

    percent: float
    test: str


@dataclass(frozen=True)
class CatalogueEntry:
    """One model of the catalogue.

    Attributes:
        source: ``pip:package==version!member`` or ``hf:owner/repository[/file]``.
        size: bytes of the file, rounded except where *sha256* is known.
        kv: bytes of keys and values per token.
        parameters: billions of weights.
        commercial: whether commercial use is allowed: ``yes``, ``no``, or ``terms`` of the licence.
        tier: what it may be trusted with.
        context: the number of tokens it was trained for.
        file_by: who made the file: the maker of the model, or somebody else.
        hallucinations: None if nothing is published about this very model.
        recurrent: its state cannot be cut back to a prefix; llama.cpp keeps checkpoints.
        machine: GB of memory of the machines it is for; None: an older model.
        good_for: keys of the sentences ``models_good_…``.
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
    context: int
    file_by: Literal["maker", "third party"]
    hallucinations: Hallucinations | None = None
    recurrent: bool = False
    machine: int | None = None
    good_for: tuple[str, ...] = ()
    sha256: str | None = None

    @classmethod
    def of(cls, name: str, record: dict[str, Any]) -> CatalogueEntry:
        """The entry called *name*, from the *record* of a data file."""
        lists = {key: tuple(value) for key, value in record.items() if isinstance(value, list)}
        rate = record.get("hallucinations")
        hallucinations = Hallucinations(**rate) if rate else None
        return cls(name, **{**record, **lists, "hallucinations": hallucinations})

    @property
    def file_name(self) -> str | None:
        """The name of the file on disk; None if the repository must be asked."""
        if self.source.count("/") < 2 and self.source.startswith("hf:"):
            return None
        return self.source.rsplit("/", 1)[-1]

    def memory_bytes(self, context_length: int) -> int:
        """Bytes of memory to run it: weights, keys and values of one conversation, work space.

        llama.cpp repacks 4-bit weights into memory beside the mapped file: 620 MB of
        weights took 1.24 GB (xllamacpp, TinyLlama's shape); ctransformers took 666 MB.
        """
        copies = 2 if self.engine == "llamacpp" else 1
        return (copies - 1) * self.size + self.least_memory_bytes(context_length)

    def least_memory_bytes(self, context_length: int) -> int:
        """The part of :meth:`memory_bytes` that stays in use.

        The system can take back the pages of the mapped file once they are repacked.
        """
        return self.size + self.kv * context_length + WORK_SPACE


@cache
def catalogue() -> Mapping[str, CatalogueEntry]:
    """All models of the catalogue by name: current ones, then older ones."""
    files = ("catalogue.yaml", "older_models.yaml")
    records = [read_yaml("chatbot_server.models.store", file) for file in files]
    return {
        name: CatalogueEntry.of(name, record) for part in records for name, record in part.items()
    }
