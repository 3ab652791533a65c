"""Word documents (DOCX): paragraphs, headings, lists, tables, text boxes and notes."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from chatbot_server.retrieval.read.document import Result
from chatbot_server.retrieval.read.files.lines import without_page_number
from chatbot_server.retrieval.read.files.office.package import (
    Package,
    attribute,
    child,
    children,
    local,
)
from chatbot_server.retrieval.read.files.titles import one_document
from chatbot_server.retrieval.read.files.writer import MarkdownWriter, with_note

MAX_SPAN = 60
_HEADING = re.compile(r"(?:heading|titre|überschrift|título) ?([1-9])", re.IGNORECASE)
_CONTENTS = re.compile(r"(?:toc|table of (?:figures|authorities)|index) ?\d*", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"[0-9A-Ca-cE-Fe-f][0-9A-Fa-f]{3}")
_IN_WORDS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_UNSEEN = {"pPr", "rPr", "del", "moveFrom", "instrText", "delText", "rt"}
_OFF = ("0", "false", "off", "none")
# What hides a run, or strikes it out.
_SWITCHES = ("vanish", "strike", "dstrike")


def read_docx(data: bytes, name: str) -> Result:
    """The document of a Word file.

    Raises:
        Unreadable: damaged, protected, or without text.
    """
    package = Package(data)
    main, tree = package.main_part("document")
    writer, body = MarkdownWriter(), MarkdownWriter()
    reader = WordReader(package, main)
    reader.write_blocks(child(tree, "body"), body)
    for line in reader.margins(body.text):
        writer.paragraph(line)
    writer.append(body)
    return one_document(writer, name, package.title("docProps/core.xml"))


@dataclass(frozen=True)
class WordStyle:
    """What a style says of its paragraphs; ``level`` 0 is no heading."""

    level: int = 0
    list_id: str = ""
    is_bold: bool = False
    is_contents: bool = False


class WordReader:
    """Reads the parts of one Word file."""

    def __init__(self, package: Package, main: str) -> None:
        self._package = package
        self._related = package.related(main)
        self._styles = self.read_styles(self._tree_of("styles"))
        self._list_formats = self.read_lists(self._tree_of("numbering"))
        self._numbers: Counter[tuple[str, int]] = Counter()
        self._notes = {
            (kind, attribute(note, "id")): note
            for kind in ("footnote", "endnote")
            for note in children(self._tree_of(f"{kind}s"), kind)
            if not attribute(note, "type")
        }

    def write_blocks(self, parent: Any, writer: MarkdownWriter) -> None:
        """The paragraphs and tables right below *parent*, in order."""
        for element in () if parent is None else parent:
            if writer.is_full:
                return
            match local(element):
                case "p":
                    self.write_paragraph(element, writer)
                case "tbl":
                    self.write_table(element, writer)
                case "sdt":
                    self.write_blocks(child(element, "sdtContent"), writer)
                case "ins" | "moveTo" | "customXml" | "smartTag":
                    self.write_blocks(element, writer)

    def margins(self, body: str) -> list[str]:
        """What headers and footers say beside the *body*, once: addresses and hours often do."""
        lines: dict[str, None] = {}
        for kind, part in self._related.values():
            if kind in ("header", "footer"):
                margin = MarkdownWriter()
                self.write_blocks(self._package.tree(part), margin)
                lines |= dict.fromkeys(map(without_page_number, margin.text.split("\n")))
        return [line for line in lines if line and line not in body]

    def _tree_of(self, kind: str) -> Any:
        parts = (part for related_kind, part in self._related.values() if related_kind == kind)
        return self._package.tree(next(parts, ""))

    def read_styles(self, tree: Any) -> dict[str, WordStyle]:
        """What each style says, with what it takes over from others."""
        elements = {attribute(style, "styleId"): style for style in children(tree, "style")}
        styles: dict[str, WordStyle] = {}

        def style_of(name: str, depth: int = 0) -> WordStyle:
            if name not in elements or depth > 20:
                return WordStyle()
            if name not in styles:
                element = elements[name]
                base = style_of(attribute(child(element, "basedOn"), "val"), depth + 1)
                styles[name] = style_from(element, base)
            return styles[name]

        for name in elements:
            style_of(name)
        return styles

    def read_lists(self, tree: Any) -> dict[tuple[str, int], str]:
        """The format of each level of each list."""
        abstract = {
            attribute(element, "abstractNumId"): element
            for element in children(tree, "abstractNum")
        }
        return {
            (attribute(element, "numId"), _number(attribute(level, "ilvl"))): attribute(
                child(level, "numFmt"), "val"
            )
            for element in children(tree, "num")
            for level in children(
                abstract.get(attribute(child(element, "abstractNumId"), "val")), "lvl"
            )
        }

    def write_paragraph(self, paragraph: Any, writer: MarkdownWriter) -> None:
        """A heading, an item or a paragraph, and the text boxes in it."""
        properties = child(paragraph, "pPr")
        style = self._styles.get(attribute(child(properties, "pStyle"), "val"), WordStyle())
        if style.is_contents:
            return
        text = WordText(paragraph)
        words = self.with_notes(text)
        outline = attribute(child(properties, "outlineLvl"), "val")
        level = _number(outline) + 1 if outline and outline < "9" else style.level
        list_id = attribute(child(properties, "numPr", "numId"), "val") or style.list_id
        if level:
            writer.heading(level, words)
        elif list_id and list_id != "0":
            depth = _number(attribute(child(properties, "numPr", "ilvl"), "val"))
            writer.item(words, depth, self._mark(list_id, depth) if words.strip() else "-")
        else:
            writer.paragraph(words, bold=self.is_bold(paragraph))
        for box in text.boxes:
            self.write_blocks(box, writer)

    def _mark(self, list_id: str, depth: int) -> str:
        if self._list_formats.get((list_id, depth)) != "decimal":
            return "-"
        self._numbers[list_id, depth] += 1
        for below in range(depth + 1, 9):
            self._numbers.pop((list_id, below), None)
        return f"{self._numbers[list_id, depth]}."

    def with_notes(self, text: WordText) -> str:
        """A short note in brackets where it is referred to, a long one below."""
        words, below = text.words, ""
        for mark, key in text.notes.items():
            writer = MarkdownWriter()
            if key in self._notes:
                self.write_blocks(self._notes.pop(key), writer)
            inside, further = with_note(writer.in_one_line)
            words = words.replace(mark, inside)
            below += further
        return words + below

    def write_table(self, table: Any, writer: MarkdownWriter) -> None:
        """A table, or what is in it where it only places things."""
        rows: list[list[str]] = []
        cells: list[MarkdownWriter] = []
        header_rows = 0
        is_bold: list[bool] = []
        for row in rows_of(table):
            texts = [""] * _span(child(row, "trPr", "gridBefore"))
            elements = list(cells_of(row))
            for element in elements:
                cell = MarkdownWriter()
                self.write_blocks(element, cell)
                text = cell.in_one_line
                merge = child(element, "tcPr", "vMerge")
                if merge is not None and attribute(merge, "val") != "restart" and rows:
                    text = rows[-1][len(texts)] if len(texts) < len(rows[-1]) else ""
                else:
                    cells.append(cell)
                texts += [text] * max(1, _span(child(element, "tcPr", "gridSpan")))
            header = child(row, "trPr", "tblHeader")
            if header_rows == len(rows) and header is not None and _is_on(header):
                header_rows += 1
            is_bold.append(bool(elements) and all(self.is_bold(element) for element in elements))
            rows.append(texts[:MAX_SPAN])
        if any(cell.places_things for cell in cells):
            for cell in cells:
                writer.append(cell)
            return
        if not header_rows and is_bold[:1] == [True] and not all(is_bold):
            header_rows = is_bold.index(False)
        writer.table(rows, header_rows or None)

    def is_bold(self, element: Any) -> bool:
        """Whether all words in *element* are bold."""
        for paragraph in element.iter("{*}p"):
            name = attribute(child(paragraph, "pPr", "pStyle"), "val")
            bold_style = self._styles.get(name, WordStyle()).is_bold
            for run in paragraph.iter("{*}r"):
                bold = child(run, "rPr", "b")
                if child(run, "t") is not None and not (
                    bold_style if bold is None else _is_on(bold)
                ):
                    return False
        return True


class WordText:
    """The words of one paragraph, its text boxes, and what notes it refers to."""

    def __init__(self, paragraph: Any) -> None:
        self.boxes: list[Any] = []
        self.notes: dict[str, tuple[str, str]] = {}
        self._parts: list[str] = []
        self._collect(paragraph)
        self.words = "".join(self._parts)

    def _collect(self, element: Any) -> None:
        for part in element:
            name = local(part)
            if name in ("t", "sym"):
                self._parts.append(letters_of(part, element))
            elif name in _IN_WORDS and local(element) == "r":
                self._parts.append(_IN_WORDS[name])
            elif name in ("footnoteReference", "endnoteReference"):
                mark = f"\0{len(self.notes)}\0"
                self.notes[mark] = (name.removesuffix("Reference"), attribute(part, "id"))
                self._parts.append(mark)
            elif name == "txbxContent":
                self.boxes.append(part)
            elif name == "AlternateContent":  # the same thing for new and for old programs
                choice = child(part, "Choice")
                self._collect(child(part, "Fallback") if choice is None else choice)
            elif name not in _UNSEEN and not (name == "r" and is_unseen(part)):
                self._collect(part)


def is_unseen(run: Any) -> bool:
    """Whether *run* is hidden, or struck out: what a price was."""
    properties = child(run, "rPr")
    switches = () if properties is None else properties
    return any(local(switch) in _SWITCHES and _is_on(switch) for switch in switches)


def letters_of(part: Any, run: Any) -> str:
    """The text or symbol *part* of *run*, with the letters of a font of pictures as such."""
    text = part.text or ""
    font = attribute(part, "font") or attribute(child(run, "rPr", "rFonts"), "ascii")
    if _HEXADECIMAL.fullmatch(attribute(part, "char")):
        text = chr(int(attribute(part, "char"), 16))
    if not font.startswith("Wingdings"):
        return text
    return "".join(chr(0xF000 + ord(char)) if 32 < ord(char) < 256 else char for char in text)


def style_from(element: Any, base: WordStyle) -> WordStyle:
    """The style of an element of the styles, which builds on *base*."""
    properties = child(element, "pPr")
    name = attribute(child(element, "name"), "val")
    outline = attribute(child(properties, "outlineLvl"), "val")
    by_name = _HEADING.fullmatch(name)
    if outline:
        level = _number(outline) + 1 if outline < "9" else 0
    elif by_name:
        level = int(by_name[1])
    else:
        level = 1 if name.lower() in ("title", "titre", "titel") else base.level
    bold = child(element, "rPr", "b")
    return WordStyle(
        level,
        attribute(child(properties, "numPr", "numId"), "val") or base.list_id,
        base.is_bold if bold is None else _is_on(bold),
        bool(_CONTENTS.fullmatch(name)) or base.is_contents,
    )


def _is_on(switch: Any) -> bool:
    return attribute(switch, "val") not in _OFF


def rows_of(table: Any) -> list[Any]:
    """The rows of a table that are not deleted."""
    paths = ("{*}tr", "{*}sdt/{*}sdtContent/{*}tr", "{*}ins/{*}tr")
    rows = [row for path in paths for row in table.iterfind(path)]
    return [row for row in rows if child(row, "trPr", "del") is None]


def cells_of(row: Any) -> list[Any]:
    """The cells of a row."""
    return [
        cell
        for element in row
        for cell in (
            [element] if local(element) == "tc" else element.iterfind("{*}sdtContent/{*}tc")
        )
        if local(element) in ("tc", "sdt")
    ]


def _span(element: Any) -> int:
    return min(_number(attribute(element, "val")), MAX_SPAN)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
