"""Small real files as office programs write them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

DOCX_PARTS = {
    "[Content_Types].xml": """<?xml version="1.0"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml"
ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>
</Types>""",
    "_rels/.rels": """<?xml version="1.0"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Target="word/document.xml"
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>
</Relationships>""",
    "word/document.xml": """<?xml version="1.0"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>
{body}</w:body></w:document>""",
}


def docx(text: str) -> bytes:
    """A Word document of one paragraph."""
    return docx_of(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")


def docx_of(body: str) -> bytes:
    """A Word document of this XML."""
    return zipped({name: part.replace("{body}", body) for name, part in DOCX_PARTS.items()})


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A ZIP archive of these parts."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return held.getvalue()


def pdf(text: str) -> bytes:
    """A PDF of one page with one line of *text* (ASCII)."""
    drawn = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
    fonts = "/Resources << /Font << /F1 5 0 R >> >>"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R {fonts} >>",
        f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, places = "%PDF-1.4\n", []
    for number, written in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{written}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 6\n0000000000 65535 f \n{table}{end}".encode("ascii")


def encrypted_pdf(text: str) -> bytes:
    """The same, behind a password."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(text))))
    writer.encrypt("secret", algorithm="RC4-128")
    held = io.BytesIO()
    writer.write(held)
    return held.getvalue()


def image_pdf() -> bytes:
    """A PDF without a word, as a scanner makes them."""
    return pdf("")


_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_DRAWN = f'xmlns:p="p" xmlns:a="a" xmlns:r="{_OFFICE}"'
_ODF = " ".join(
    f'xmlns:{name}="urn:oasis:{name}"'
    for name in ("office", "text", "table", "style", "draw", "presentation")
)


def relations(**targets: str) -> str:
    """Relations of a part: each is ``kind_number="target"``."""
    lines = (
        f'<Relationship Id="{name}" Target="{target}" Type="{_OFFICE}/{name.partition("_")[0]}"/>'
        for name, target in targets.items()
    )
    return f"<Relationships>{''.join(lines)}</Relationships>"


def pptx(*slides: str) -> bytes:
    """A presentation of these shapes on slides; one that begins with “hidden” is not shown."""
    names = {f"slide_{at}": f"slides/slide{at}.xml" for at in range(len(slides))}
    listed = "".join(f'<p:sldId id="{at}" r:id="{name}"/>' for at, name in enumerate(names))
    order = f"<p:sldIdLst>{listed}</p:sldIdLst>"
    parts = {
        "_rels/.rels": relations(officeDocument="ppt/presentation.xml"),
        "ppt/_rels/presentation.xml.rels": relations(**names),
        "ppt/presentation.xml": f"<p:presentation {_DRAWN}>{order}</p:presentation>",
    }
    for name, shapes in zip(names.values(), slides, strict=True):
        shown = ' show="0"' if shapes.startswith("hidden") else ""
        tree = f"<p:cSld><p:spTree>{shapes.removeprefix('hidden')}</p:spTree></p:cSld>"
        parts[f"ppt/{name}"] = f"<p:sld {_DRAWN}{shown}>{tree}</p:sld>"
    return zipped(parts)


def xlsx(
    rows: list[list[str]],
    merged: tuple[str, ...] = (),
    hidden_column: int = 0,
    hidden_row: int = 0,
    bold_rows: tuple[int, ...] = (),
) -> bytes:
    """A workbook of one sheet, “Feuil1”; rows count from 1."""
    lines = ""
    for at, row in enumerate(rows, 1):
        style = int(at in bold_rows)
        cells = (f'<c s="{style}" t="inlineStr"><is><t>{one}</t></is></c>' for one in row)
        lines += f'<row r="{at}" hidden="{int(at == hidden_row)}">{"".join(cells)}</row>'
    areas = "".join(f'<mergeCell ref="{area}"/>' for area in merged)
    columns = f'<cols><col min="{hidden_column}" max="{hidden_column}" hidden="1"/></cols>'
    sheet = f"{columns}<sheetData>{lines}</sheetData><mergeCells>{areas}</mergeCells>"
    listed = '<sheets><sheet name="Feuil1" r:id="worksheet"/></sheets>'
    return zipped(
        {
            "_rels/.rels": relations(officeDocument="xl/workbook.xml"),
            "xl/_rels/workbook.xml.rels": relations(worksheet="sheet1.xml", styles="styles.xml"),
            "xl/styles.xml": "<styleSheet><fonts><font/><font><b/></font></fonts>"
            '<cellXfs><xf fontId="0"/><xf fontId="1"/></cellXfs></styleSheet>',
            "xl/workbook.xml": f'<workbook xmlns:r="{_OFFICE}">{listed}</workbook>',
            "xl/sheet1.xml": f"<worksheet>{sheet}</worksheet>",
        }
    )


def opendocument(body: str, kind: str = "text", styles: str = "", manifest: str = "") -> bytes:
    """An OpenDocument file of this XML; *kind* is ``text``, ``spreadsheet`` or ``presentation``."""
    automatic = f"<office:automatic-styles>{styles}</office:automatic-styles>"
    inside = f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
    return zipped(
        {
            "META-INF/manifest.xml": f'<m:manifest xmlns:m="m">{manifest}</m:manifest>',
            "content.xml": f"<office:c {_ODF}>{automatic}{inside}</office:c>",
        }
    )


def epub(chapters: Mapping[str, str], encryption: str = "") -> bytes:
    """A book of these chapters; one called “nav.xhtml” is its table of contents."""
    items = spine = ""
    parts = {"META-INF/encryption.xml": encryption} if encryption else {}
    for at, (name, body) in enumerate(chapters.items()):
        kind = 'properties="nav"' if name == "nav.xhtml" else ""
        href = name.replace(" ", "%20")
        items += f'<item id="c{at}" href="{href}" media-type="application/xhtml+xml" {kind}/>'
        spine += f'<itemref idref="c{at}"/>'
        parts[f"OEBPS/{name}"] = (
            '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">'
            f"<head><title/></head><body>{body}</body></html>"
        )
    title = '<metadata><dc:title xmlns:dc="dc">The house guide</dc:title></metadata>'
    book = f"<package>{title}<manifest>{items}</manifest><spine>{spine}</spine></package>"
    root = '<container><rootfiles><rootfile full-path="OEBPS/b.opf"/></rootfiles></container>'
    return zipped(parts | {"META-INF/container.xml": root, "OEBPS/b.opf": book})
