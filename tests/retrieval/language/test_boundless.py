"""Text made to take for ever is read in time that grows with its length only."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.patience import LONG

from chatbot_server.retrieval.language.facts import facts, unsupported

# Hours, where time grows with the square of the length.
REPEAT = "import sys; text = sys.argv[1] * (int(sys.argv[2]) // len(sys.argv[1])); "
INDEX = (
    REPEAT
    + "from chatbot_server.retrieval.index import chunks; "
    + "from chatbot_server.retrieval.language.words import acronyms; "
    + "list(chunks.chunks_of_text(text)); acronyms.definitions(text)"
)
FACTS = REPEAT + "from chatbot_server.retrieval.language.facts import facts; facts(text)"


def within_reason(program: str, part: str, length: int) -> None:
    """*program* on *length* characters of *part* after *part* comes to an end."""
    command = [sys.executable, "-c", program, part, str(length)]
    subprocess.run(command, check=True, timeout=LONG)


@pytest.mark.parametrize("part", ["M. ", "a"])
def test_a_page_of_two_megabytes_is_indexed_whatever_it_repeats(part: str) -> None:
    within_reason(INDEX, part, 2_000_000)


@pytest.mark.parametrize("part", ["1", "111 ", "1.1", "a.", "a-"])
def test_a_question_is_checked_for_facts_whatever_it_repeats(part: str) -> None:
    within_reason(FACTS, part, 500_000)


@pytest.mark.parametrize("number", ["1" * 30, "111 " * 9 + "111", "1" * 20 + "," + "1" * 20])
def test_every_digit_of_a_long_number_counts(number: str) -> None:
    assert not unsupported(number, facts(number))
    assert unsupported(number[:-1] + "2", facts(number))
