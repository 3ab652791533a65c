"""Small PDF files, drawn piece by piece."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

import pypdfium2  # type: ignore[import-untyped]

Text = tuple[float, float, str]  # from the left, from the bottom, what


def pdf_of(objects: Iterable[bytes]) -> bytes:
    """A PDF file of these objects, the first being its catalogue."""
    body, starts = b"%PDF-1.7\n", []
    for number, written in enumerate(objects, 1):
        starts.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, written)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    end = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(starts) + 1, table)
    trailer = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return body + end + trailer % (len(starts) + 1, len(body))


def stream(data: bytes, properties: bytes = b"") -> bytes:
    """An object with a stream."""
    return b"<</Length %d %s>>stream\n%s\nendstream" % (len(data), properties, data)


def drawn_pdf(pages: Sequence[bytes], rotate: int = 0, more: bytes = b"") -> bytes:
    """Pages of what is drawn on them; the fonts are ``/F`` and, in bold, ``/B``.

    *more* is of the catalogue.
    """
    kids = b" ".join(b"%d 0 R" % (5 + 2 * number) for number in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % more,
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(pages)),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>",
    ]
    for number, drawing in enumerate(pages):
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Rotate %d/Contents %d 0 R"
            b"/Resources<</Font<</F 3 0 R/B 4 0 R>>>>>>" % (rotate, 6 + 2 * number),
            stream(drawing),
        ]
    return pdf_of(objects)


def scanned_pdf(pages: Sequence[bytes], dots_per_inch: int = 200) -> bytes:
    """The pages of :func:`drawn_pdf` as pictures."""
    drawings = pypdfium2.PdfDocument(drawn_pdf(pages))
    kids = b" ".join(b"%d 0 R" % (3 + 3 * number) for number in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(pages)),
    ]
    for number in range(len(pages)):
        bitmap = drawings[number].render(scale=dots_per_inch / 72, grayscale=True)
        size = b"/Width %d/Height %d" % (bitmap.stride, bitmap.height)
        picture = b"/Type/XObject/Subtype/Image/BitsPerComponent 8/ColorSpace/DeviceGray"
        at = 4 + 3 * number
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R"
            b"/Resources<</XObject<</P %d 0 R>>>>>>" % (at, at + 1),
            stream(b"600 0 0 800 0 0 cm /P Do"),
            stream(zlib.compress(bytes(bitmap.buffer)), picture + size + b"/Filter/FlateDecode"),
        ]
    return pdf_of(objects)


def drawn(texts: Iterable[Text], font: str = "F", size: int = 11, turned: bool = False) -> bytes:
    """Each text at its place; *turned* from the bottom to the top."""
    matrix = "0 1 -1 0" if turned else "1 0 0 1"
    lines = [f"BT /{font} {size} Tf {matrix} {x} {y} Tm ({text}) Tj ET\n" for x, y, text in texts]
    return "".join(lines).encode("cp1252")
