"""Excel workbooks (XLSX): each sheet that is shown as a heading and a table, cells as displayed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any

from chatbot_server.retrieval.read.document import Result, Unreadable
from chatbot_server.retrieval.read.files.office.package import (
    Package,
    attribute,
    child,
    children,
    local,
    text_of,
)
from chatbot_server.retrieval.read.files.office.sheet import SheetRow, write_sheet
from chatbot_server.retrieval.read.files.titles import is_made_up, one_document
from chatbot_server.retrieval.read.files.writer import MAX_COLUMNS, MAX_ROWS, MarkdownWriter

EPOCH = datetime(1899, 12, 30, tzinfo=timezone.utc)
MAX_MERGED_ROWS = 100
_AREA = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")
_REFERENCE = re.compile(r"([A-Z]{1,3})\d{1,7}")
# A format has 255 characters at most.
_QUOTED = re.compile(r'"[^"]{0,255}"|\[[^\]]{0,255}\]|\\.')
_CURRENCY = re.compile(r"[€£¥]|\$(?![€£¥])|\b(?:EUR|CHF|USD|GBP)\b")
_DECIMALS = re.compile(r"0\.(0+)")
_BUILT_IN = {9: "0%", 10: "0.00%", 20: "h:mm", 21: "h:mm:ss", 22: "d/m/yy h:mm"}
_BUILT_IN |= dict.fromkeys((14, 15, 16, 17), "d/m/yyyy") | {2: "0.00", 4: "#,##0.00"}


def read_xlsx(data: bytes, name: str) -> Result:
    """The document of a workbook.

    Raises:
        Unreadable: damaged, protected, too large, or without text.
    """
    package = Package(data)
    main, workbook = package.main_part("workbook")
    relations = package.related(main)
    by_kind = dict(relations.values())
    strings = list(map(seen_text, children(package.tree(by_kind.get("sharedStrings", "")), "si")))
    styles = package.tree(by_kind.get("styles", ""))
    formats, bold_styles = cell_formats(styles), bold_styles_of(styles)
    writer = MarkdownWriter()
    for sheet in children(child(workbook, "sheets"), "sheet"):
        relation = next((value for key, value in sheet.items() if key.endswith("}id")), "")
        reference = relations.get(relation)
        if reference and attribute(sheet, "state") in ("", "visible"):
            tree = package.tree(reference[1])
            rows = rows_of_sheet(tree, strings, formats, bold_styles)
            if any(map(any, rows)):
                name_of_sheet = attribute(sheet, "name")
                writer.heading(1, "" if is_made_up(name_of_sheet) else name_of_sheet)
                write_sheet(rows, writer)
    return one_document(writer, name, package.title("docProps/core.xml"))


def seen_text(item: Any) -> str:
    """The text of a string, without what is struck out or tells how to speak it."""
    runs = () if item is None else item.iter("{*}t")
    visible_runs = (run for run in runs if not is_struck(run.getparent()))
    return "".join(run.text or "" for run in visible_runs if local(run.getparent()) != "rPh")


def is_struck(run: Any) -> bool:
    """Whether the letters of *run*, or of a font, are struck out: what a price was."""
    properties = child(run, "rPr") if local(run) == "r" else run
    return is_on(child(properties, "strike"))


def cell_formats(styles: Any) -> list[str | None]:
    """The number format of each style of cells; None: what is in them is struck out."""
    fonts = list(map(is_struck, children(child(styles, "fonts"), "font")))
    own = {
        attribute(element, "numFmtId"): attribute(element, "formatCode")
        for element in styles.iter("{*}numFmt")
    }
    formats: list[str | None] = []
    for element in children(child(styles, "cellXfs"), "xf"):
        key = attribute(element, "numFmtId")
        font = number_in(element, "fontId")
        code = own.get(key) or _BUILT_IN.get(int(key) if key.isdigit() else 0, "")
        formats.append(None if font < len(fonts) and fonts[font] else code)
    return formats


def bold_styles_of(styles: Any) -> set[str]:
    """The numbers of the styles that make all of a cell bold."""
    are_bold = [is_on(child(font, "b")) for font in children(child(styles, "fonts"), "font")]
    return {
        str(number)
        for number, element in enumerate(children(child(styles, "cellXfs"), "xf"))
        if (font := number_in(element, "fontId")) < len(are_bold) and are_bold[font]
    }


def is_on(element: Any) -> bool:
    """Whether a property, such as bold, is there and not switched off."""
    return element is not None and attribute(element, "val") not in ("0", "false")


def rows_of_sheet(
    sheet: Any,
    strings: list[str],
    formats: list[str | None],
    bold_styles: Collection[str] = frozenset(),
) -> list[SheetRow]:
    """The rows of a sheet that are shown; what spans several cells is in each of them.

    Raises:
        Unreadable: there are too many.
    """
    rows: dict[int, dict[int, str]] = {}
    hidden_rows: set[int] = set()
    bold_cells: defaultdict[int, set[int]] = defaultdict(set)
    number = 0
    for row in children(child(sheet, "sheetData"), "row"):
        if len(rows) >= MAX_ROWS:
            raise Unreadable("extract_big")
        number = number_in(row, "r") or number + 1
        if attribute(row, "hidden") in ("1", "true"):
            hidden_rows.add(number)
        if rows and number - 1 not in rows:  # an empty row, of which the file says nothing
            rows[number - 1] = {}
        cells = rows.setdefault(number, {})
        for cell in children(row, "c"):
            column = column_of(attribute(cell, "r"), max(cells, default=-1) + 1)
            if column < MAX_COLUMNS:
                cells[column] = cell_text(cell, strings, formats)
                if cells[column] and attribute(cell, "s") in bold_styles:
                    bold_cells[number].add(column)
    bold_rows = {at for at, cells in rows.items() if bold_cells[at] >= filled_columns(cells)}
    spread_merged_cells(sheet, rows)
    hidden_columns = {
        at
        for element in children(child(sheet, "cols"), "col")
        if attribute(element, "hidden") in ("1", "true")
        for at in range(MAX_COLUMNS)
        if number_in(element, "min") <= at + 1 <= number_in(element, "max")
    }
    shown_rows: list[SheetRow] = []
    for at_row, cells in rows.items():
        columns = set(range(max(cells, default=-1) + 1)) - hidden_columns
        row = SheetRow(cells.get(at, "") for at in sorted(columns))
        row.is_bold = at_row in bold_rows
        shown_rows += [] if at_row in hidden_rows else [row]
    return shown_rows


def filled_columns(cells: Mapping[int, str]) -> set[int]:
    return {at for at, text in cells.items() if text}


def spread_merged_cells(sheet: Any, rows: dict[int, dict[int, str]]) -> None:
    """Put what merged cells say into each of them."""
    for element in islice(children(child(sheet, "mergeCells"), "mergeCell"), MAX_ROWS):
        match = _AREA.fullmatch(attribute(element, "ref"))
        if match is None:
            continue
        first, last = column_of(match[1] + "1", 0), column_of(match[3] + "1", 0)
        text = rows.get(int(match[2]), {}).get(first, "")
        last_row = min(int(match[4]), int(match[2]) + MAX_MERGED_ROWS)
        for at_row in range(int(match[2]), last_row + 1) if text else ():
            if at_row in rows:
                rows[at_row] |= dict.fromkeys(range(first, min(last + 1, MAX_COLUMNS)), text)


def number_in(element: Any, name: str) -> int:
    """The number in the attribute *name*; 0: there is none."""
    text = attribute(element, name)
    return int(text) if text.isdigit() and len(text) < 9 else 0


def column_of(reference: str, following: int) -> int:
    """The number of the column of a cell such as ``B7``, or the *following* one."""
    match = _REFERENCE.fullmatch(reference)
    number = 0
    for letter in match[1] if match else "":
        number = 26 * number + ord(letter) - 64
    return number - 1 if match else following


def cell_text(cell: Any, strings: list[str], formats: list[str | None]) -> str:
    """What a cell shows."""
    value, kind = text_of(child(cell, "v")), attribute(cell, "t")
    style = attribute(cell, "s")
    code = formats[int(style)] if style.isdigit() and int(style) < len(formats) else ""
    if code is None:
        return ""
    if kind == "s":
        return strings[int(value)] if value.isdigit() and int(value) < len(strings) else ""
    if kind == "inlineStr":
        return seen_text(child(cell, "is"))
    if kind in ("str", "d", "e", "b"):
        return {"1": "✓", "0": "–"}.get(value, value) if kind == "b" else value
    try:
        return displayed(float(value), code) if value else ""
    except (ValueError, OverflowError):
        return value


def displayed(value: float, code: str) -> str:
    """A number in the format *code*: a date, a time, a share, a price."""
    code = code.split(";")[0]
    letters = _QUOTED.sub("", code).lower()
    if any(letter in letters for letter in "dyh"):
        moment = EPOCH + timedelta(days=value) + timedelta(milliseconds=1)
        parts = [moment.strftime("%Y-%m-%d")] if "d" in letters or "y" in letters else []
        return " ".join([*parts, *([moment.strftime("%H:%M")] if "h" in letters else [])])
    decimals = _DECIMALS.search(letters)
    if "%" in letters:
        return f"{round(100 * value, len(decimals[1]) if decimals else 0):.10g} %"
    number = f"{value:.{len(decimals[1])}f}" if decimals and value % 1 else f"{value:.10g}"
    currency = _CURRENCY.search(code)
    return f"{number} {currency[0]}" if currency else number
