"""Presentations (PPTX): each slide that is shown, below its title."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
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
from chatbot_server.retrieval.read.files.titles import one_document
from chatbot_server.retrieval.read.files.writer import MAX_COLUMNS, MAX_ROWS, MarkdownWriter

MAX_SLIDES = 2000
LONGEST_TITLE = 80
# English Metric Units: shapes whose tops differ by less stand beside each other.
SAME_HEIGHT = 300_000
TITLES = ("title", "ctrTitle")
_LISTS = ("body", "obj", "")
_FURNITURE = ("dt", "sldNum", "hdr")
_YES = ("1", "true")


def read_pptx(data: bytes, name: str) -> Result:
    """The document of a presentation.

    Raises:
        Unreadable: damaged, protected, too large, or without text.
    """
    package = Package(data)
    main, presentation = package.main_part("presentation")
    relations = package.related(main)
    writer, body = MarkdownWriter(), MarkdownWriter()
    footers: dict[str, None] = {}
    slides = list(children(child(presentation, "sldIdLst"), "sldId"))
    if len(slides) > MAX_SLIDES:
        raise Unreadable("extract_big")
    for number, reference in enumerate(slides):
        # Of its two attributes of that name, the one in a namespace is the relation.
        relation = next((value for key, value in reference.items() if key.endswith("}id")), "")
        part = relations.get(relation, ("", ""))[1]
        slide = package.tree(part)
        if body.is_full or attribute(slide, "show") in ("0", "false"):
            continue
        reader = SlideReader(package, part, slide)
        reader.write(body, 2 if number else 1)
        footers |= dict.fromkeys(reader.footers)
    for line in footers:
        writer.paragraph("" if line in body.text else line)
    writer.append(body)
    return one_document(writer, name, package.title("docProps/core.xml"))


class SlideReader:
    """Reads the shapes of one slide."""

    def __init__(self, package: Package, part: str, slide: Any) -> None:
        self._package, self._part = package, part
        shapes = list(shapes_in(child(slide, "cSld", "spTree")))
        kinds = [placeholder(shape) for shape in shapes]
        self.footers = [
            text_of(child(shape, "txBody"))
            for shape, kind in zip(shapes, kinds, strict=True)
            if kind == "ftr"
        ]
        self._titles = [s for s, kind in zip(shapes, kinds, strict=True) if kind in TITLES]
        placed_kinds = (*TITLES, *_FURNITURE, "ftr")
        self._shapes = in_reading_order(
            [s for s, kind in zip(shapes, kinds, strict=True) if kind not in placed_kinds]
        )
        if not self._titles and len(self._shapes) > 1 and looks_like_title(self._shapes[0]):
            self._titles = [self._shapes.pop(0)]

    def write(self, writer: MarkdownWriter, level: int) -> None:
        """The title as a heading of *level*, and what is below it."""
        for shape in self._titles:
            lines = [words_of(paragraph) for paragraph in children(child(shape, "txBody"), "p")]
            writer.heading(level, " ".join(lines))
        for shape in self._shapes:
            if local(shape) == "graphicFrame":
                self.write_frame(shape, writer)
            else:
                is_list = placeholder(shape) in _LISTS
                write_paragraphs(child(shape, "txBody"), writer, is_list=is_list)

    def write_frame(self, frame: Any, writer: MarkdownWriter) -> None:
        """A table, or the words of a diagram."""
        content = child(frame, "graphic", "graphicData")
        table = child(content, "tbl")
        if table is not None:
            has_header = attribute(child(table, "tblPr"), "firstRow") in _YES
            writer.table(rows_of_table(table), 1 if has_header else None)
        diagram = attribute(child(content, "relIds"), "dm")
        if diagram:
            part = self._package.related(self._part).get(diagram, ("", ""))[1]
            for point in self._package.tree(part).iter("{*}pt"):
                write_paragraphs(child(point, "t"), writer, is_list=True)


def shapes_in(group: Any) -> Iterator[Any]:
    """The shapes with text that are shown, those of groups among them."""
    for shape in () if group is None else group:
        name = local(shape)
        properties = next((child(part, "cNvPr") for part in shape if local(part)[:2] == "nv"), None)
        if attribute(properties, "hidden") in _YES:
            continue
        if name == "grpSp":
            yield from shapes_in(shape)
        elif name == "AlternateContent":  # the same thing for new and for old programs
            choice = child(shape, "Choice")
            yield from shapes_in(child(shape, "Fallback") if choice is None else choice)
        elif name in ("sp", "graphicFrame"):
            yield shape


def placeholder(shape: Any) -> str:
    """What a shape is for; ``-``: what its writer pleased, empty: the slide's main content."""
    place = child(shape, "nvSpPr", "nvPr", "ph")
    return "-" if place is None else attribute(place, "type")


