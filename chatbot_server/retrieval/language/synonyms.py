"""What the words of a question ask for, beyond their letters.

Visitors write “livrez-vous” where the page says “livraison”, and “combien coûte” where it
says “12 €”. The index ranks by stems and by meaning; whether a sentence *answers* is asked
of what stands here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

import yaml

from chatbot_server.retrieval.language import stems
from chatbot_server.retrieval.language.text import fold

Rarity = Callable[[str], float]

_COUNT = r"(?:\d+|une?|deux|trois|quatre|cinq|six|sept|huit|dix|douze|one|two|three|four|five|seven|ten|twelve)"  # noqa: E501
_FACTS = {
    "time": r"\b\d{1,2} ?h(?:\d\d)?\b|\b\d{1,2}:\d\d\b|\b\d{1,2} ?[ap]\.?m\b",
    "price": r"\d ?(?:€|\$|£|eur\b|euros?\b)|[€$£] ?\d",
    "duration": rf"\b{_COUNT} ?(?:working |business )?(?:minutes?|heures?|jours?|semaines?|mois|ans?|annees?|hours?|days?|weeks?|months?|years?)\b",  # noqa: E501
    "phone": r"(?<!\d)(?:\+\d{1,3}|0)[ .-]?\d(?:[ .-]?\d){7,11}(?!\d)",
    "email": r"\w@\w",
    "street": r"\b\d{1,4}(?: bis| ter)?,? (?:rue|avenue|boulevard|bd|place|quai|chemin|impasse|allee|route|cours|square)\b"  # noqa: E501
    r"|\b\d{1,4},? (?:[a-z]+ ){1,3}(?:street|road|lane|avenue|drive|square|way)\b",
    "means": r"\b(?:cartes? (?:bancaires?|de credit)|cards?|cash|especes|cheques?|virements?|paypal)\b",  # noqa: E501
}
_EMAIL = re.compile(r"\b(?:adresses? (?:e-?mail|electronique)|e-?mail address(?:es)?|e-mail)\b")


@dataclass(frozen=True)
class Word:
    """One telling word of a question: its stems, and the senses it shares with others."""

    stems: frozenset[str]
    senses: frozenset[str]

    def stands(self, said: frozenset[str]) -> bool:
        """Whether a text of which :func:`said` told *said* holds it, or what it asks for."""
        return bool(said & self.stems) or bool(said & self.senses)

    def weight(self, weigh: Rarity) -> float:
        """How telling it is: the rarest of its stems."""
        return max(weigh(stem) for stem in self.stems)


@dataclass(frozen=True)
class _Data:
    families: dict[str, frozenset[str]]
    kinds: dict[str, str]
    light: frozenset[str]
    measures: frozenset[str]


@cache
def _data() -> _Data:
    raw = yaml.safe_load(files(__package__).joinpath("synonyms.yaml").read_text(encoding="utf-8"))
    families: dict[str, frozenset[str]] = {}
    kinds: dict[str, str] = {}
    for number, family in enumerate(raw["families"]):
        sense = f"={number}"
        for word in family["words"].split():
            families[word] = families.get(word, frozenset()) | {sense}
        if "answer" in family:
            kinds[sense] = family["answer"]
    light, measures = (frozenset(raw[name].split()) for name in ("light", "measures"))
    return _Data(families, kinds, light, measures)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((sense, re.compile(_FACTS[kind])) for sense, kind in _data().kinds.items())


@lru_cache(100_000)
def word(folded: str) -> Word:
    """What one folded word means."""
    found = {stems.stem(folded, language) for language in stems.LANGUAGES}
    if folded.endswith("ons") and len(folded) > 5:  # “acceptons” is no other verb than “acceptez”
        found.add(stems.stem(f"{folded[:-3]}ez", "fr"))
    return Word(frozenset(found), _data().families.get(folded, frozenset()))


def telling(question: str) -> list[Word]:
    """The words of *question* that say what it is about; all of them where none does."""
    found = stems.telling_words(_EMAIL.sub("email", fold(question)))
    light = _data().light
    kept = [each for each in found if each not in light and (len(each) > 1 or each.isdigit())]
    return [word(each) for each in kept or found]


def asks_only_how_much(question: str) -> bool:
    """Whether *question* leaves open of what: “c'est combien ?”, “how long does it take?”."""
    found = stems.telling_words(question)
    language = stems.guess_language(question)
    return all(each in _data().measures or stems.is_stop_word(each, language) for each in found)


def said(text: str) -> frozenset[str]:
    """The stems and senses of *text*, and of the facts in it."""
    found: set[str] = set()
    for each in map(word, set(stems.words(text))):
        found |= each.stems | each.senses
    folded = fold(text)
    found.update(sense for sense, pattern in _patterns() if pattern.search(folded))
    return frozenset(found)


def coverage(asked: list[Word], there: frozenset[str], weigh: Rarity) -> float:
    """Share of the weight of *asked* that stands in what :func:`said` told, 0…1."""
    whole = sum(each.weight(weigh) for each in asked)
    return sum(each.weight(weigh) for each in asked if each.stands(there)) / whole if whole else 0.0
