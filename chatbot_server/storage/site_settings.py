"""Checks of what an owner may set on a site."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from chatbot_server.errors import UsageError
from chatbot_server.storage.sites import Site

POSITIONS = ("bottom-right", "bottom-left", "top-right", "top-left")
COLOR = re.compile(r"#[0-9a-fA-F]{6}")
LANGUAGE = re.compile(r"[a-z]{2}(-[A-Za-z]{2,4})?")
WORDED = re.compile(r"(?s)(?:(?P<language>[a-z]{2})=)?(?P<text>.*)")
EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,180}\.[A-Za-z0-9-]{2,}")
# Control characters, line ends, and bytes that were no text.
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
LONGEST_NAME = 80
LONGEST_EMAIL = 254
LONGEST_URL = 500
LONGEST_INSTRUCTIONS = 4000
LONGEST_WORDS = 500
MOST_SUGGESTIONS = 6


def origin_of(text: str) -> str:
    """``https://Example.org/shop`` → ``https://example.org``; a missing scheme is https.

    Raises:
        UsageError: not the address of a page.
    """
    wrong = UsageError("origin_wrong", field="origin", found=text[:100])
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
    except ValueError:
        raise wrong from None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[a-z0-9.:-]+", host):
        raise wrong
    host = f"[{host}]" if ":" in host else host
    standard = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != standard else "")


def name_of(text: str) -> str:
    """*text* as the name at the top of the panel.

    Raises:
        UsageError: empty, too long, or not one line of text.
    """
    name = text.strip()
    if not 1 <= len(name) <= LONGEST_NAME or CONTROLS.search(name):
        raise UsageError("name_wrong", field="name", limit=LONGEST_NAME)
    return name


def remove_origins(site: Site, texts: Iterable[str]) -> None:
    """Raises:
    UsageError: one that was not allowed anyway.
    """
    for text in texts:
        origin = origin_of(text)
        if origin not in site.origins:
            known = ", ".join(site.origins) or "–"
            raise UsageError("origin_unknown", field="remove-origin", found=origin, known=known)
        site.origins = [kept for kept in site.origins if kept != origin]


def set_instructions(site: Site, text: str) -> None:
    """What the model is told; empty: the server's own words.

    Raises:
        UsageError: too long, or no text.
    """
    if len(text) > LONGEST_INSTRUCTIONS or CONTROLS.search(re.sub(r"[\t\r\n]", "", text)):
        raise UsageError("instructions_wrong", field="instructions", limit=LONGEST_INSTRUCTIONS)
    site.instructions = text.strip()


def is_email(text: str) -> bool:
    """Whether *text* looks like an address; only a letter that arrives proves one."""
    return len(text) <= LONGEST_EMAIL and bool(EMAIL.fullmatch(text))


def set_contact_email(site: Site, text: str) -> None:
    """Empty: none.

    Raises:
        UsageError: not an e-mail address.
    """
    if text and not is_email(text):
        raise UsageError("contact_email_wrong", field="contact-email", found=text[:100])
    site.contact_email = text or None


def set_contact_url(site: Site, text: str) -> None:
    """Empty: none.

    Raises:
        UsageError: not the address of a page.
    """
    site.contact_url = _page(text, "contact-url")


def set_policy_url(site: Site, text: str) -> None:
    """Empty: none.

    Raises:
        UsageError: not the address of a page.
    """
    site.policy_url = _page(text, "policy-url")


def _page(text: str, option: str) -> str | None:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if text and (not good or len(text) > LONGEST_URL or re.search(r"\s", text)):
        raise UsageError("url_wrong", field=option, name=option, found=text[:100])
    return text or None


def set_color(site: Site, text: str) -> None:
    """Raises:
    UsageError: not ``#rrggbb``.
    """
    if not COLOR.fullmatch(text):
        raise UsageError("color_wrong", field="color", found=text[:40])
    site.color = text.lower()


def set_language(site: Site, text: str) -> None:
    """The language of the panel; ``auto``: the page's.

    Raises:
        UsageError: not a language tag.
    """
    if text != "auto" and not LANGUAGE.fullmatch(text):
        raise UsageError("language_wrong", field="language", found=text[:40])
    site.language = None if text == "auto" else text


def set_words(site: Site, name: str, texts: Iterable[str]) -> None:
    """The owner's wording of *name*: ``fr=Bonjour`` for one language, else for all.

    Raises:
        UsageError: empty, or longer than 500 characters.
    """
    words = dict(site.words.get(name, {}))
    for entry in texts:
        language, text = _worded(entry, name)
        words[language] = text
    site.words = {**site.words, name: words}


def set_suggestions(site: Site, texts: Iterable[str]) -> None:
    """Questions to offer, replacing the former ones; ``fr=Vos horaires ?`` for one language.

    Raises:
        UsageError: empty, too long, or more than six of a language.
    """
    suggestions: dict[str, list[str]] = {}
    for entry in texts:
        language, text = _worded(entry, "suggestion")
        suggestions.setdefault(language, []).append(text)
    if any(len(entries) > MOST_SUGGESTIONS for entries in suggestions.values()):
        raise UsageError("suggestions_too_many", field="suggestion", limit=MOST_SUGGESTIONS)
    site.suggestions = suggestions


def _worded(entry: str, name: str) -> tuple[str, str]:
    match = WORDED.fullmatch(entry.strip())
    text = match["text"].strip() if match else ""
    if not text or len(entry) > LONGEST_WORDS or CONTROLS.search(text.replace("\n", "")):
        raise UsageError("words_wrong", field=name, name=name, limit=LONGEST_WORDS)
    return (match and match["language"]) or "*", text
