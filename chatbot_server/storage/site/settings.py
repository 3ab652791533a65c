"""The settings of a site, in one table from which forms and options are made.

A new setting is a line of :data:`SITE_SETTINGS`, a column of :class:`Site` with its migration, a
sentence ``help_site_…``, and whatever makes use of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic_core import Url

from chatbot_server.errors import UsageError
from chatbot_server.storage.site.person_hours import WITHIN, hours_of
from chatbot_server.storage.site.sites import Site

POSITIONS = ("bottom-right", "bottom-left", "top-right", "top-left")
COLOR = re.compile(r"#[0-9a-fA-F]{6}")
ON_OR_OFF = ("on", "off")
CONTACT_MAILS = ("each", "daily", "off")
COUNTRY = re.compile(r"[A-Za-z]{2}")
LANGUAGE = re.compile(r"[a-z]{2}(-[A-Za-z]{2,4})?")
WORDING = re.compile(r"(?s)(?:(?P<language>[a-z]{2})=)?(?P<text>.*)")
EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,180}\.[A-Za-z0-9-]{2,}")
# Control characters, line ends, and bytes that were no text.
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
LONGEST_NAME = 80
LONGEST_EMAIL = 254
LONGEST_URL = 500
LONGEST_INSTRUCTIONS = 4000
LONGEST_WORDS = 500
LONGEST_TIME_ZONE = 64
LONGEST_RETENTION = 365
LONGEST_SILENCE = 72
WORDING_EXAMPLE = "[LANG=]TEXT"
MOST_SUGGESTIONS = 6


def origin_of(text: str) -> str:
    """``https://Example.org/shop`` → ``https://example.org``; a missing scheme is https.

    A name in Unicode becomes what browsers send: ``münchen.de`` → ``xn--mnchen-3ya.de``.

    Raises:
        UsageError: not the address of a page.
    """
    wrong = UsageError("origin_wrong", field="origin", found=text[:100])
    if text.strip().lower() == "null":
        raise UsageError("origin_is_null", field="origin")
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
        name = parts.hostname or ""
        host = Url(f"https://{f'[{name}]' if ':' in name else name}").host or ""
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[a-z0-9.:\[\]-]+", host):
        raise wrong
    standard = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != standard else "")


def name_of(text: str, longest: int = LONGEST_NAME) -> str:
    """*text* as the name at the top of the panel, or of a person in it.

    Raises:
        UsageError: empty, too long, or not one line of text.
    """
    name = text.strip()
    if not 1 <= len(name) <= longest or CONTROLS.search(name):
        raise UsageError("name_wrong", field="name", limit=longest)
    return name


def is_email(text: str) -> bool:
    """Whether *text* looks like an e-mail address."""
    return len(text) <= LONGEST_EMAIL and bool(EMAIL.fullmatch(text))


def remove_origins(site: Site, texts: Sequence[str]) -> None:
    """Remove the origins in *texts* from those that *site* allows.

    Raises:
        UsageError: one of *texts* is not among them.
    """
    for origin in map(origin_of, texts):
        if origin not in site.origins:
            code = "origin_unknown" if site.origins else "origin_unknown_none"
            others = ", ".join(site.origins)
            raise UsageError(code, field="remove-origin", found=origin, known=others)
        site.origins = [other for other in site.origins if other != origin]


def _matching(pattern: re.Pattern[str], code: str, field: str, text: str) -> str:
    """*text*, if it matches *pattern*; else raise a UsageError with *code*."""
    if not pattern.fullmatch(text):
        raise UsageError(code, field=field, found=text[:40])
    return text


def _words_of(name: str, texts: Sequence[str], site: Site) -> dict[str, Any]:
    """The owner's wording of *name*: ``fr=Bonjour`` for one language, else for all."""
    return site.words | {name: site.words.get(name, {}) | dict(_wording(name, t) for t in texts)}


