"""What the words of a question ask for, beyond their letters.

Visitors write “livrez-vous” where the page says “livraison”, and “combien coûte” where it
says “12 €”. The index ranks by stems and by meaning; this module helps to decide whether a
sentence *answers*.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from chatbot_server.retrieval.language.facts import Kind, states
from chatbot_server.retrieval.language.languages import ALWAYS_USED, LANGUAGES, Languages, any_of
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.words import stems

Rarity = Callable[[str], float]

# The kind of fact that answers for a concept: a sentence with a price answers “how much”.
ANSWERING_FACTS: dict[str, Kind] = {
    "opening_hours": "time",
    "price": "price",
    "phone": "phone",
    "email": "email",
    "address": "street",
}
# No stem begins with it.
_DATE = "~"


@dataclass(frozen=True)
class Word:
    """One content word of a question: its stems, and the concepts it stands for.

    Attributes:
        folded: as it was written; words of one meaning are equal.
    """

    stems: frozenset[str]
    concepts: frozenset[str]
    folded: str = field(compare=False)

    def is_in(self, terms: frozenset[str]) -> bool:
        """Whether *terms*, from :func:`terms_in`, contain the word or what it asks for."""
        return not (terms.isdisjoint(self.stems) and terms.isdisjoint(self.concepts))

    def weight(self, weigh: Rarity) -> float:
        """The rarity of its most common stem: on a site in one language, no page has the stem that
        another language would make of it."""
        return min(weigh(stem) for stem in self.stems)


@lru_cache(100_000)
def word(folded: str, languages: Languages = ALWAYS_USED) -> Word:
    """The stems and concepts of one folded word."""
    all_stems = stems.all_stems(folded, languages)
    for code in languages:
        for ending, other in LANGUAGES[code].alike_endings.items():
            if folded.endswith(ending) and len(folded) > 5:  # “acceptons”, “acceptez”: one verb
                all_stems |= {stems.stem(folded.removesuffix(ending) + other, code)}
    return Word(all_stems, _concept_words(languages).concepts.get(folded, frozenset()), folded)


def without_politeness(text: str, languages: Languages = ALWAYS_USED) -> str:
    """*text*, folded, without words of politeness; unchanged if it has no others."""
    flat = fold(text).replace("’", "'")
    rest = _concept_words(languages).politeness.sub(" ", flat)
    return rest if stems.words(rest) else flat


def query_words(
    question: str, languages: Languages = ALWAYS_USED, language: str | None = None
) -> list[Word]:
    """The content words of *question*; all of its words if it has none."""
    flat = without_politeness(question, languages)
    flat = _concept_words(languages).email_phrase.sub("email", flat)
    content = stems.content_words(flat, languages, language)
    asking = _concept_words(languages).asking
    asks_how_much = bool(_concept_words(languages).how_much.search(flat))
    heavy = [name for name in content if name not in asking and (len(name) > 1 or name.isdigit())]
    regions = _concept_words(languages).regions
    names_with_meaning = _concept_words(languages).without_other_meanings(content, flat)
    words = []
    for name in heavy or content:
        meaning = word(name, languages)
        concepts = meaning.concepts if name in names_with_meaning else frozenset()
        if asks_how_much and "=payment" in concepts:  # “How much do I pay?”: by no means of payment
            concepts = frozenset({"=price", "=free"})
        # A page that speaks of Europe answers a question about one of its countries.
        words.append(replace(meaning, concepts=concepts | regions.get(name, frozenset())))
    return words


def ask_only_how_much(
    content_words: Sequence[str], language: str, languages: Languages = ALWAYS_USED
) -> bool:
    """Whether a question of these words names no subject: “c'est combien ?”."""
    measures = _concept_words(languages).measures
    return all(name in measures or stems.is_stop_word(name, language) for name in content_words)


