"""Addresses an owner types become the origins that browsers send."""

from __future__ import annotations

import pytest

from chatbot_server.errors import UsageError
from chatbot_server.storage.site.settings import origin_of


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://münchen.de/rathaus", "https://xn--mnchen-3ya.de"),
        ("MÜNCHEN.de:443", "https://xn--mnchen-3ya.de"),
        ("https://xn--mnchen-3ya.de", "https://xn--mnchen-3ya.de"),
        ("straße.example", "https://xn--strae-oqa.example"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_name_of_any_script_is_written_as_browsers_do(typed: str, origin: str) -> None:
    assert origin_of(typed) == origin


@pytest.mark.parametrize("typed", ["null", "NULL ", "https://a b", "https://a_b\u0000", "https://"])
def test_what_is_no_address_of_a_page_is_refused(typed: str) -> None:
    with pytest.raises(UsageError) as raised:
        origin_of(typed)

    assert ("sandboxed" in str(raised.value)) == typed.lower().startswith("null")
