"""E-mail addresses that Cloudflare hides from machines until a script shows them to visitors."""

from __future__ import annotations

import contextlib
from typing import Any

MAX_ADDRESSES = 500
LONGEST = 320  # RFC 5321: 64 characters, @, 255
LINK = "/cdn-cgi/l/email-protection#"


def show_protected_addresses(tree: Any) -> None:
    """Put each hidden address of *tree* where visitors see it."""
    for link in tree.xpath("//a[contains(@href, $link)]", link=LINK)[:MAX_ADDRESSES]:
        address, _, query = revealed(link.get("href").partition(LINK)[2]).partition("?")
        if address:
            link.set("href", f"mailto:{address}{'?' if query else ''}{query}")
    for element in tree.xpath("//*[@data-cfemail]")[:MAX_ADDRESSES]:
        if address := revealed(element.get("data-cfemail")):
            for child in list(element):
                element.remove(child)
            element.text = address


def revealed(code: str) -> str:
    """The address that *code* hides; empty where it hides none.

    Two hexadecimal digits a byte; each but the first is combined with the first.
    """
    with contextlib.suppress(ValueError):  # no such digits, or no text
        key, *data = bytes.fromhex(code[: 2 * LONGEST + 2])
        address = bytes(byte ^ key for byte in data).decode()
        if "@" in address and address.isprintable():
            return address
    return ""
