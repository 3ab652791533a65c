"""What is known of each language: one data file each, beside this module.

``LANGUAGES`` holds every file there, so that a further language is one further file.

French and English are used for every text. A further language is used where a text is told to
be in it: a document whose page declares it, or whose small words do; and a question, where
documents of the site are in it. A site in French and English is therefore answered alike,
whatever other languages there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from chatbot_server.resources import read_yaml_files

Languages = tuple[str, ...]
ALWAYS_USED: Languages = ("fr", "en")

MomentName = Literal["now", "tonight", "today", "tomorrow", "after_tomorrow", "weekend"]
PartOfYear = Literal["term", "low", "high", "holidays"]


def _split(text: object, *, at: str | None = None) -> object:
    return [part.strip() for part in text.split(at)] if isinstance(text, str) else text


Words = Annotated[frozenset[str], BeforeValidator(_split)]
Forms = Annotated[tuple[str, ...], BeforeValidator(_split)]
Phrases = Annotated[tuple[str, ...], BeforeValidator(partial(_split, at="|"))]


class _Record(BaseModel):
    """A mapping of a data file: a wrong key or type stops the start."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Streets(_Record):
    """How an address is written.

    Attributes:
        order: what stands where: “12 rue des Lilas”, “10 Downing Street”,
            “calle Mayor, 12” or “Lindenstraße 12”.
        words: of streets and places; in “street number” the ends of such words.
        articles: what may stand between the street and its name.
        house_letters: what may stand behind the number.
    """

    order: Literal[
        "number street name", "number name street", "street name number", "street number"
    ]
    words: Words
    articles: Words = frozenset()
    house_letters: Words = frozenset()


class Ranges(_Record):
    """How the limits of ages and counts are told.

    Attributes:
        under, over: stand before a limit that does not count; *until*, *from_there*: that does.
        and_below, and_above: stand behind one that does.
        joints: stand between two limits.
        age_words: lead in ages, whose unit may then be missing.
        units: name → words of what is counted.
    """

    under: Phrases = ()
    over: Phrases = ()
    until: Phrases = ()
    from_there: Phrases = ()
    and_below: Phrases = ()
    and_above: Phrases = ()
    joints: Phrases = ()
    age_words: Phrases = ()
    units: dict[str, Phrases] = {}


class Region(_Record):
    """Other countries by what holds them all: “Europe”."""

    names: Phrases
    countries: Words


class SmallTalk(_Record):
    """Words of a message that asks nothing; *beside* are those that may stand with them."""

    hello: Words
    thanks: Words
    goodbye: Words
    beside: Words