def _suggestions_of(texts: Sequence[str], _site: Site) -> dict[str, list[str]]:
    """Questions to offer, replacing the former ones; ``fr=Vos horaires ?`` for one language."""
    suggestions: dict[str, list[str]] = {}
    for value in texts:
        language, text = _wording("suggestion", value)
        suggestions.setdefault(language, []).append(text)
    return _not_too_many(suggestions)


def add_suggestions(site: Site, texts: Sequence[str]) -> None:
    """Offer further questions beside those that are offered, ``fr=…`` in one language, else in all.

    Raises:
        UsageError: they are too many, or one is empty or too long.
    """
    for value in texts:
        language, text = _wording("suggestion", value)
        # Who has questions of their language is shown no others.
        shown_to = {language} if language != "*" else {language, *site.suggestions}
        more = {code: list(dict.fromkeys([*site.suggested(code), text])) for code in shown_to}
        site.suggestions = _not_too_many(site.suggestions | more)


def _not_too_many(suggestions: dict[str, list[str]]) -> dict[str, list[str]]:
    if any(len(questions) > MOST_SUGGESTIONS for questions in suggestions.values()):
        raise UsageError("suggestions_too_many", field="suggestion", limit=MOST_SUGGESTIONS)
    return suggestions


def _wording(name: str, value: str) -> tuple[str, str]:
    match = WORDING.fullmatch(value.strip())
    text = match["text"].strip() if match else ""
    if not text or len(value) > LONGEST_WORDS or CONTROLS.search(text.replace("\n", "")):
        raise UsageError("words_wrong", field=name, limit=LONGEST_WORDS)
    return (match and match["language"]) or "*", text


def _instructions_of(text: str, _site: Site) -> str:
    """The instructions to the model; empty: the server's own."""
    if len(text) > LONGEST_INSTRUCTIONS or CONTROLS.search(re.sub(r"[\t\r\n]", "", text)):
        raise UsageError("instructions_wrong", field="instructions", limit=LONGEST_INSTRUCTIONS)
    return text.strip()


def _email_of(text: str, _site: Site) -> str | None:
    if text and not is_email(text):
        raise UsageError("contact_email_wrong", field="contact-email", found=text[:100])
    return text or None


def _url_of(option: str, text: str, _site: Site) -> str | None:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if text and (not good or len(text) > LONGEST_URL or re.search(r"\s", text)):
        raise UsageError("url_wrong", field=option, found=text[:100])
    return text or None


def _time_zone_of(text: str, _site: Site) -> str | None:
    """The IANA name of a time zone; “auto”: that of the server."""
    if text == "auto":
        return None
    try:
        if len(text) > LONGEST_TIME_ZONE or not ZoneInfo(text).key:
            raise ValueError(text)
    except (ValueError, OSError, ZoneInfoNotFoundError):  # a path, a folder, or no such zone
        raise UsageError("time_zone_wrong", field="time-zone", found=text[:40]) from None
    return text


def _days_of(text: str, _site: Site) -> int | None:
    """How many days conversations are kept; “auto”: as the server allows."""
    if text == "auto":
        return None
    if not re.fullmatch(r"\d{1,3}", text) or int(text) > LONGEST_RETENTION:
        raise UsageError(
            "retention_wrong", field="retention-days", found=text[:20], limit=LONGEST_RETENTION
        )
    return int(text)


def _hours_of(text: str, _site: Site) -> int:
    if not re.fullmatch(r"\d{1,2}", text) or not 1 <= int(text) <= LONGEST_SILENCE:
        raise UsageError(
            "silence_wrong", field="silence-hours", found=text[:20], limit=LONGEST_SILENCE
        )
    return int(text)


@dataclass(frozen=True)
class SiteSetting:
    """One setting of a site.

    Attributes:
        name: the name of its option (``policy_url`` for ``--policy-url``), and of its sentence
            (``help_site_policy_url``).
        column: the column of :class:`Site` that stores it.
        example: an example of a value, for the help.
        value_of: the column's new value, from what was typed (a text, or several texts if
            *repeatable*) and the site as it is; raises a UsageError that says what is wrong.
        choices: the possible values; empty: all that *value_of* accepts.
        panel: its place in what visitors' browsers get: ``("contact", "url")`` for
            ``{"contact": {"url": …}}``. The value is that of the column.
    """

    name: str
    column: str
    example: str
    value_of: Callable[[Any, Site], Any]
    repeatable: bool = False
    choices: tuple[str, ...] = ()
    panel: tuple[str, ...] = ()


