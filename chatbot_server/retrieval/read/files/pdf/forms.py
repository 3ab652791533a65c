"""What is filled into the form of a PDF, put beside the words that say what it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, product
from typing import Any

from chatbot_server.retrieval.read.files.pdf.page.pieces import PdfPage, Piece, Rule
from chatbot_server.retrieval.read.files.pdf.tables.ruled import touch

MAX_FIELDS = 1000
MAX_VALUE = 20_000
CHECKED = "✓"
# In points: the largest letters that a tall field is taken to have.
LARGEST = 11.0
# Of the height of a line in a field: its letters, and where it has its baseline.
LETTERS, BASELINE = 0.75, 0.72
# In points, or in heights of a letter: a label above a field begins with it and is so near.
BEGINS_WITH, NEAR_ABOVE = 12.0, 1.6
# In heights of a letter: how far from a check its label is.
NEAR_CHECK = 2.0
# In heights of a letter: so far below a field is the line of letters that it stands in.
HANGS = 0.4
# In points: how far from a field the frame is drawn that shows where it is.
FRAME, SAME = 5.0, 1.0
Extent = tuple[float, float]
HIDDEN, NOT_SHOWN, PASSWORD = 1 << 1, 1 << 5, 1 << 13


@dataclass(frozen=True, slots=True)
class FormField:
    """A field and its value; its box is left, top, right and bottom, growing downwards."""

    value: str
    name: str
    is_check: bool
    box: tuple[float, float, float, float]

    @property
    def pitch(self) -> float:
        """The height of a line in it."""
        return max(self.box[3] - self.box[1], 1.0) / max(len(self.value.splitlines()), 1)

    @property
    def size(self) -> float:
        """The size of its letters."""
        return min(LETTERS * self.pitch, LARGEST)


@dataclass(frozen=True, slots=True)
class Label:
    """The text that says what a field is, and whether the value is told in the same piece."""

    piece: Piece
    takes_value: bool


def add_form(pdf: Any, page: Any, result: PdfPage) -> None:
    """Add to *result* what is filled into the fields of *page*, each beside its label."""
    fields = list(fields_of(pdf, page, result))
    for field, label in zip(fields, labels_of(fields, tuple(result.pieces)), strict=True):
        result.pieces += pieces_of_field(field, label) if field.value else ()
    for field in fields:
        leave_out_frame(field, result)


def fields_of(pdf: Any, page: Any, result: PdfPage) -> Iterator[FormField]:
    """The fields that are shown, also those that hold nothing."""
    import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

    if pdf.formenv is None:
        return
    box = pdfium.FS_RECTF()
    for at in range(min(pdfium.FPDFPage_GetAnnotCount(page), MAX_FIELDS)):
        annotation = pdfium.FPDFPage_GetAnnot(page, at)
        is_field = pdfium.FPDFAnnot_GetSubtype(annotation) == pdfium.FPDF_ANNOT_WIDGET
        is_shown = not pdfium.FPDFAnnot_GetFlags(annotation) & (HIDDEN | NOT_SHOWN)
        if is_field and is_shown and pdfium.FPDFAnnot_GetRect(annotation, box):
            value = value_of(pdfium, pdf.formenv, annotation)
            kind = pdfium.FPDFAnnot_GetFormFieldType(pdf.formenv, annotation)
            name, key = (
                annotation_text(get, pdf.formenv, annotation)
                for get in (
                    pdfium.FPDFAnnot_GetFormFieldAlternateName,
                    pdfium.FPDFAnnot_GetFormFieldName,
                )
            )
            corners = result.turned((box.left, box.bottom, box.right, box.top))
            yield FormField(value, name or key, kind in checks(pdfium), corners)
        pdfium.FPDFPage_CloseAnnot(annotation)


def checks(pdfium: Any) -> tuple[int, int]:
    """The kinds of fields that are checked or not."""
    return pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON


def value_of(pdfium: Any, form: Any, annotation: Any) -> str:
    """What a field shows; a check where it is checked."""
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
    flags = pdfium.FPDFAnnot_GetFormFieldFlags(form, annotation)
    is_text = kind == pdfium.FPDF_FORMFIELD_TEXTFIELD
    if kind in checks(pdfium):
        return CHECKED if pdfium.FPDFAnnot_IsChecked(form, annotation) else ""
    if kind in (pdfium.FPDF_FORMFIELD_PUSHBUTTON, pdfium.FPDF_FORMFIELD_SIGNATURE):
        return ""
    if is_text and flags & PASSWORD:
        return ""
    return annotation_text(pdfium.FPDFAnnot_GetFormFieldValue, form, annotation)


def annotation_text(get: Any, form: Any, annotation: Any) -> str:
    """A text that the function *get* of PDFium tells of a field."""
    import pypdfium2.raw as pdfium

    size = min(get(form, annotation, None, 0), MAX_VALUE)
    buffer = pdfium.create_string_buffer(size)
    get(form, annotation, pdfium.cast(buffer, pdfium.POINTER(pdfium.FPDF_WCHAR)), size)
    return str(buffer.raw.decode("utf-16-le", "replace").rstrip("\0").strip())


def pieces_of_field(field: FormField, label: Label | None) -> Iterator[Piece]:
    """The lines of a field, the first one in the line of its label, or under its own name.

    What belongs to a label above, or to that of a check, is added to its text.
    """
    x0, top, x1, _bottom = field.box
    lines, pitch, size = field.value.splitlines(), field.pitch, field.size
    first = Piece(lines[0], x0, x1, top + BASELINE * pitch, size, is_bold=False)
    if label and label.takes_value:
        between = " " if field.is_check or label.piece.text.endswith(":") else " : "
        label.piece.text += between + lines[0]
    else:
        if label:
            first.baseline, first.size = label.piece.baseline, label.piece.size
            label.piece.has_blank_behind = True
        elif field.name and not field.is_check:
            first.text = f"{field.name} : {first.text}"
        yield first
    for number, text in enumerate(map(str.strip, lines[1:]), 1):
        if text:
            yield Piece(text, x0, x1, first.baseline + number * pitch, size, is_bold=False)


def labels_of(fields: Sequence[FormField], pieces: Sequence[Piece]) -> list[Label | None]:
    """What says of each field what it is: the text beside it, or else the one above it.

    A text beside one field is not the label of another below it.
    """
    beside = [label_beside(field, pieces) for field in fields]
    taken_ids = {id(piece) for piece in beside}
    free = [piece for piece in pieces if id(piece) not in taken_ids]
    labels: list[Label | None] = []
    for field, piece in zip(fields, beside, strict=True):
        above = None if piece or field.is_check else label_above(field, free)
        takes_value = is_near_check(field, piece) if piece else True
        label = piece or above
        labels.append(Label(label, takes_value) if label else None)
    return labels


def label_beside(field: FormField, pieces: Sequence[Piece]) -> Piece | None:
    """The nearest text in the line of *field*: before it, of a check also behind it."""
    x0, top, x1, bottom = field.box
    candidates = [
        (max(x0 - piece.x1, piece.x0 - x1, 0.0), piece.x0, piece)
        for piece in pieces
        if top <= piece.baseline <= bottom + HANGS * field.size
        and (piece.x0 < x0 or field.is_check)
    ]
    return min(candidates, key=lambda each: each[:2])[2] if candidates else None


def is_near_check(field: FormField, label: Piece) -> bool:
    """Whether *label* is the text right beside a check."""
    x0, _top, x1, _bottom = field.box
    gap = max(x0 - label.x1, label.x0 - x1)
    return field.is_check and gap <= NEAR_CHECK * label.size


def label_above(field: FormField, pieces: Sequence[Piece]) -> Piece | None:
    """The text right above *field*, where it begins with it or ends in a colon."""
    x0, top = field.box[:2]
    near = [piece for piece in pieces if 0 <= top - piece.baseline <= NEAR_ABOVE * field.size]
    lowest = max((piece.baseline for piece in near), default=0.0)
    line = [piece for piece in near if lowest - piece.baseline < field.size / 2]
    above = next((piece for piece in line if abs(piece.x0 - x0) <= BEGINS_WITH), None)
    last = max(line, key=lambda piece: piece.x1, default=None)
    return above or (last if last and last.text.endswith(":") else None)


def leave_out_frame(field: FormField, page: PdfPage) -> None:
    """Leave out the frame drawn around *field* alone, as far off on each side: it is no cell."""
    x0, top, x1, bottom = field.box
    for upper in [rule for rule in page.across if -1 <= top - rule.position <= FRAME]:
        off = top - upper.position
        across = sides(page.across, (top - off, bottom + off), (x0 - off, x1 + off))
        down = sides(page.down, (x0 - off, x1 + off), (top - off, bottom + off))
        if upper not in across or len(across) < 2 or len(down) < 2:
            continue
        others_across = [rule for rule in page.across if rule not in across]
        others_down = [rule for rule in page.down if rule not in down]
        pairs = chain(product(across, others_down), product(others_across, down))
        if not any(touch(rule, other, SAME) for rule, other in pairs):
            page.across, page.down = others_across, others_down
            return


def sides(rules: Sequence[Rule], places: Extent, extent: Extent) -> list[Rule]:
    """Those of *rules* at one of *places*, as long as *extent*."""
    return [
        rule
        for rule in rules
        if min(abs(rule.position - place) for place in places) <= SAME
        and abs(rule.start - extent[0]) <= SAME
        and abs(rule.end - extent[1]) <= SAME
    ]