class Language(_Record):
    """One language. Words are folded, but for abbreviations.

    Attributes:
        stemmer: its name in Snowball.
        space_before_colon: as French writes it.
        capitalised_nouns: a capital letter tells no name, as in German.
        own_signs: what no other language writes.
        stop_words: small words that say nothing about a subject.
        abbreviations: those whose dot, not given here, ends no sentence.
        months: twelve; of each its name, then its short forms.
        ambiguous_months: names that are words as well: alone they tell no month.
        names_of_seasons: of spring, summer, autumn and winter.
        days: seven; of each its names.
        ordinals: what may stand behind the day of a date.
        date_joints: what may stand between day, month and year.
        hour_words: what stands between hour and minutes, or behind the hour.
        clock_words: what stands behind hour and minutes that a dot parts: “9.30 Uhr”.
        units_of_time: of durations.
        units_of_weight, units_of_size: behind a number.
        kinds_of_days: what may stand before those.
        currencies: ISO code, or “cent”, → names.
        percent: what may stand for “%”.
        calling_codes: of countries whose numbers have a 0 in its place.
        numbers: number → words that tell it; of 1 only those in compounds.
        number_joints: what joins the parts of a compound: “vingt-et-un”.
        number_joint_inside: the same inside of one word: “einundzwanzig”.
        asks_which: what asks which things there are.
        asks_number: what asks for a number; *asks_how_much*: for an amount of money.
        asks_how_many: stands before what is counted.
        question_joints: what may lead in a second question.
        question_openings: how questions begin, and statements behind those words do not.
        asking_anywhere: what asks wherever it stands in a sentence.
        introductions: what leads in a question, and asks nothing: “I was wondering”.
        introduction_words: those that may stand before such, and *if_words* behind them.
        courtesies: what is said around a question, at the beginning or end of a sentence.
        acknowledgements: how visitors take up what they were told.
        wishes: how courtesies begin that end with their clause: “I hope you …”.
        courtesy_words: those that may stand beside courtesies in a sentence of nothing else.
        alternatives: lead in what is not asked for: “instead of”.
        own_affairs: how clauses begin in which visitors tell of themselves.
        conditions: how a clause begins that is no question, though one may follow it.
        followup_openings: how questions begin that follow another.
        corrections: how a question is put right: “no, I mean”.
        positions: number → words for that place in a list; -1 is the last.
        others: ask for what was not named.
        references: what refers to something spoken of before.
        empty_references: where such words refer to nothing: “is there a …?”.
        possessives: what refers to somebody spoken of before, where the visitor is not.
        articles: before a thing; *stand_ins* stand for its name: “the big one”.
        prepositions: each with its forms: “à au aux”.
        addresses_someone: words of a question that stands for itself.
        page_controls: what leads on or back on a page, and says nothing.
        polite_phrases: what is said beside a question, and asks nothing.
        contractions: small words that are written together, or what is left of them.
        asking_words: those that ask, and say nothing about what is asked.
        compares: words of a question that is answered by several rows of a table.
        measures: those that ask how much of something: alone, of what was spoken of before.
        happening: those that ask when something is, and name nothing.
        moments: name of a moment → how it is spoken of.
        no_moments: what only looks like one.
        short_days: seven; of each its short forms, which stand for it between times.
        every_day, working_days, weekends: which days are meant together.
        day_ranges: what stands between the first day of several and the last.
        day_lists: what stands between days that are told one by one, or before them.
        excepting: what takes the days behind it away.
        seasons: words of a text that holds for a part of the year only.
        parts_of_year: school term, low or high season, school holidays → how it is spoken of; what
            holds another comes first: “outside school holidays”.
        public_holidays: how those are spoken of.
        day_words: what days are called where it is asked for them: “which days”.
        legal_pages: what stands in the titles of pages that the law asks for.
        places: what visitors call the place itself, whatever it is: “the shop”.
        closed: how a place is said to be closed.
        special_days: words of other days on which the usual hours do not hold.
        asks_when: what asks for a date.
        negations: words that deny.
        negation_endings: ends of such words.
        opposites: “this / that” → words for this, words for that.
        opposite_prefixes: what turns a word into its opposite.
        synonyms: concept → words by which visitors and pages speak of it.
        ranges: how ages and counts are limited.
        regions: from the smallest on; each holds the countries of those before it.
        email_phrases: what means e-mail, and no address of a street.
        payment_means: what one pays with.
        alike_endings: ending → another of the same verb.
        shorthand: how words are typed in a hurry → what they stand for.
        colloquial: what a page says → how visitors say it among themselves.
        elisions: letters of small words that lose their apostrophe: “lecole”.
    """

    name: str
    stemmer: str
    space_before_colon: bool = False
    capitalised_nouns: bool = False
    own_signs: Words = frozenset()
    stop_words: Words
    abbreviations: Words
    months: Annotated[tuple[Forms, ...], Field(min_length=12, max_length=12)]
    ambiguous_months: Words = frozenset()
    names_of_seasons: tuple[Phrases, ...] = ()
    days: Annotated[tuple[Words, ...], Field(min_length=7, max_length=7)]
    ordinals: Words
    date_joints: Words = frozenset()
    hour_words: Words
    clock_words: Words = frozenset()
    units_of_time: Words
    kinds_of_days: Words = frozenset()
    units_of_weight: Words = frozenset()
    units_of_size: Words = frozenset()
    currencies: dict[str, Words]
    percent: Phrases
    calling_codes: Words = frozenset()
    streets: Streets
    numbers: dict[int, Words]
    number_joints: Words
    number_joint_inside: str | None = None
    asks_which: Words
    asks_number: Phrases
    asks_how_much: Phrases = ()
    asks_how_many: Phrases = ()
    question_joints: Phrases
    question_openings: Phrases
    asking_anywhere: Phrases
    introductions: Phrases
    introduction_words: Words
    if_words: Words
    courtesies: Phrases
    acknowledgements: Phrases
    wishes: Phrases
    courtesy_words: Words
    alternatives: Phrases = ()
    own_affairs: Phrases
    conditions: Phrases
    followup_openings: Phrases
    corrections: Phrases
    positions: dict[int, Words]
    others: Words
    references: Phrases
    empty_references: Phrases = ()
    possessives: Phrases = ()
    articles: Words = frozenset()
    stand_ins: Words = frozenset()
    prepositions: Phrases = ()
    addresses_someone: Words
    page_controls: Phrases
    polite_phrases: Phrases
    contractions: Words = frozenset()
    asking_words: Words
    compares: Words
    measures: Words
    happening: Words
    moments: dict[MomentName, Phrases]
    no_moments: Phrases = ()
    short_days: Annotated[tuple[Words, ...], Field(min_length=7, max_length=7)]
    every_day: Phrases
    working_days: Phrases
    weekends: Phrases
    day_ranges: Words
    day_lists: Words
    excepting: Phrases
    seasons: Words
    parts_of_year: dict[PartOfYear, Phrases]
    public_holidays: Phrases
    day_words: Words
    legal_pages: Phrases
    places: Words
    closed: Words
    special_days: Words
    asks_when: Phrases
    negations: Words
    negation_endings: Words = frozenset()
    opposites: dict[str, tuple[Words, Words]]
    opposite_prefixes: Words
    synonyms: dict[str, Words]
    ranges: Ranges = Ranges()
    regions: dict[str, Region] = {}
    email_phrases: Phrases
    payment_means: Phrases
    alike_endings: dict[str, str] = {}
    shorthand: dict[str, str] = {}
    colloquial: dict[str, Phrases] = {}
    elisions: Words = frozenset()
    small_talk: SmallTalk


