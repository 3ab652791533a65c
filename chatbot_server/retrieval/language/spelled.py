"""Numbers in words, French and English: “trente-cinq”, “quatre-vingt-dix”, “a dozen”."""

from __future__ import annotations

_SPELLED = (
    "deux two|trois three|quatre four|cinq five|six|sept seven|huit eight|neuf nine|dix ten|onze eleven|douze twelve"  # noqa: E501
    "|treize thirteen|quatorze fourteen|quinze fifteen|seize sixteen|dix-sept seventeen|dix-huit eighteen"  # noqa: E501
    "|dix-neuf nineteen"
)
_NUMBERS = {name: n for n, names in enumerate(_SPELLED.split("|"), 2) for name in names.split()} | {
    "vingt": 20, "twenty": 20, "trente": 30, "thirty": 30, "quarante": 40, "forty": 40,
    "cinquante": 50, "fifty": 50, "soixante": 60, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "cent": 100, "hundred": 100, "mille": 1000, "thousand": 1000, "million": 10**6,
    "noon": 12, "midi": 12, "midnight": 0, "minuit": 0, "zero": 0,
    "dizaine": 10, "douzaine": 12, "dozen": 12, "quinzaine": 15, "vingtaine": 20, "trentaine": 30,
    "quarantaine": 40, "cinquantaine": 50, "soixantaine": 60, "centaine": 100, "millier": 1000,
}  # fmt: skip
_ONE = dict.fromkeys(("un", "une", "one"), 1)


def spelled_number(word: str) -> int | None:
    """The number that a folded word tells, compounds included; None: it tells none."""
    if (found := _known(word)) is not None:
        return found
    parts = [part for part in word.split("-") if part not in ("et", "and")]
    values = [_ONE.get(part, _known(part)) for part in parts]
    known = [value for value in values if value is not None]
    return _sum(known) if len(parts) > 1 and len(known) == len(parts) else None


def _known(word: str) -> int | None:
    singular = word.removesuffix("s")
    return _NUMBERS.get(word, _NUMBERS.get(singular))


def _sum(values: list[int]) -> int:
    total = 0
    for value in values:
        if (value == 20 and total == 4) or (value >= 100 and 0 < total < value):
            total *= value  # quatre-vingt; deux-cents
        else:
            total += value
    return total
