"""A table that was cut for the index, whole again: half a week of hours misleads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from chatbot_server.retrieval.answer.search.site_memory import SectionText
from chatbot_server.retrieval.language.tables import row_name
from chatbot_server.storage.base import UnitOfWork
from chatbot_server.storage.knowledge.index.chunks import ChunkText, load_neighbours

# A longer table stays in pieces.
MAX_WORDS = 260


def with_whole_tables(unit: UnitOfWork, sections: Iterable[SectionText]) -> list[SectionText]:
    """*sections*, those that hold a part of a table with all of it."""
    return [section.once("table", (), partial(_whole, unit, section)) for section in sections]


def _whole(unit: UnitOfWork, section: SectionText) -> SectionText:
    lines = section.chunk.text.split("\n")
    if section.document.faq or not (row_name(lines[0]) or row_name(lines[-1])):
        return section
    around = load_neighbours(unit, section.chunk.id)
    at = next((at for at, chunk in enumerate(around) if chunk.id == section.chunk.id), None)
    if at is None:  # indexed anew meanwhile
        return section
    for chunk in around[at + 1 :]:
        lines = _continued(lines, _lines(chunk, section))
    for chunk in reversed(around[:at]):
        lines = _continued(_lines(chunk, section), lines, keeping_second=True)
    if sum(len(line.split()) for line in lines) > MAX_WORDS:
        return section
    return SectionText(section.document, section.chunk._replace(text="\n".join(lines)))


def _lines(chunk: ChunkText, section: SectionText) -> Sequence[str]:
    """Those of *chunk*, if it is under the same heading as *section*."""
    return chunk.text.split("\n") if chunk.heading == section.chunk.heading else ()


def _continued(
    first: Sequence[str], second: Sequence[str], *, keeping_second: bool = False
) -> list[str]:
    """The lines of a table that was cut between *first* and *second*, which share a row.

    If they share none, it was not cut there, and *first* is returned, or *second* if that is kept.
    """
    is_cut = bool(first and second and first[-1] == second[0] and row_name(second[0]))
    if not is_cut:
        return [*second] if keeping_second else [*first]
    return [*first, *second[1:]]