def in_reading_order(shapes: list[Any]) -> list[Any]:
    """From the top down and from the left, where all say where they are; else as drawn."""
    places = []
    for shape in shapes:
        offset = child(shape, "xfrm", "off")
        if offset is None:
            offset = child(shape, "spPr", "xfrm", "off")
        try:
            places.append((int(attribute(offset, "y")) // SAME_HEIGHT, int(attribute(offset, "x"))))
        except ValueError:
            return shapes
    order = sorted(range(len(shapes)), key=lambda at: places[at])
    return [shapes[at] for at in order]


def looks_like_title(shape: Any) -> bool:
    """Whether a box at the top of a slide without a title says what the slide is about."""
    lines = [words_of(paragraph).strip() for paragraph in children(child(shape, "txBody"), "p")]
    texts = [line for line in lines if line]
    return len(texts) == 1 and len(texts[0]) <= LONGEST_TITLE and not texts[0].endswith((".", ","))


def write_paragraphs(body: Any, writer: MarkdownWriter, *, is_list: bool) -> None:
    """The paragraphs of a shape; those of a list as items."""
    number = 0
    for paragraph in children(body, "p"):
        properties = child(paragraph, "pPr")
        words = words_of(paragraph)
        is_numbered = child(properties, "buAutoNum") is not None
        has_bullet = is_numbered or child(properties, "buChar") is not None
        number = number + bool(words.strip()) if is_numbered else 0
        if has_bullet or (is_list and child(properties, "buNone") is None):
            level = attribute(properties, "lvl")
            depth = int(level) if level in tuple("12345678") else 0
            writer.item(words, depth, f"{number}." if is_numbered else "-")
        else:
            writer.paragraph(words)


def words_of(paragraph: Any) -> str:
    """The words of a paragraph; without the number of the slide."""
    parts = []
    for run in paragraph:
        if local(run) == "br":
            parts.append("\n")
        elif local(run) == "r" or attribute(run, "type") not in ("", "slidenum"):
            is_struck = attribute(child(run, "rPr"), "strike") in ("sngStrike", "dblStrike")
            parts += [text.text or "" for text in children(run, "t") if not is_struck]
    return "".join(parts)


def rows_of_table(table: Any) -> list[list[str]]:
    """The rows of a table; what spans several cells is in each of them.

    Raises:
        Unreadable: there are too many.
    """
    rows: list[list[str]] = []
    for row in children(table, "tr"):
        if len(rows) >= MAX_ROWS:
            raise Unreadable("extract_big")
        texts: list[str] = []
        for cell in list(children(row, "tc"))[:MAX_COLUMNS]:
            if attribute(cell, "hMerge") in _YES and texts:
                texts.append(texts[-1])
            elif attribute(cell, "vMerge") in _YES and rows and len(texts) < len(rows[-1]):
                texts.append(rows[-1][len(texts)])
            else:
                lines = (words_of(paragraph) for paragraph in children(child(cell, "txBody"), "p"))
                texts.append(" ".join(chain.from_iterable(line.split() for line in lines)))
        rows.append(texts)
    return rows
