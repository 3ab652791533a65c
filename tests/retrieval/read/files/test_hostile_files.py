"""Files that mean harm, are cut or misnamed: one sentence each, and nothing of them is kept."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.files.office_files import docx, epub, opendocument, pdf, pptx, xlsx, zipped
from support.files.read_file import read_bytes

from chatbot_server.retrieval.curate.imports.files import add_file
from chatbot_server.retrieval.curate.listing import describe_sources
from chatbot_server.retrieval.read.extractor import ExtractError, Extractor, kind_of_name
from chatbot_server.retrieval.read.files.pdf import document as pdf_reader
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of

SHAPE = "<p:sp><p:txBody><a:p><a:r><a:t>Hello.</a:t></a:r></a:p></p:txBody></p:sp>"
GOOD = {
    "a.docx": docx("Hello."),
    "a.xlsx": xlsx([["Hello."]]),
    "a.pptx": pptx(SHAPE),
    "a.odt": opendocument("<text:p>Hello.</text:p>"),
    "a.ods": opendocument(
        "<table:table><table:table-row><table:table-cell><text:p>Hello.</text:p>"
        "</table:table-cell></table:table-row></table:table>",
        "spreadsheet",
    ),
    "a.epub": epub({"a.xhtml": "<p>Hello.</p>"}),
}
PART = {
    "a.docx": "word/document.xml",
    "a.xlsx": "xl/sheet1.xml",
    "a.pptx": "ppt/slides/slide0.xml",
    "a.odt": "content.xml",
    "a.ods": "content.xml",
    "a.epub": "OEBPS/a.xhtml",
}
every_kind = pytest.mark.parametrize("name", GOOD)


def changed(name: str, change: Callable[[str], str]) -> bytes:
    """The good file with a *change* of the part that holds its text."""
    with zipfile.ZipFile(io.BytesIO(GOOD[name])) as archive:
        parts: dict[str, str | bytes] = {one: archive.read(one) for one in archive.namelist()}
        parts[PART[name]] = change(archive.read(PART[name]).decode())
    return zipped(parts)


@pytest.fixture(scope="module")
def extractor() -> Iterator[Extractor]:
    made = Extractor()
    yield made
    made.close()


def code_of(extractor: Extractor, name: str, data: bytes) -> str:
    """Why the file is refused, having seen that the sentence is there in both languages."""
    with pytest.raises(ExtractError) as caught:
        extractor.read(data, kind_of_name(name) or "", name, f"file:{name}")
    assert caught.value.sentence("en") != caught.value.sentence("fr")
    return caught.value.code


@every_kind
def test_a_good_file_of_each_kind_is_read(name: str) -> None:
    assert read_bytes(name, GOOD[name])["text"] == "Hello."


@every_kind
def test_a_part_that_grows_without_measure_is_not_unpacked(extractor: Extractor, name: str) -> None:
    bomb = changed(name, lambda text: text.replace("Hello.", " " * 60_000_000))
    assert code_of(extractor, name, bomb) == "extract_bomb"


@every_kind
def test_entities_are_not_expanded(extractor: Extractor, name: str) -> None:
    entities = "".join(f'<!ENTITY e{at} "{f"&e{at - 1};" * 10}">' for at in range(1, 12))
    declared = f'<!DOCTYPE r [<!ENTITY e0 "ha"><!ENTITY f SYSTEM "/etc/passwd">{entities}]>'

    def with_entities(text: str) -> str:
        head, _, rest = text.rpartition("?>")
        mark = f"{head}?>" if head else ""
        return f"{mark}{declared}{rest.replace('Hello.', 'Hello.&f;&e11;')}"

    file = changed(name, with_entities)
    if name == "a.epub":  # its chapters are pages, for which they are plain text
        (draft,) = extractor.read(file, "epub", name, "file:a").drafts
        assert draft.text.endswith("Hello.&f;&e11;")
    else:
        assert code_of(extractor, name, file) == "extract_broken"


@every_kind
def test_nesting_without_end_comes_to_an_end(extractor: Extractor, name: str) -> None:
    def nested(text: str) -> str:
        return text.replace("Hello.", f"{'<b>' * 100_000}Hello.{'</b>' * 100_000}")

    expected = "extract_no_text" if name == "a.epub" else "extract_broken"
    assert code_of(extractor, name, changed(name, nested)) == expected


@every_kind
def test_a_file_that_is_cut_is_damaged(extractor: Extractor, name: str) -> None:
    assert code_of(extractor, name, GOOD[name][:-100]) == "extract_broken"


@pytest.mark.parametrize("name", [*GOOD, "a.pdf"])
@pytest.mark.parametrize("real", ["a.docx", "a.xlsx", "a.pptx", "a.ods", "a.epub", "a.pdf"])
def test_a_file_with_a_wrong_ending_says_so(name: str, real: str) -> None:
    if kind_of_name(name) != kind_of_name(real):
        data = GOOD.get(real) or pdf("Hello.")
        assert read_bytes(name, data) == {"error": "extract_other_kind"}


def test_a_sheet_of_a_million_cells_is_too_large(extractor: Extractor) -> None:
    numbers = random.Random(1)
    rows = [[str(numbers.random()) for _column in range(60)] for _row in range(60)]
    sheet = xlsx(rows * 300)
    assert code_of(extractor, "a.xlsx", sheet) == "extract_big"


def test_a_pdf_that_is_not_read_to_its_end_says_so_beside_its_source(
    database: Database,
    site_id: int,
    extractor: Extractor,
    tmp_path: Path,
) -> None:
    count = pdf_reader.MAX_PAGES + 1
    kids = " ".join(f"{at} 0 R" for at in range(5, 5 + count))
    text = "BT /F 9 Tf (Open on Monday) Tj ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {count}>>",
        f"<</Length {len(text)}>>stream\n{text}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *["<</Type/Page/Parent 2 0 R/Contents 3 0 R/Resources<</Font<</F 4 0 R>>>>>>"] * count,
    ]
    body = "%PDF-1.7\n" + "".join(f"{at} 0 obj\n{o}\nendobj\n" for at, o in enumerate(objects, 1))
    file = tmp_path / "long.pdf"
    file.write_text(f"{body}trailer\n<</Root 1 0 R>>\n%%EOF")
    assert add_file(database, extractor, site_id, file, 10**7).notice == "extract_cut_pages"
    with database.session() as session:
        assert [source.why for source in describe_sources(session, site_id)] == [
            "extract_cut_pages"
        ]
    file.write_bytes(pdf("Open on Monday"))
    assert add_file(database, extractor, site_id, file, 10**7).notice == ""
    with database.session() as session:
        (source,) = describe_sources(session, site_id)
    assert source.why == ""


def test_a_text_that_is_too_long_says_so(extractor: Extractor) -> None:
    long = ("We are open on Monday.\n" * 100_000).encode()
    assert extractor.read(long, "text", "a.txt", "file:a.txt").notice == "extract_cut_text"


def test_a_paragraph_without_end_is_read_in_time(extractor: Extractor) -> None:
    line = "We are open from Monday to Saturday, and in summer on every\n"
    (draft,) = extractor.read((line * 10_000).encode(), "text", "a.txt", "file:a.txt").drafts
    assert draft.text.startswith(line.replace("\n", " ") + "We are open")


def test_nothing_of_a_refused_file_is_kept(
    database: Database, site_id: int, extractor: Extractor, tmp_path: Path
) -> None:
    file = tmp_path / "a.docx"
    file.write_bytes(GOOD["a.docx"])
    add_file(database, extractor, site_id, file, 10**7)
    file.write_bytes(GOOD["a.docx"][:-100])
    with pytest.raises(ExtractError):
        add_file(database, extractor, site_id, file, 10**7)
    with database.session() as session:
        assert [one.text for one in documents_of(session, site_id)] == ["Hello."]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"," * 1_000_000, "extract_csv"),
        (b"question,answer\nIs it?," + b"\0" * 100, "extract_not_text"),
        (b'question,answer\n"Is it?,yes\n' + b"No?,no\n" * 50_000, "extract_broken"),
        (b"question,answer\n" + b"Is it?,yes\n" * 4_500_000, "extract_big"),
        (b"question,answer\nIs it?," + b"y" * 1_000_000, "extract_broken"),
    ],
    ids=["columns", "nul", "quoting", "rows", "cell"],
)
def test_a_hostile_table_of_questions_is_refused(
    extractor: Extractor, data: bytes, code: str
) -> None:
    assert code_of(extractor, "a.csv", data) == code


def test_formulas_are_read_as_the_text_they_are() -> None:
    data = b'question;answer\n"=HYPERLINK(""https://evil.example"";""A"")?";"=1+1"\n'
    read = read_bytes("a.csv", data)
    assert read == {"title": '=HYPERLINK("https://evil.example";"A")?', "text": "=1+1", "faq": True}
