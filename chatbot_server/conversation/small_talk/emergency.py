"""Whom a visitor in distress can call: numbers by country, from ``emergency.yaml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from chatbot_server.conversation.small_talk.remarks import Kind
from chatbot_server.messages import say
from chatbot_server.resources import read_yaml
from chatbot_server.storage.site.sites import Site

NUMBERS: Mapping[str, Mapping[str, str]] = read_yaml(
    "chatbot_server.conversation.small_talk", "emergency.yaml"
)
# Where no country is known: the number of the European Union, and advice to call the local one.
ANYWHERE = "EU"
# The numbers of a country that help, in the order in which to call them.
HELPFUL: Mapping[Kind, tuple[str, ...]] = {
    "self_harm": ("self_harm", "emergency"),
    "violence": ("police", "emergency", "violence"),
    "medical": ("emergency",),
}
_COUNTRY_DOMAINS = {"uk": "GB"} | {code.lower(): code for code in NUMBERS if code != ANYWHERE}
_NUMBER = re.compile(r"[0-9][0-9 -]*[0-9]")
_REGION = re.compile(r"^[A-Za-z]{2,3}[-_](?:[A-Za-z]{4}[-_])?([A-Za-z]{2})$")


def country_of(site: Site, region: str | None = None) -> str:
    """The country whose numbers visitors of *site* are told.

    The owner's setting; else the country in the site's language (“fr-BE”), in the domains of its
    addresses (“.be”), or the *region* in the visitor's own language.
    """
    if site.country:
        return site.country if site.country in NUMBERS else ANYWHERE
    domains = ((urlsplit(origin).hostname or "").rpartition(".")[2] for origin in site.origins)
    hints = [region_of(site.language), *map(_COUNTRY_DOMAINS.get, domains), region]
    return next((country for country in hints if country in NUMBERS), None) or ANYWHERE


def region_of(tag: str | None) -> str | None:
    """The country in a language tag: “CA” in “fr-CA”."""
    match = _REGION.match(tag or "")
    return match[1].upper() if match else None


def words_of_help(kind: Kind, country: str, language: str) -> str:
    """What a visitor in distress is told: the numbers where somebody answers now."""
    numbers = dict(NUMBERS[country])
    if own := numbers.get(f"{kind}_{language}"):
        numbers["emergency"] = own
    lines: Iterable[str] = (
        say(f"call_{name}", language, number=_NUMBER.sub(_to_call, numbers[name]))
        for name in HELPFUL[kind]
        if name in numbers
    )
    lines_of_numbers = "\n".join(f"- {line}" for line in lines)
    elsewhere = say("call_elsewhere", language)
    return f"{say(f'distress_{kind}', language)}\n\n{lines_of_numbers}\n\n{elsewhere}"


def _to_call(number: re.Match[str]) -> str:
    """The number as a link, so that a tap on it calls."""
    return f"[{number[0]}](tel:{re.sub('[ -]', '', number[0])})"
