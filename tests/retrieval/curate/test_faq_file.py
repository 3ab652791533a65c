"""Files of questions and answers: the good lines are kept, the others are named."""

from __future__ import annotations

import pytest

from chatbot_server.errors import UsageError
from chatbot_server.retrieval.curate.imports import faq_file
from chatbot_server.retrieval.curate.imports.faq_file import read_entries


def test_every_bad_line_is_named_with_its_reason() -> None:
    rows = [
        "question,answer,wordings",
        "Open?,Yes.,",
        ",No.,",
        "Closed?, ,",
        "",
        "open?,Twice.,",
        f"{'x' * 301},Yes.,",
        '"Two',
        'lines?","\'=1+1",""',
    ]
    content = read_entries("\n".join(rows).encode())
    assert [(entry.question, entry.answer) for entry in content.entries] == [
        ("Open?", "Yes."),
        ("Two lines?", "=1+1"),
    ]
    assert [(bad.line, bad.code) for bad in content.bad] == [
        (3, "faq_line_question"),
        (4, "faq_line_answer"),
        (6, "faq_line_twice"),
        (7, "faq_line_long"),
    ]


def test_json_lines_are_understood_and_broken_ones_named() -> None:
    lines = [
        '{"question": "A?", "answer": "B", "wordings": ["C?", 7, "D?"]}',
        "{not json",
        '{"question": 5, "answer": "x"}',
        "[" * 100_000,
    ]
    content = read_entries("\n".join(lines).encode())
    assert content.entries[0].wordings == ("C?", "D?")
    codes = [bad.code for bad in content.bad]
    assert codes == ["faq_line_unreadable", "faq_line_question", "faq_line_unreadable"]


def test_without_headings_the_order_counts_and_the_number_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(faq_file, "MOST_ENTRIES", 2)
    content = read_entries(b"A?\tOne\nB?\tTwo\nC?\tThree\nD?\tFour\n")
    assert [entry.answer for entry in content.entries] == ["One", "Two"]
    assert [(bad.line, bad.code) for bad in content.bad] == [(3, "faq_line_many")]


@pytest.mark.parametrize("data", [b"", b" \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_called_empty(data: bytes) -> None:
    with pytest.raises(UsageError) as error:
        read_entries(data)
    assert error.value.code == "faq_file_empty"


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04\x14\0\x06\0,[Content],x\n", b"\x7fELF\x02\0a,b\nc,d\n"]
)
def test_a_workbook_or_a_program_is_no_table(data: bytes) -> None:
    with pytest.raises(UsageError) as error:
        read_entries(data)
    assert error.value.code == "faq_file_binary"


def test_a_table_in_any_encoding_of_a_spreadsheet_is_text() -> None:
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        content = read_entries("Où est l’entrée ?;À gauche.\n".encode(encoding))
        assert content.entries[0].answer == "À gauche."
