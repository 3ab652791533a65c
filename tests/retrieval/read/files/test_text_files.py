"""Text files: lines that a program broke are sentences again, and all else stays as it was written."""  # noqa: E501

from __future__ import annotations

import pytest
from support.files.read_file import read_bytes

from chatbot_server.retrieval.read.files.lines import joined, unwrapped, without_page_number
from chatbot_server.retrieval.read.files.titles import readable_name, title_of

WRAPPED = """You can cancel free of charge up to seven days before you arrive. After
that we keep the price of the first night, unless we can give the room to
somebody else. If you do not come at all, we keep the
whole amount."""


def test_lines_that_a_program_broke_are_joined() -> None:
    assert unwrapped(WRAPPED) == WRAPPED.replace("\n", " ")


@pytest.mark.parametrize(
    "text",
    [
        "Mill Lane 12\nDerby\nDE1 1AA",
        "Monday 9 to 5, and in the evening by appointment only\nTuesday closed",
        "- " + "a word " * 12 + "\n- " + "a word " * 12,
        "# " + "a word " * 12 + "\n" + "a word " * 12,
        "```\n" + "a word " * 12 + "\n" + "a word " * 12 + "\n```",
        "    " + "a word " * 12 + "\n    " + "a word " * 12,
        "| " + "a word | " * 9 + "\n| " + "a word | " * 9,
    ],
)
def test_lines_that_a_person_ended_stay(text: str) -> None:
    assert unwrapped(text) == text


@pytest.mark.parametrize(
    ("first", "second", "line"),
    [
        ("the station-", "ary is new", "the stationary is new"),
        ("prenez rendez-", "vous ici", "prenez rendez-vous ici"),
        ("well-", "known and well-known", "well-known and well-known"),
        ("un séjour en pays Nord-", "Sud", "un séjour en pays Nord-Sud"),
        ("la demi-", "journée à 12 €", "la demi-journée à 12 €"),
        ("le petit-", "déjeuner", "le petit-déjeuner"),
        ("a half-", "day pass", "a half-day pass"),
        ("de 9-", "12 h", "de 9- 12 h"),
        ("station\u00ad", "ary", "stationary"),
        ("open", "daily", "open daily"),
    ],
)
def test_a_hyphen_that_only_parts_a_word_is_left_out(first: str, second: str, line: str) -> None:
    assert joined(first, second, {"well-known"}) == line


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("Page 3 sur 12", ""),
        ("- 3 -", ""),
        ("3/12", ""),
        ("Mill Lane 12, Derby – page 2", "Mill Lane 12, Derby"),
        ("Open 9 to 5", "Open 9 to 5"),
        ("Homepage", "Homepage"),
    ],
)
def test_the_number_of_a_page_is_no_text(line: str, rest: str) -> None:
    assert without_page_number(line) == rest


def test_what_stands_above_a_markdown_page_is_its_title_and_no_text() -> None:
    page = b'---\ntitle: "Opening hours"\ntags: [a]\n---\n\n# Hours\n\nOpen at nine.\n'
    document = read_bytes("note.md", page)
    assert document == {"title": "Opening hours", "text": "\n# Hours\n\nOpen at nine.\n"}
    ruled = b"---\nOpen at nine.\n---\nClosed on Mondays.\n"
    assert "Open at nine." in read_bytes("note.md", ruled)["text"]


@pytest.mark.parametrize(
    ("name", "own_title", "heading", "title"),
    [
        ("a.docx", "Our prices", "Prices", "Our prices"),
        ("a.docx", "Microsoft Word - prices.doc", "Prices", "Prices"),
        ("a.pdf", "Présentation PowerPoint", "Prix", "Prix"),
        ("a.pdf", "tarifs_v2.indd", "", "A"),
        ("house-rules_2026 (1).pdf", "", "", "House rules 2026"),
        ("R%C3%A8glement.pdf", "Untitled 1", "", "Règlement"),
        ("rules.epub", "Unknown Title", "House rules", "House rules"),
    ],
)
def test_a_file_is_called_by_its_title_its_heading_or_its_name(
    name: str, own_title: str, heading: str, title: str
) -> None:
    assert title_of(name, own_title, heading) == title


def test_a_name_of_nothing_but_marks_is_still_one() -> None:
    assert readable_name("___.pdf") == ""
