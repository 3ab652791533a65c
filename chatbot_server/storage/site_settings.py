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
WORDED = re.compile(r"(?s)(?:(?P<language>[a-z]{2})=)?(?P<text>.+)")
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
    if match is None or len(entry) > LONGEST_WORDS:
        raise UsageError("words_wrong", field=name, name=name, limit=LONGEST_WORDS)
    return match["language"] or "*", match["text"].strip()