def load(records: Mapping[str, object]) -> dict[str, Language]:
    """The languages of *records*, by code: :data:`ALWAYS_USED`, then the others.

    Raises:
        ValueError: a record does not describe a language; names the file.
    """
    codes = [*ALWAYS_USED, *sorted(records.keys() - set(ALWAYS_USED))]
    languages = {}
    for code in codes:
        try:
            languages[code] = Language.model_validate(records[code])
        except ValidationError as error:  # noqa: PERF203 - it is to name the file
            raise ValueError(f"{code}.yaml: {error}") from error
    for code, language in languages.items():
        _check_shared_names(code, "synonyms", language.synonyms, languages)
        _check_shared_names(code, "opposites", language.opposites, languages)
    return languages


def _check_shared_names(
    code: str, field: str, names: Iterable[str], languages: Mapping[str, Language]
) -> None:
    """Check the names of families, by which the words of all languages are joined."""
    known_names = {name for first in ALWAYS_USED for name in getattr(languages[first], field)}
    if unknown := set(names) - known_names:
        raise ValueError(f"{code}.yaml: {field}: no other language has {sorted(unknown)}")


LANGUAGES = load(read_yaml_files("chatbot_server.retrieval.language"))


def together(codes: Iterable[str]) -> Languages:
    """:data:`ALWAYS_USED`, and those of *codes* that there are."""
    return (*ALWAYS_USED, *sorted(set(codes) & LANGUAGES.keys() - set(ALWAYS_USED)))


def month_numbers(languages: Languages) -> dict[str, int]:
    """The number of each month, from 1, by its names and short forms."""
    return {
        name: number
        for code in languages
        for number, names in enumerate(LANGUAGES[code].months, 1)
        for name in names
    }


def any_of(phrases: Iterable[str]) -> str:
    """A regular expression for any of *phrases*, longest first; matches nothing without any."""
    longest_first = sorted(set(phrases), key=lambda phrase: (-len(phrase), phrase))
    return f"(?:{'|'.join(map(re.escape, longest_first))})" if longest_first else "(?!)"
