"""What comes in is cleaned, and stays the Markdown it was."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.index.chunks import chunks_of_text
from chatbot_server.retrieval.language.text import clean


@pytest.mark.parametrize(
    "text",
    [
        "1. Mix\n   - flour\n     - white\n   - eggs\n2. Bake",
        "- Mix\n\n  until it is smooth.\n- Bake",
        "Type:\n\n```python\nif open:\n    sell()  # every day\n```",
        "- Type\n  ```\n  a   b\n    c\n  ```",
    ],
)
def test_what_leading_blanks_mean_in_markdown_stays(text: str) -> None:
    assert clean(text) == text
    assert clean(clean(text)) == text


def test_all_other_blanks_are_single() -> None:
    assert (
        clean("  We   open\n    at nine.  \n\n\n\n      Welcome") == "We open\nat nine.\n\nWelcome"
    )
    assert clean("   - a\n   -  b\n\tc\nd\n  e") == "- a\n- b\n c\nd\ne"
    assert clean("```\n" + "\t" * 9999 + "a\n```\n  b") == f"```\n{' ' * 40}a\n```\nb"


def test_a_comment_in_code_is_no_heading() -> None:
    chunks = list(chunks_of_text("# Install\n\n```sh\n# first\nrun me\n```\n\n# Use\n\nAsk."))
    assert [(one.heading, "# first" in one.text) for one in chunks] == [
        ("Install", True),
        ("Use", False),
    ]
