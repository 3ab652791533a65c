"""The catalogue and the models folder, against what this machine has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from chatbot_server.models.base import ModelFile, Tier, tier_by_size
from chatbot_server.models.files.inspect import inspect_if_whole
from chatbot_server.models.machine import available_memory, free_disk
from chatbot_server.models.store.catalogue import catalogue
from chatbot_server.models.store.folder import installed


@dataclass(frozen=True)
class Offer:
    """One row of the list.

    Attributes:
        size: bytes of the file.
        memory: bytes to run it with the configured context.
        fits: there is memory for it now, and disk if it is not here yet.
    """

    name: str
    title: str
    family: str | None
    size: int
    memory: int
    languages: tuple[str, ...]
    licence: str
    commercial: str
    source: str
    tier: Tier
    engine: str
    fits: bool
    installed: bool
    in_use: bool

    def as_json(self) -> dict[str, object]:
        """For scripts."""
        return asdict(self)


def all_offers(
    models_dir: Path,
    used: str | None,
    context_length: int,
    preferred_engine: Callable[[ModelFile], str],
) -> list[Offer]:
    """The catalogue, then the owner's own files. *used*: the configured model."""
    here, memory, disk = installed(models_dir), available_memory(), free_disk(models_dir)
    offers = [
        Offer(
            name=entry.name,
            title=entry.title,
            family=entry.family,
            size=entry.size,
            memory=entry.memory_bytes(context_length),
            languages=entry.languages,
            licence=entry.licence,
            commercial=entry.commercial,
            source=entry.source,
            tier=entry.tier,
            engine=entry.engine,
            fits=entry.memory_bytes(context_length) <= memory
            and (entry.name in here or entry.size <= disk),
            installed=entry.name in here,
            in_use=entry.name == used,
        )
        for entry in catalogue().values()
    ]
    for name, path in here.items():
        if name not in catalogue() and (file := inspect_if_whole(path)):
            memory_bytes = file.memory_bytes(context_length)
            offers.append(
                Offer(
                    name=name,
                    title=file.name,
                    family=file.family,
                    size=file.size,
                    memory=memory_bytes,
                    languages=(),
                    licence="?",
                    commercial="terms",
                    source=str(path),
                    tier=tier_by_size(file.parameters),
                    engine=preferred_engine(file),
                    fits=memory_bytes <= memory,
                    installed=True,
                    in_use=used in (name, str(path)),
                )
            )
    return offers
