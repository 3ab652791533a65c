"""What the words of a question ask for, beyond their letters.

Visitors write “livrez-vous” where the page says “livraison”, and “combien coûte” where it
says “12 €”. The index ranks by stems and by meaning; whether a sentence *answers* is asked
of what stands here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
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
_ASKS_NUMBER = re.compile(
    r"\b(how (many|much|long|old|far|often)|when|what (year|date|time|percent\w*|day)|which year|combien|quand|"  # noqa: E501
    r"quelle (heure|date|annee|duree)|quel (prix|tarif|jour|age|delai)|horaires?|opening hours?)\b"
)
_EMAIL = re.compile(r"\b(?:adresses? (?:e-?mail|electronique)|e-?mail address(?:es)?|e-mail)\b")


@dataclass(frozen=True)
class Word:
    """One content word of a question: its stems, and the concepts it stands for."""

    stems: frozenset[str]
    concepts: frozenset[str]

    def is_in(self, terms: frozenset[str]) -> bool:
        """Whether *terms*, from :func:`terms_in`, hold the word or what it asks for."""
        return bool(terms & self.stems) or bool(terms & self.concepts)

    def weight(self, weigh: Rarity) -> float:
        """The rarity of the rarest of its stems."""
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
        concept = f"={number}"
        for word in family["words"].split():
            families[word] = families.get(word, frozenset()) | {concept}
        if "answer" in family:
            kinds[concept] = family["answer"]
    light, measures = (frozenset(raw[name].split()) for name in ("light", "measures"))
    return _Data(families, kinds, light, measures)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((concept, re.compile(_FACTS[kind])) for concept, kind in _data().kinds.items())


@lru_cache(100_000)
def word(folded: str) -> Word:
    """What one folded word means."""
    all_stems = {stems.stem(folded, language) for language in stems.LANGUAGES}
    if folded.endswith("ons") and len(folded) > 5:  # “acceptons” is no other verb than “acceptez”
        all_stems.add(stems.stem(f"{folded[:-3]}ez", "fr"))
    return Word(frozenset(all_stems), _data().families.get(folded, frozenset()))


def query_words(question: str) -> list[Word]:
    """The words of *question* that say what it is about; all of them where none does."""
    content = stems.content_words(_EMAIL.sub("email", fold(question)))
    light = _data().light
    heavy = [name for name in content if name not in light and (len(name) > 1 or name.isdigit())]
    return [word(name) for name in heavy or content]


def asks_only_how_much(question: str) -> bool:
    """Whether *question* leaves open of what: “c'est combien ?”, “how long does it take?”."""
    language = stems.guess_language(question)
    return all(
        name in _data().measures or stems.is_stop_word(name, language)
        for name in stems.content_words(question)
    )


def asks_for_number(question: str) -> bool:
    """Whether a number answers *question*: “how long …?”, “à quelle heure …?”."""
    return bool(_ASKS_NUMBER.search(" ".join(stems.words(question))))


def terms_in(text: str) -> frozenset[str]:
    """The stems and concepts of *text*, and the concepts of the facts in it."""
    terms: set[str] = set()
    for meaning in map(word, set(stems.words(text))):
        terms |= meaning.stems | meaning.concepts
    flat = fold(text)
    terms.update(concept for concept, pattern in _patterns() if pattern.search(flat))
    return frozenset(terms)


def coverage(words: Sequence[Word], terms: frozenset[str], weigh: Rarity) -> float:
    """Share of the weight of *words* that stands in *terms*, from :func:`terms_in`; 0…1."""
    whole = sum(word.weight(weigh) for word in words)
    return sum(word.weight(weigh) for word in words if word.is_in(terms)) / whole if whole else 0.0
