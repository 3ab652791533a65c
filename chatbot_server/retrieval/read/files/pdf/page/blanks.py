"""Where blanks are written in a PDF, space without one parts the cells of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import pairwise
from statistics import median

from chatbot_server.retrieval.read.files.pdf.page.pieces import COLUMN_GAP, WORD_GAP, Letter

GUESSED = "\t"  # a blank that PDFium adds where letters stand apart
# In heights of a letter: a wider blank is stretched, as in lines that are justified.
USUAL_BLANK = 0.27
# In points: how much blanks of a line differ; where they are stretched, more.
SAME_WIDTH, NEARLY_SAME_WIDTH = 0.3, 0.6
# So many equal ones are those of a line, and not of cells with a word each.
MANY_WORDS = 6
# Where more than this share of the gaps between words has no blank, blanks are not written.
MOST_UNWRITTEN = 0.4


class Blanks(Enum):
    """Whether blanks are written in a file."""

    GUESSED = 0
    MOSTLY_WRITTEN = 1  # not all of those in lines that are justified
    WRITTEN = 2


def with_written_blanks(letters: Sequence[Letter]) -> tuple[list[Letter], bool]:
    """*letters* with the blanks that justified lines lack; whether no word lacks one then."""
    result: list[Letter] = []
    written_count = unwritten_count = 0
    for line in lines_of(letters):
        gaps = word_gaps(line)
        widths = [width for width, has_blank in gaps.values() if has_blank]
        others = {at: width for at, (width, has_blank) in gaps.items() if not has_blank}
        if not widths and len(others) >= MANY_WORDS:
            widths = list(others.values())
        usual = median(widths) if widths else -1.0
        is_stretched = usual > USUAL_BLANK * line[0].size
        most = NEARLY_SAME_WIDTH if is_stretched else SAME_WIDTH
        lacking = [at for at, width in others.items() if abs(width - usual) <= most]
        written_count += len(gaps) - len(others) + len(lacking)
        unwritten_count += len(others) - len(lacking)
        for at, letter in enumerate(line):
            if at in lacking:
                result.append(Letter(" ", 0.0, 0.0, 0.0, *letter_style(letter)))
            result.append(letter)
    return result, unwritten_count <= MOST_UNWRITTEN * (written_count + unwritten_count)


def letter_style(letter: Letter) -> tuple[float, bool, int]:
    """Size, weight and direction of *letter*."""
    return letter.size, letter.is_bold, letter.turn


def lines_of(letters: Sequence[Letter]) -> Iterator[list[Letter]]:
    """Letters at one height, from left to right, with the blanks between them."""
    line: list[Letter] = []
    former: Letter | None = None
    for letter in letters:
        if not letter.text.isspace():
            if former and (abs(letter.baseline - former.baseline) > 1 or letter.x0 < former.x0):
                yield line
                line = []
            former = letter
        line.append(letter)
    if line:
        yield line


def word_gaps(line: Sequence[Letter]) -> dict[int, tuple[float, bool]]:
    """How wide the gaps between words are, and whether a blank is written there.

    Each stands at the place of the letter behind it.
    """
    gaps: dict[int, tuple[float, bool]] = {}
    places = [at for at, letter in enumerate(line) if not letter.text.isspace()]
    for before, at in pairwise(places):
        width, size = line[at].x0 - line[before].x1, line[at].size
        has_blank = any(letter.text == " " for letter in line[before + 1 : at])
        if has_blank or WORD_GAP * size < width < COLUMN_GAP * size:
            gaps[at] = width, has_blank
    return gaps
