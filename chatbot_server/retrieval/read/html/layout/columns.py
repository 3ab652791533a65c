"""Two columns of lines side by side, such as days and hours, whose lines belong together."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from typing import Any

from chatbot_server.retrieval.language.tables import DASH
from chatbot_server.retrieval.read.days import names_days, tells_hours
from chatbot_server.retrieval.read.html.layout.accordions import is_title
from chatbot_server.retrieval.read.html.layout.tables import LONGEST_LABEL, is_leaf, parts_of
from chatbot_server.retrieval.read.html.text.names import BLOCKS, CONTACT

MAX_DEPTH = 6
MAX_LINES = 40
LONGEST_LINE = 60
_BOXES = ("div", "section", "ul")
_LINES = ("p", "div", "li", "span")
_VALUE = re.compile(r"\d ?[€£$]|[€£$] ?\d|\b\d{1,2} ?(?:h|:\d\d|am|pm)", re.IGNORECASE)
_RANGE = re.compile(r"\d{1,2} ?[-–] ?\d{1,2}")
_PRICE = re.compile(r"\d ?[€£$]|[€£$] ?\d|\d ?(?:euros?|eur|chf|f ?cfa)\b", re.IGNORECASE)
MAX_CELLS_OF_CARD = 3
LONGEST_PRICE = 40
Text = Callable[[Any], str]


def column_beside(first: Any, text: Text) -> tuple[list[list[str]], Any]:
    """The rows of *first* and the column beside it, with that column; no rows if it is none."""
    second = first.getnext()
    if first.tag not in _BOXES or second is None or second.tag != first.tag:
        return [], None
    labels = lines_of_column(first, text)
    if len(labels) < 2:
        return [], None
    values = lines_of_column(second, text)
    if not belong_together(labels, values):
        return [], None
    return [list(row) for row in zip(labels, values, strict=True)], second


def lines_of_column(column: Any, text: Text) -> list[str]:
    """The lines of a column that holds nothing else; else none."""
    for _ in range(MAX_DEPTH):
        if len(column) != 1 or (column.text or "").strip() or column[0].tag not in (*_BOXES, "p"):
            break
        column = column[0]
    children = list(islice(column, MAX_LINES + 1))
    if not 1 <= len(children) <= MAX_LINES:
        return []
    if any(child.tag == "br" for child in children):
        lines = broken_lines(column)
    elif (column.text or "").strip() or not all(map(is_line, children)):
        return []
    else:
        lines = [text(child) for child in children]
    lines = list(filter(None, lines))
    return lines if all(len(line) <= LONGEST_LINE for line in lines) else []


def broken_lines(paragraph: Any) -> list[str]:
    lines = [paragraph.text or ""]
    for child in paragraph:
        if child.tag == "br":
            lines.append("")
        else:
            lines[-1] += "".join(child.itertext())
        lines[-1] += child.tail or ""
    return [" ".join(line.split()) for line in lines]


def is_line(child: Any) -> bool:
    if child.tag not in _LINES or (child.tail or "").strip():
        return False
    return all(part.tag in ("span", "b", "strong", "em", "i", "time") for part in islice(child, 9))


def line_of_card(box: Any, text: Text) -> str:
    """What *box* says on one line, if it holds only a name and its price; else nothing."""
    cells = cells_of_card(box) if box.tag in ("div", "section") else []
    if len(cells) > 2 and cells[-1].tag in ("a", "button") and not is_contact(cells[-1]):
        cells.pop()
    if not 2 <= len(cells) <= MAX_CELLS_OF_CARD or not all(map(_is_line_of_card, cells)):
        return ""
    if not any(cell.tag in BLOCKS for cell in parts_of(box)):
        return ""
    texts = list(filter(None, map(text, cells)))
    prices = [len(each) for each in texts if _PRICE.search(each) or CONTACT.search(each)]
    is_card = len(texts) > 1 and len(prices) == 1 and prices[0] <= LONGEST_PRICE
    is_card = is_card or (len(texts) == 2 and are_hours_of_day(*texts))
    is_card = is_card and not any(each.endswith("?") for each in texts)
    return DASH.join(texts) if is_card and max(map(len, texts)) <= LONGEST_LABEL else ""


def cells_of_card(box: Any) -> list[Any]:
    """What is in *box*: a name above its description, in a box of their own, is two cells."""
    cells: list[Any] = []
    for cell in map(unwrapped, parts_of(box)):
        inner = parts_of(cell) if cell.tag in _BOXES and not _is_line_of_card(cell) else []
        cells += inner if len(inner) == 2 else [cell]
    return cells


def unwrapped(cell: Any) -> Any:
    """The only element in the boxes around it, in place of *cell*."""
    for _ in range(MAX_DEPTH):
        has_text = (cell.text or "").strip() or len(cell) != 1 or (cell[0].tail or "").strip()
        if cell.tag not in _BOXES or has_text or cell[0].tag not in (*_BOXES, "p", "a"):
            break
        cell = cell[0]
    return cell


def is_contact(link: Any) -> bool:
    return (link.get("href") or "").lower().startswith(("mailto:", "tel:"))


def are_hours_of_day(day: str, hours: str) -> bool:
    """Whether *day* names days, and *hours* when something is open on them."""
    return belong_together([day], [hours]) and names_days(day)


def _is_line_of_card(cell: Any) -> bool:
    if not is_leaf(cell) or is_title(cell):
        return False
    return next(cell.iterdescendants("br", "p"), None) is None


def rows_of_two(labels: list[str], values: list[str]) -> list[list[str]]:
    """The rows that two rows beside or above each other stand for.

    If only the second one has prices, it is said of the first: cell by cell, or as a whole where
    that one says how long the price is for beside a name.
    """
    if belong_together(labels, values):
        return [list(row) for row in zip(labels, values, strict=True)]
    if not are_prices(values) or any(map(_PRICE.search, labels)):
        return [labels, values]
    if len(labels) == len(values) and all(map(_VALUE.search, labels)):
        return [list(row) for row in zip(labels, values, strict=True)]
    return [[", ".join(labels), ", ".join(values)]]


def are_prices(values: list[str]) -> bool:
    return all(map(_PRICE.search, values))


def belong_together(labels: list[str], values: list[str]) -> bool:
    """Whether the values are all prices or times, or tell the hours of the days that are labels."""
    if len(labels) != len(values) or any(map(_VALUE.search, labels)):
        return False
    rows = list(zip(labels, values, strict=True))
    are_hours = any(map(_VALUE.search, values)) and not any(map(tells_hours, values))
    if are_hours and all(tells_hours(f"{label}: {value}") for label, value in rows):
        return True
    if any(map(_RANGE.fullmatch, values)):  # “9–5” is hours only beside days
        return all(
            tells_hours(f"{label}: {_RANGE.sub('9:00 – 17:00', value)}") for label, value in rows
        )
    return all(map(_VALUE.search, values))
