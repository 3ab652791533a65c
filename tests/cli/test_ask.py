"""``ask``: an answer as a person reads it in a terminal."""

from __future__ import annotations

import pytest

from chatbot_server.cli.ask import PlainLines


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["**Ho", "urs**\n", r"9 \< 10"], "Hours\n9 < 10"),
        (["[si", "te](https://s.example/)"], "site (https://s.example/)"),
        (["2 *", " 3"], "2 * 3"),
    ],
)
def test_marks_are_read_though_they_come_in_pieces(pieces: list[str], shown: str) -> None:
    lines = PlainLines()
    assert "".join(map(lines.feed, pieces)) + lines.finish() == shown


def test_words_without_marks_are_shown_at_once() -> None:
    assert PlainLines().feed("We open ") == "We open "