SITE_SETTINGS = (
    SiteSetting(
        "origin",
        "origins",
        "URL",
        # Added to those allowed so far, each once.
        lambda texts, site: list(dict.fromkeys([*site.origins, *map(origin_of, texts)])),
        repeatable=True,
    ),
    SiteSetting(
        "color",
        "color",
        "#RRGGBB",
        lambda text, _: _matching(COLOR, "color_wrong", "color", text).lower(),
        panel=("color",),
    ),
    SiteSetting(
        "language",
        "language",
        "TAG",
        # “auto”: the panel speaks the page's.
        lambda text, _: (
            None if text == "auto" else _matching(LANGUAGE, "language_wrong", "language", text)
        ),
    ),
    SiteSetting("time_zone", "time_zone", "AREA/CITY", _time_zone_of),
    SiteSetting("retention_days", "retention_days", "DAYS", _days_of),
    SiteSetting(
        "position", "position", "", lambda text, _: text, choices=POSITIONS, panel=("position",)
    ),
    SiteSetting(
        "greeting", "words", WORDING_EXAMPLE, partial(_words_of, "greeting"), repeatable=True
    ),
    SiteSetting("notice", "words", WORDING_EXAMPLE, partial(_words_of, "notice"), repeatable=True),
    SiteSetting("suggestion", "suggestions", WORDING_EXAMPLE, _suggestions_of, repeatable=True),
    SiteSetting("topics", "offers_topics", "", lambda text, _: text == "on", choices=ON_OR_OFF),
    SiteSetting("instructions", "instructions", "TEXT", _instructions_of),
    SiteSetting("contact_email", "contact_email", "ADDRESS", _email_of, panel=("contact", "email")),
    SiteSetting(
        "contact_url",
        "contact_url",
        "URL",
        partial(_url_of, "contact-url"),
        panel=("contact", "url"),
    ),
    SiteSetting(
        "policy_url",
        "policy_url",
        "URL",
        partial(_url_of, "policy-url"),
        panel=("privacy", "policy_url"),
    ),
    SiteSetting("contact_mail", "contact_mail", "", lambda text, _: text, choices=CONTACT_MAILS),
    SiteSetting("silence_hours", "silence_hours", "HOURS", _hours_of),
    SiteSetting(
        "person_hours",
        "person_hours",
        "DAY=HOURS",
        # Added to those of the other days; “mon=” alone: nobody answers on Monday.
        lambda texts, site: hours_of([*map("=".join, site.person_hours.items()), *texts]),
        repeatable=True,
    ),
    SiteSetting("person_within", "person_within", "", lambda text, _: text, choices=WITHIN),
    SiteSetting("free_chat", "free_chat", "", lambda text, _: text == "on", choices=ON_OR_OFF),
    SiteSetting(
        "country",
        "country",
        "CODE",
        # “auto”: as language and addresses tell.
        lambda text, _: (
            None if text == "auto" else _matching(COUNTRY, "country_wrong", "country", text).upper()
        ),
    ),
)


def change_site(site: Site, settings: Mapping[str, Any]) -> None:
    """Change the settings in *settings*, by their names in the table; None leaves one as it is.

    Raises:
        UsageError: names the value that is wrong, and says why.
    """
    for setting in SITE_SETTINGS:
        value = settings.get(setting.name)
        if value is not None and value != ():
            setattr(site, setting.column, setting.value_of(value, site))


def settings_of(site: Site) -> dict[str, Any]:
    """All settings of a site, by column."""
    columns = dict.fromkeys(setting.column for setting in SITE_SETTINGS)
    return {"name": site.name} | {column: getattr(site, column) for column in columns}
