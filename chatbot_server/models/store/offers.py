"""The models of the catalogue and of the models folder, compared with this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from chatbot_server.models.base import ModelFile, Tier, tier_by_size
from chatbot_server.models.files.inspect import inspect_if_whole
from chatbot_server.models.machine import available_memory, free_disk, total_memory
from chatbot_server.models.store.catalogue import CatalogueEntry, Hallucinations, catalogue
from chatbot_server.models.store.folder import installed, path_of_model
from chatbot_server.models.store.scores import AnswerScore, score_of


@dataclass(frozen=True)
class Offer:
    """One row of the list.

    Attributes:
        size: bytes of the file.
        memory: bytes of memory to run it with the configured context.
        least_memory: the part of it that stays in use.
        context: the number of tokens it was trained for.
        fits: whether there is memory for it now, and space on the disk if it is not here yet.
        tight: whether it fits only with *least_memory*.
        machine: GB of memory of the machines it is meant for; None: an older one, or the owner's.
        older: whether it is an older model of the catalogue.
        score: its score in our own answer test on this machine, which then decides the *tier*.
    """

    name: str
    title: str
    family: str | None
    size: int
    memory: int
    least_memory: int
    languages: tuple[str, ...]
    licence: str
    commercial: str
    source: str
    tier: Tier
    context: int
    engine: str
    fits: bool
    tight: bool
    installed: bool
    in_use: bool
    machine: int | None = None
    older: bool = False
    file_by: str | None = None
    sha256: str | None = None
    hallucinations: Hallucinations | None = None
    recurrent: bool | None = None
    good_for: tuple[str, ...] = ()
    score: AnswerScore | None = None

    def as_json(self) -> dict[str, object]:
        """For scripts."""
        return asdict(self)


@dataclass(frozen=True)
class _Room:
    """What is free on this machine, in bytes."""

    memory: int
    disk: int

    def for_model(self, memory: int, download: int) -> bool:
        return memory <= self.memory and download <= self.disk


def all_offers(
    models_dir: Path,
    model: str | None,
    context_length: int,
    preferred_engine: Callable[[ModelFile], str],
) -> list[Offer]:
    """The catalogue, then the owner's own files. *model*: the configured one, by name or path."""
    here, room = installed(models_dir), _Room(available_memory(), free_disk(models_dir))
    if model and (file_in_use := path_of_model(model, models_dir)):
        files = {name: path for name, path in here.items() if path.is_file()}
        model = next((name for name, path in files.items() if path.samefile(file_in_use)), model)
        here.setdefault(model, file_in_use)
    offers = []
    for entry in catalogue().values():
        offer = _of_catalogue(entry, context_length, room, is_here=entry.name in here)
        offer = _with_score(offer, here.get(entry.name), models_dir)
        offers.append(replace(offer, in_use=entry.name == model))
    for name, path in here.items():
        if name not in catalogue() and (file := inspect_if_whole(path)):
            offer = _of_file(name, file, file.memory_bytes(context_length), room)
            offer = _with_score(offer, path, models_dir)
            offers.append(replace(offer, engine=preferred_engine(file), in_use=name == model))
    return offers


def group_of_this_machine(offers: Iterable[Offer]) -> int | None:
    """The group of *offers* for this machine: the most GB of memory that it has of their groups."""
    own_memory = round(total_memory() / 1_000_000_000)
    sizes = [offer.machine for offer in offers if offer.machine and offer.machine <= own_memory]
    return max(sizes, default=None)


def _with_score(offer: Offer, path: Path | None, models_dir: Path) -> Offer:
    score = score_of(path, models_dir) if path else None
    return replace(offer, score=score, tier=score.tier) if score else offer


def _of_catalogue(entry: CatalogueEntry, context_length: int, room: _Room, is_here: bool) -> Offer:
    memory, least = entry.memory_bytes(context_length), entry.least_memory_bytes(context_length)
    download = 0 if is_here else entry.size
    common_fields = {key.name for key in fields(Offer)} & {
        key.name for key in fields(CatalogueEntry)
    }
    return Offer(
        **{name: getattr(entry, name) for name in common_fields},
        memory=memory,
        least_memory=least,
        fits=room.for_model(memory, download),
        tight=not room.for_model(memory, download) and room.for_model(least, download),
        installed=is_here,
        in_use=False,
        older=entry.machine is None,
    )


def _of_file(name: str, file: ModelFile, memory: int, room: _Room) -> Offer:
    return Offer(
        name=name,
        title=file.name,
        family=file.family,
        size=file.size,
        memory=memory,
        least_memory=memory,
        languages=(),
        licence="?",
        commercial="terms",
        source=str(file.path),
        tier=tier_by_size(file.parameters),
        context=file.context_length,
        engine="",
        fits=room.for_model(memory, 0),
        tight=False,
        installed=True,
        in_use=False,
    )
