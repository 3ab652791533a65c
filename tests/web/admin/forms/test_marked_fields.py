"""A form that is shown again marks the field at fault, names it, and puts the cursor there."""

from __future__ import annotations

import re

import pytest
from support.servers.owner_server import ORIGIN, OwnerServer


def marked(page: str) -> list[str]:
    """The names of fields that are marked as wrong, described by the problem, and focused."""
    fields = re.findall(r"<(?:input|textarea)[^>]*aria-invalid[^>]*>", page)
    assert all('aria-describedby="problem ' in field for field in fields)
    assert all("autofocus" in field for field in fields)
    assert page.count("autofocus") == len(fields)
    return [re.findall(r'name="(\w+)"', field)[0] for field in fields]


@pytest.mark.parametrize(
    ("path", "form", "field"),
    [
        ("start", {"name": "Shop", "address": "none"}, "address"),
        ("KEY/privacy", {"contact_email": "none"}, "contact_email"),
        ("KEY/appearance", {"name": "Shop", "policy_url": "none"}, "policy_url"),
        ("KEY/appearance", {"name": "Shop", "origins": "none at all"}, "origins"),
        ("KEY/faq", {"question": "Open?"}, "answer"),
    ],
)
def test_the_field_at_fault_is_marked(
    owner: OwnerServer, path: str, form: dict[str, str], field: str
) -> None:
    address = "/admin/" + path.replace("KEY", owner.key)
    browser = owner.browser("owner")
    page = browser.post(address, data=form, headers=ORIGIN)
    assert page.status_code == 400
    assert 'id="problem"' in page.text
    assert marked(page.text) == [field]
    assert "aria-invalid" not in browser.get(address).text
