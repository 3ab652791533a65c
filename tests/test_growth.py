"""What reads texts of strangers takes time that grows with their length only, whatever they say.

A pattern or function that takes sixteen times as long for four times the text lets one page, or
one question, keep a processor busy for hours. Each pattern is tried with texts made of the letters
it speaks of, each function with texts made of what structures texts.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from support.patience import LONG
from support.source.growth import Work, grows_too_fast, mixtures, repeated, runs
from support.source.package_texts import text_functions

from chatbot_server.conversation.small_talk.remarks import READ_CHARS as REMARK_CHARS
from chatbot_server.retrieval.language.clauses import READ_CHARS as CLAUSE_CHARS
from chatbot_server.retrieval.language.time.weekdays import LONGEST as HOURS_CHARS
from chatbot_server.retrieval.read.html.text.blocks import VALUE_CHARS

if sys.version_info >= (3, 11):
    from re import _parser as parser  # type: ignore[attr-defined]
else:
    import sre_parse as parser

MOST_MARKS = 4
# What structures texts: marks, blanks, and what ends sentences or names numbers, dates and names.
STRUCTURE = (
    "a", "é", "e\u0301", "1", "A", " ", "\t", "\n", "\f", "\r", "\u200b", "ﬁ", "a ", "A ", "1 ",
    " \n", "[", "]", "(", ")", "<", ">", "`", "``", "*", "**", "_", "~~", "\\", "|", "-", "#", "# ",
    "#\n", "[[[", "[a](", "![", "](", "<a ", "<b>", "&", "{", '"', "«", "’", "“", ".", "?", "a.",
    "A. ", "a.a. ", "1.", "1,", "1/", "1:", "1 h ", "- ", "-\n", "1. ", "| ", "|-", "| a |\n",
    "|-|\n", "# a\n", "a,", "a, ", ": ", "; ", "@", "a@", "a@b.", "http://a", "00 ", "(A) ",
    "et a ", "or ", "not ", "Monday ", "1 € ", "12h-", "a’a",
)  # fmt: skip
# Patterns whose texts are no longer than this, because the functions that use them cut them.
BOUNDED = {
    "conversation/small_talk/remarks.py": REMARK_CHARS,
    "retrieval/language/clauses.py joint": CLAUSE_CHARS,
    "retrieval/language/clauses.py opening": CLAUSE_CHARS,
    "retrieval/language/time/weekdays.py days": HOURS_CHARS,
    "retrieval/language/time/weekdays.py range": HOURS_CHARS,
    "retrieval/language/time/weekdays.py trailing": HOURS_CHARS,
    "retrieval/read/html/text/blocks.py _VALUE": VALUE_CHARS,
}


@pytest.fixture(scope="module")
def patterns() -> list[dict[str, Any]]:
    """Every pattern of the package, and where it is compiled."""
    command = [sys.executable, "-m", "support.source.package_texts"]
    lines = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=LONG, cwd="tests"
    ).stdout
    return [json.loads(line) for line in lines.splitlines() if line.startswith("{")]


def letters_of(pattern: str, flags: int) -> list[str]:
    """A few letters that *pattern* speaks of, most of them no letters of words."""
    letters = dict.fromkeys(_letters_in(parser.parse(pattern, flags & ~re.DEBUG)))
    marks = [letter for letter in letters if not letter.isalpha()]
    words = [letter for letter in letters if letter.isalpha()]
    return [*dict.fromkeys([*marks[:MOST_MARKS], *words[:1], "a", " "])]


def _letters_in(tree: Any) -> Iterator[str]:
    for operation, argument in tree:
        name = str(operation)
        if name in ("LITERAL", "NOT_LITERAL"):
            yield chr(argument)
        elif name == "RANGE":
            yield chr(argument[0])
        elif name == "CATEGORY":
            yield {"DIGIT": "1", "SPACE": " "}.get(str(argument).split("_")[-1], "a")
        elif name == "IN":
            yield from _letters_in(argument)
        elif isinstance(argument, tuple | list):
            yield from _letters_in_parts(argument)


def _letters_in_parts(parts: Any) -> Iterator[str]:
    for part in parts:
        if isinstance(part, parser.SubPattern):
            yield from _letters_in(part)
        elif isinstance(part, list):
            yield from _letters_in_parts(part)


def uses(pattern: re.Pattern[str], methods: Sequence[str] = ("finditer",)) -> Work:
    """A pattern is tried from the beginning of a text, on the whole of it, or at every place."""

    def use(text: str) -> None:
        for method in methods:
            result = getattr(pattern, method)(text)
            if method == "finditer":
                deque(result, maxlen=0)

    return use


def test_no_pattern_takes_more_than_its_text_is_long(patterns: list[dict[str, Any]]) -> None:
    assert len(patterns) > 200
    slow = []
    for entry in patterns:
        use = uses(re.compile(entry["pattern"], entry["flags"]), entry["methods"])
        letters = letters_of(entry["pattern"], entry["flags"])
        most = BOUNDED.get(entry["place"])
        for text_of in (*runs(letters), *mixtures(letters)):
            if grows_too_fast(use, text_of, most):
                slow.append(f"{entry['place']} on {text_of(12)!r}: {entry['pattern'][:120]!r}")
                break
    assert slow == [], "\n".join(slow)


def test_no_function_takes_more_than_its_text_is_long() -> None:
    functions = text_functions()
    assert len(functions) > 100
    slow = [
        f"{name} on {text_of(12)!r}"
        for name, read in functions.items()
        for text_of in runs(STRUCTURE)
        if grows_too_fast(read, text_of)
    ]
    assert slow == [], "\n".join(slow)


@pytest.mark.parametrize(
    ("pattern", "grows"),
    [(r"\s+$", True), (r"(?:\s|\s)*$", True), (r"\s+", False), (r"(?<!\s)\s+\Z", False)],
)
def test_what_grows_too_fast_is_told_from_what_does_not(pattern: str, grows: bool) -> None:
    assert grows_too_fast(uses(re.compile(pattern)), repeated("", " ", "\0")) is grows
