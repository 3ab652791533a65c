"""OpenDocument files: texts (ODT), sheets (ODS) and slides (ODP)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from chatbot_server.retrieval.read.document import Result, Unreadable
from chatbot_server.retrieval.read.files.lines import without_page_number
from chatbot_server.retrieval.read.files.office.opendocument_table import TableGrid, count_of
from chatbot_server.retrieval.read.files.office.package import (
    Package,
    attribute,
    child,
    children,
    local,
)
from chatbot_server.retrieval.read.files.office.sheet import write_sheet
from chatbot_server.retrieval.read.files.titles import is_made_up, one_document
from chatbot_server.retrieval.read.files.writer import MarkdownWriter, with_note

MAX_STYLES_ABOVE = 20
_BLANKS = re.compile(r"\s+")
_UNSEEN = {
    "annotation", "annotation-end", "ruby-text", "tracked-changes", "hidden-paragraph", "desc",
    "title", "page-number", "page-count",
}  # fmt: skip
_SHAPES = {"frame", "text-box", "g", "custom-shape", "rect", "ellipse", "a"}
_HIDDEN = ("none", "condition", "false")


def read_opendocument(data: bytes, name: str) -> Result:
    """The document of a text, of sheets or of slides.

    Raises:
        Unreadable: damaged, protected, too large, or without text.
    """
    package = Package(data)
    manifest = package.tree("META-INF/manifest.xml")
    if next(manifest.iter("{*}encryption-data"), None) is not None:
        raise Unreadable("extract_encrypted")
    if "content.xml" not in package.names:
        raise Unreadable("extract_other_kind")
    writer, body = MarkdownWriter(), MarkdownWriter()
    reader = OpenDocumentReader(package.tree("content.xml"), package.tree("styles.xml"))
    reader.write_body(body)
    for line in reader.margins(body.text):
        writer.paragraph(line)
    writer.append(body)
    return one_document(writer, name, package.title("meta.xml"))


class OpenDocumentReader:
    """Reads the content of one file with its styles."""

    def __init__(self, content: Any, styles: Any) -> None:
        self._content, self._shared_styles = content, styles
        self._styles = {
            attribute(style, "name"): style
            for tree in (styles, content)
            for style in tree.iter("{*}style")
        }
        self._titles = self.names_where(lambda style: attribute(style, "name") == "Title")
        self._unseen = self.names_where(hides)
        self._bold = self.names_where(is_bold_style)
        self._numbered_lists = {
            (attribute(style, "name"), count_of(level, "level"))
            for tree in (styles, content)
            for style in tree.iter("{*}list-style")
            for level in children(style, "list-level-style-number")
            if attribute(level, "num-format")
        }
        self._numbers: Counter[tuple[str, int]] = Counter()

    def names_where(self, holds: Callable[[Any], bool]) -> set[str]:
        """The names of the styles for which *holds* is true, or for one that they build on."""
        return {name for name in self._styles if any(map(holds, self.with_bases(name)))}

    def with_bases(self, name: str) -> Iterator[Any]:
        """The style *name* and those it builds on."""
        for _number in range(MAX_STYLES_ABOVE):
            if name not in self._styles:
                return
            yield self._styles[name]
            name = attribute(self._styles[name], "parent-style-name")

    def write_body(self, writer: MarkdownWriter) -> None:
        """All texts, sheets and slides that are shown."""
        for part in () if (body := child(self._content, "body")) is None else body:
            if local(part) == "text":
                self.write_blocks(part, writer)
            for sheet in children(part, "table") if local(part) == "spreadsheet" else ():
                self.write_sheet(sheet, writer)
            for number, slide in enumerate(children(part, "page")):
                if not self.is_unseen(slide):
                    self.write_slide(slide, writer, 2 if number else 1)

    def write_sheet(self, sheet: Any, writer: MarkdownWriter) -> None:
        """A sheet that is shown, below its name."""
        grid = TableGrid(sheet, self.cell_writer, self.is_bold_cell)
        if not self.is_unseen(sheet) and any(map(any, grid.rows)):
            name = attribute(sheet, "name")
            writer.heading(1, "" if is_made_up(name) else name)
            write_sheet(grid.rows, writer)

    def write_slide(self, slide: Any, writer: MarkdownWriter, level: int) -> None:
        """What is on a slide, below its title; not the notes of the speaker."""
        titles = [
            shape for shape in children(slide, "frame") if attribute(shape, "class") == "title"
        ]
        for frame in titles:
            writer.heading(level, self.cell_writer(frame).in_one_line)
        for shape in slide:
            if local(shape) in _SHAPES and shape not in titles:
                self.write_blocks([shape], writer)

    def margins(self, body: str) -> list[str]:
        """What headers and footers say beside the *body*, once."""
        lines: dict[str, None] = {}
        for page in self._shared_styles.iter("{*}master-page"):
            for part in page:
                if local(part).startswith(("header", "footer")):
                    margin = MarkdownWriter()
                    self.write_blocks(part, margin)
                    lines |= dict.fromkeys(map(without_page_number, margin.text.split("\n")))
        return [line for line in lines if line and line not in body]

    def write_blocks(self, parent: Any, writer: MarkdownWriter) -> None:
        """The paragraphs, lists and tables right below *parent*, in order."""
        for element in parent:
            if writer.is_full:
                return
            match local(element):
                case "h" | "p":
                    self.write_paragraph(element, writer)
                case "list":
                    self.write_list(element, writer)
                case "table":
                    self.write_table(element, writer)
                case "section" if attribute(element, "display") not in _HIDDEN:
                    self.write_blocks(element, writer)
                case name if name in _SHAPES:
                    self.write_blocks(element, writer)

    def write_paragraph(self, paragraph: Any, writer: MarkdownWriter) -> None:
        """A heading or a paragraph, and the text boxes in it."""
        if self.is_unseen(paragraph):
            return
        text = self.text_of_paragraph(paragraph)
        if local(paragraph) == "h":
            writer.heading(count_of(paragraph, "outline-level"), text.words)
        elif attribute(paragraph, "style-name") in self._titles:
            writer.heading(1, text.words)
        else:
            writer.paragraph(text.words, bold=self.is_bold(paragraph))
        self.write_blocks(text.boxes, writer)

    def write_list(
        self, element: Any, writer: MarkdownWriter, depth: int = 0, style: str = ""
    ) -> None:
        """The items of a list and the lists in them."""
        style = attribute(element, "style-name") or style
        is_numbered = (style, depth + 1) in self._numbered_lists
        if attribute(element, "continue-numbering") != "true":
            self._numbers[style, depth] = 0
        for entry in element:
            if local(entry) not in ("list-item", "list-header"):
                continue
            paragraphs = [part for part in children(entry, "p") if not self.is_unseen(part)]
            texts = [self.text_of_paragraph(part) for part in paragraphs]
            words = " ".join(text.words for text in texts)
            self._numbers[style, depth] += bool(words.strip())
            writer.item(words, depth, f"{self._numbers[style, depth]}." if is_numbered else "-")
            for part in entry:
                if local(part) == "list":
                    self.write_list(part, writer, depth + 1, style)
                elif local(part) == "h":  # a heading with a number
                    self.write_paragraph(part, writer)
            for text in texts:
                self.write_blocks(text.boxes, writer)

    def write_table(self, table: Any, writer: MarkdownWriter) -> None:
        """A table, or what is in it where it only places things."""
        if self.is_unseen(table):
            return
        grid = TableGrid(table, self.cell_writer, self.is_bold)
        if any(cell.places_things for cell in grid.cells):
            for cell in grid.cells:
                writer.append(cell)
        else:
            writer.table(grid.rows, grid.header_rows or None)

    def cell_writer(self, cell: Any) -> MarkdownWriter:
        """What is in a cell or box."""
        writer = MarkdownWriter()
        if not self.is_unseen(cell):
            self.write_blocks(cell, writer)
        return writer

    def is_unseen(self, element: Any) -> bool:
        """Whether its style hides *element*."""
        return attribute(element, "style-name") in self._unseen

    def is_bold_cell(self, cell: Any) -> bool:
        """Whether the style of a cell of a sheet makes it bold."""
        return attribute(cell, "style-name") in self._bold

    def is_bold(self, element: Any) -> bool:
        """Whether all words in *element* are bold."""
        parts = [*element.iter("{*}p"), *element.iter("{*}h")]
        return all(
            attribute(part, "style-name") in self._bold
            or (
                all(attribute(span, "style-name") in self._bold for span in part)
                and not (part.text or "").strip()
                and not any((span.tail or "").strip() for span in part)
            )
            for part in parts
        )

    def text_of_paragraph(self, paragraph: Any) -> OpenText:
        """The words of a paragraph and the boxes in it."""
        text = OpenText(self)
        text.collect(paragraph)
        text.words = "".join(text.parts) + "".join(text.below)
        return text


class OpenText:
    """The words of one paragraph with its notes, and its text boxes."""

    def __init__(self, reader: OpenDocumentReader) -> None:
        self.words = ""
        self.boxes: list[Any] = []
        self.parts: list[str] = []
        self.below: list[str] = []
        self._reader = reader

    def collect(self, element: Any) -> None:
        """Take all that *element* shows."""
        self.add(element.text)
        for part in element:
            name = local(part)
            if name == "s":
                self.parts.append(" ")
            elif name in ("tab", "line-break"):
                self.parts.append("\t" if name == "tab" else "\n")
            elif name == "note":
                note = self._reader.cell_writer(child(part, "note-body")).in_one_line
                inside, below = with_note(note)
                self.parts.append(inside)
                self.below.append(below)
            elif name in _SHAPES - {"a"}:
                self.boxes.append(part)
            elif name and name not in _UNSEEN and not self._reader.is_unseen(part):
                self.collect(part)
            self.add(part.tail)

    def add(self, text: str | None) -> None:
        """Take *text*, whose line breaks are those of the XML."""
        self.parts.append(_BLANKS.sub(" ", text or ""))


def hides(style: Any) -> bool:
    """Whether a style hides what has it, or strikes it out."""
    return (
        attribute(child(style, "text-properties"), "text-line-through-style") not in ("", "none")
        or attribute(child(style, "text-properties"), "display") in _HIDDEN
        or attribute(child(style, "table-properties"), "display") in _HIDDEN
        or attribute(child(style, "drawing-page-properties"), "visibility") == "hidden"
    )


def is_bold_style(style: Any) -> bool:
    """Whether a style makes text bold."""
    return attribute(child(style, "text-properties"), "font-weight") == "bold"
