"""Who finds a hole finds whom to tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError
from support.browser import Browser

from chatbot_server.config.sections import ServerSection

PATH = "/.well-known/security.txt"


def test_the_contact_is_told_where_there_is_one(tmp_path: Path) -> None:
    browser = Browser(tmp_path, server={"security_contact": "mailto:ada@example.org"})
    answer = browser.client.get(PATH)
    assert answer.content_type == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    assert lines[0] == "Contact: mailto:ada@example.org"
    assert lines[1].startswith("Expires: 2")
    (tmp_path / "other").mkdir()
    assert Browser(tmp_path / "other").client.get(PATH).status_code == 404


@pytest.mark.parametrize("contact", ["ada@example.org", "mailto:a@b\nExpires: never", "http://x"])
def test_a_contact_that_is_none_is_refused(contact: str) -> None:
    with pytest.raises(ValidationError):
        ServerSection(security_contact=contact)
