"""Comments, in the margin or on a cell, are remarks to who works on a file, and not read."""

from __future__ import annotations

import pytest
from support.files.read_file import read_office


@pytest.mark.parametrize("kind", ["xlsx", "ods", "docx", "odt"])
def test_comments_are_not_read_and_what_they_are_about_is(kind: str) -> None:
    text = read_office(f"comment.{kind}")["text"]
    assert "Paul" not in text
    assert "Ann" not in text
    about = "A kayak is 9 EUR an hour" if kind in ("docx", "odt") else "| Kayak | 9 EUR | 50 EUR |"
    assert about in text
