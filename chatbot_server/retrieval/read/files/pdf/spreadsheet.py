"""What a spreadsheet program printed: columns without room go on over further pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from chatbot_server.retrieval.read.files.pdf.page.pieces import PdfPage, Piece, Rule
from chatbot_server.retrieval.read.files.pdf.tables.ruled import Row

SAME_HEIGHT = 0.5
MIN_ROWS = 3
# Between what ends one page and what goes on, where no lines are drawn.
BETWEEN = 12.0
_PROGRAMS = re.compile(r"\b(?:calc|excel|numbers)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{3}")
ReadPage = tuple[PdfPage, list[Row]]


def is_spreadsheet(program: str) -> bool:
    """Whether *program*, as a file names who made it, makes spreadsheets."""
    return bool(_PROGRAMS.search(program))


def with_columns_together(pages: Sequence[ReadPage]) -> list[ReadPage]:
    """The pages, each that holds further columns of a former one joined to its right."""
    result: list[ReadPage] = []
    next_place = 0
    for page, rows in pages:
        rows = [inside for row in rows if (inside := [p for p in row if p.x0 >= page.left_edge])]
        candidates = (
            chain(range(next_place, len(result)), range(next_place)) if goes_on(rows) else ()
        )
        place = next((at for at in candidates if is_beside(rows, result[at][1])), None)
        if place is None:
            result.append((page, rows))
            next_place = next_place if next_place < len(result) else 0
        else:
            result[place] = beside(result[place], (page, rows))
            next_place = place + 1
    return result


def goes_on(rows: Sequence[Row]) -> bool:
    """Whether *rows* begin with values, and not with what names them."""
    named_count = sum(bool(_WORD.search(row[0].text)) for row in rows)
    return len(rows) >= MIN_ROWS and 2 * named_count < len(rows)


def is_beside(rows: Sequence[Row], left: Sequence[Row]) -> bool:
    """Whether each of *rows* stands at the height of one of *left*, which names it."""
    has_name = {
        round(row[0].baseline / SAME_HEIGHT): bool(_WORD.search(row[0].text)) for row in left
    }
    heights = [height_of(row, has_name) for row in rows]
    name_count = sum(has_name[height] for height in heights if height is not None)
    return None not in heights and 2 * name_count > len(rows)


def height_of(row: Row, heights: dict[int, bool]) -> int | None:
    """The one of *heights* at which *row* stands."""
    at = round(row[0].baseline / SAME_HEIGHT)
    return next((near for near in (at, at - 1, at + 1) if near in heights), None)


def beside(left: ReadPage, right: ReadPage) -> ReadPage:
    """Two pages as one, the columns of *right* following those of *left*."""
    (page, rows), (further, further_rows) = left, right
    ends = [rule.position for rule in page.down] or [
        BETWEEN + max(piece.x1 for row in rows for piece in row)
    ]
    starts = [rule.position for rule in further.down] or [
        min(piece.x0 for row in further_rows for piece in row)
    ]
    by = max(ends) - min(starts)
    by_height = {round(row[0].baseline / SAME_HEIGHT): list(row) for row in rows}
    heights = dict.fromkeys(by_height, True)
    for row in further_rows:
        at = height_of(row, heights)
        if at is not None:
            by_height[at] += [moved(piece, by) for piece in row]
    across = [Rule(rule.position, rule.start + by, rule.end + by) for rule in further.across]
    down = [Rule(rule.position + by, rule.start, rule.end) for rule in further.down]
    joined = replace(
        page,
        across=sorted([*page.across, *across], key=lambda rule: rule.position),
        down=sorted([*page.down, *down], key=lambda rule: rule.position),
    )
    return joined, list(by_height.values())


def moved(piece: Piece, by: float) -> Piece:
    """*piece*, standing farther right."""
    gaps = [replace(gap, start=gap.start + by, end=gap.end + by) for gap in piece.gaps]
    limit = piece.limit + by
    return replace(piece, x0=piece.x0 + by, x1=piece.x1 + by, limit=limit, gaps=gaps)