def compares(question: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether *question* compares several things: which is the cheapest?"""
    compare_words = frozenset().union(*(LANGUAGES[code].compares for code in languages))
    return not compare_words.isdisjoint(stems.words(question))


def asks_for_number(question: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether a number answers *question*: “how long …?”, “à quelle heure …?”."""
    return bool(_concept_words(languages).number_question.search(" ".join(stems.words(question))))


def asks_for_hour(question: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether a time of the day answers *question*: “à quelle heure …?”."""
    return bool(_concept_words(languages).hour_question.search(" ".join(stems.words(question))))


def asks_for_phone_number(question: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether *question* asks for a telephone number, and not just how to reach the place."""
    return bool(_concept_words(languages).phone_question.search(" ".join(stems.words(question))))


def asks_how_much(question: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether a price answers *question*, though it names none: “how much is it?”."""
    return bool(_concept_words(languages).how_much.search(" ".join(stems.words(question))))


def names_contact(heading: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether *heading* introduces how to reach the place."""
    return bool(_concept_words(languages).contact_heading.search(" ".join(stems.words(heading))))


def counted_thing(question: str, languages: Languages = ALWAYS_USED) -> Word | None:
    """What *question* asks the number of: “how many rooms”."""
    match = _concept_words(languages).how_many.search(" ".join(stems.words(question)))
    return word(match["thing"], languages) if match else None


def terms_in(text: str, languages: Languages = ALWAYS_USED) -> frozenset[str]:
    """The stems and concepts of *text*, and the concepts of the facts in it."""
    terms: set[str] = set()
    flat, names = fold(text), frozenset(stems.words(text))
    names_with_meaning = _concept_words(languages).without_other_meanings(names, flat)
    for name in names:
        meaning = word(name, languages)
        terms |= meaning.stems | (meaning.concepts if name in names_with_meaning else frozenset())
    terms.update(
        _term(concept) for concept, kind in ANSWERING_FACTS.items() if states(kind, flat, languages)
    )
    terms.update(
        concept for concept, regex in _concept_words(languages).phrases if regex.search(flat)
    )
    return frozenset(terms)


def is_date(term: str) -> bool:
    """Whether *term* of :func:`terms_in` stands for a day, a month or a season."""
    return term.startswith(_DATE)


def _term(concept: str) -> str:
    return f"={concept}"  # no stem has a sign


class _ConceptWords:
    """The words of some languages for concepts.

    Attributes:
        concepts: of each word that has any.
        asking: words that ask, and say nothing about what is asked.
        measures: words that ask how much of something.
        politeness: what is said beside a question.
        regions: of each country, the concepts of the regions that hold it.
        phrases: what answers for measures and for a way to pay, which are no checkable facts, and
            for countries.
    """

    def __init__(self, languages: Languages) -> None:
        self._languages = [LANGUAGES[code] for code in languages]
        self.concepts: dict[str, frozenset[str]] = {}
        numbers: set[str] = set()
        for language in self._languages:
            for concept, words in language.synonyms.items():
                for name in words:
                    concepts = self.concepts.get(name, frozenset())
                    self.concepts[name] = concepts | {_term(concept)}
            numbers = numbers.union(*language.numbers.values())
        self.asking = self._all_words("asking_words")
        self.how_much = re.compile(rf"\b{any_of(self._all_words('asks_how_much'))}\b")
        how_many = any_of(self._all_words("asks_how_many"))
        self.how_many = re.compile(rf"\b{how_many} (?P<thing>\w{{3,}})")
        self.measures = self._all_words("measures")
        self.email_phrase = re.compile(rf"\b{any_of(self._all_words('email_phrases'))}\b")
        other_meanings = any_of(self._all_words("other_meanings"))
        self._other_meanings = re.compile(rf"\b{other_meanings}\b")
        self.politeness = re.compile(rf"\b{any_of(self._all_words('polite_phrases'))}(?!\w)")
        self.number_question = re.compile(rf"\b{any_of(self._all_words('asks_number'))}\b")
        self.hour_question = re.compile(rf"\b{any_of(self._all_words('asks_hour'))}\b")
        self.contact_heading = re.compile(rf"\b{any_of(self._all_words('contact_headings'))}\b")
        self.phone_question = re.compile(rf"\b{any_of(self._all_words('asks_phone_number'))}\b")
        days = any_of(self._all_words("kinds_of_days"))
        units = any_of(self._all_words("units_of_time"))
        means = any_of(self._all_words("payment_means"))
        self.phrases = (
            *self._add_dates(),
            ("=duration", re.compile(rf"\b(?:\d+|{any_of(numbers)}) ?(?:{days} )?{units}\b")),
            ("=duration", re.compile(r"\b(?:2[5-9]|[3-9]\d) ?h\b")),  # no time of a day
            ("=payment", re.compile(rf"\b{means}\b")),
            ("=temperature", re.compile(r"\d ?°")),
            ("=weight", re.compile(rf"\d ?{any_of(self._all_words('units_of_weight'))}\b")),
            ("=size", re.compile(rf"\d ?{any_of(self._all_words('units_of_size'))}(?!\w)")),
            *self._add_regions(),
        )

    def without_other_meanings(self, words: Collection[str], flat: str) -> Collection[str]:
        """The *words* of a folded text, without those that it uses in another meaning only."""
        rest, count = self._other_meanings.subn(" ", flat)
        return frozenset(stems.words(rest)) if count else words

    def _add_dates(self) -> Iterator[tuple[str, re.Pattern[str]]]:
        """Give days, months and seasons concepts, so that “Thursday” is “jeudi”.

        Yields patterns for names of several words.
        """
        for language in self._languages:
            groups = (*language.days, *language.months, *language.names_of_seasons)
            for number, names in enumerate(groups):
                concept = f"{_DATE}{number}"
                words = {name for name in names if " " not in name} - language.ambiguous_months
                for name in words | {f"{name}s" for name in words}:
                    self.concepts[name] = self.concepts.get(name, frozenset()) | {concept}
                if phrases := [name for name in names if " " in name]:
                    yield concept, re.compile(rf"(?<!\w){any_of(phrases)}\b")

    def _add_regions(self) -> Iterator[tuple[str, re.Pattern[str]]]:
        """Put the countries of each region into ``regions``; yields patterns of regions' names."""
        self.regions: dict[str, frozenset[str]] = {}
        names: dict[str, list[str]] = {}
        for language in self._languages:
            smaller: set[str] = set()
            for region, record in language.regions.items():
                names.setdefault(region, []).extend(record.names)
                smaller |= record.countries
                for country in smaller:
                    concepts = self.regions.get(country, frozenset())
                    self.regions[country] = concepts | {_term(region)}
        for region, phrases in names.items():
            yield _term(region), re.compile(rf"\b{any_of(phrases)}\b")

    def _all_words(self, field: str) -> frozenset[str]:
        return frozenset().union(*(getattr(language, field) for language in self._languages))


_concept_words = cache(_ConceptWords)
