"""What the data file of a language may hold."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MomentName = Literal["now", "tonight", "today", "tomorrow", "after_tomorrow", "weekend"]
PartOfYear = Literal["term", "low", "high", "holidays"]
FeastDay = Literal[
    "new_years_day", "new_year", "good_friday", "easter", "labour_day", "ascension", "whitsun",
    "bastille_day", "assumption", "halloween", "all_saints", "christmas_eve", "christmas_day",
    "christmas", "boxing_day", "year_end", "new_years_eve",
]  # fmt: skip


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
        order: of its parts: “12 rue des Lilas”, “10 Downing Street”, “calle Mayor, 12” or
            “Lindenstraße 12”.
        words: for streets and squares; with “street number”, the ends of such words.
        articles: may come between the word and the name.
        house_letters: may follow the number.
    """

    order: Literal[
        "number street name", "number name street", "street name number", "street number"
    ]
    words: Words
    articles: Words = frozenset()
    house_letters: Words = frozenset()


class Ranges(_Record):
    """How the limits of ages and counts are stated.

    Attributes:
        under, over: come before a limit that is not included; *until*, *from_there*: before one
            that is.
        and_below, and_above: come after a limit that is included.
        joints: come between two limits.
        every_age: set no limit: “all ages”.
        age_words: introduce ages, whose unit may then be missing.
        age_statements: come before an age in a question, whose unit may be missing: “my son is 12”.
        years_of_age: the unit that is then meant.
        units: name → words of what is counted.
    """

    under: Phrases = ()
    over: Phrases = ()
    until: Phrases = ()
    from_there: Phrases = ()
    and_below: Phrases = ()
    and_above: Phrases = ()
    joints: Phrases = ()
    every_age: Phrases = ()
    age_words: Phrases = ()
    age_statements: Phrases = ()
    years_of_age: str = ""
    units: dict[str, Phrases] = {}


class Region(_Record):
    """Other countries by what holds them all: “Europe”."""

    names: Phrases
    countries: Words


class SmallTalk(_Record):
    """Words of a message that asks nothing; *beside* are words that may accompany them."""

    hello: Words
    thanks: Words
    goodbye: Words
    beside: Words


class Language(_Record):
    """One language. Words are folded, except abbreviations.

    Attributes:
        stemmer: its name in Snowball.
        typical_question: of many sites, not folded; asked so that what questions need is loaded.
        space_before_colon: as French writes it.
        capitalised_nouns: all nouns have a capital letter, as in German, and not only names.
        own_signs: signs that no other language has.
        stop_words: small words that say nothing about a subject.
        abbreviations: words whose dot, left out here, does not end a sentence.
        abbreviations_of_numbers: the same, where a number follows the dot.
        months: twelve; the name of each, then its short forms.
        ambiguous_months: names that are also words: without a day or a year, they are no month.
        names_of_seasons: spring, summer, autumn and winter.
        days: seven; the names of each.
        ordinals: endings that may follow the day of a date.
        date_joints: may come between day, month and year.
        hour_words: come between hour and minutes, or after the hour.
        clock_words: come after hour and minutes with a dot between them: “9.30 Uhr”.
        units_of_time: of durations.
        units_of_weight, units_of_size: come after a number.
        kinds_of_days: may come before a unit of time.
        currencies: ISO code, or “cent” → names.
        percent: ways to write “%”.
        calling_codes: of countries where a 0 takes its place in national numbers.
        numbers: number → words for it; for 1, only those in compounds.
        number_joints: join the parts of a compound: “vingt-et-un”.
        number_joint_inside: joins them inside one word: “einundzwanzig”.
        asks_which: asks which things there are.
        asks_number: asks for a number; *asks_how_much*: for an amount of money.
        asks_how_many: comes before what is counted.
        question_joints: may introduce a second question.
        list_joints: stand between things that are asked for together: “coffee with milk”.
        question_openings: begin a question, and after a joint never a statement.
        asking_anywhere: make a sentence a question, wherever they occur in it.
        introductions: come before a question, and ask nothing: “I was wondering”.
        introduction_words: may come before an introduction, and *if_words* after it.
        courtesies: greetings and thanks at the beginning or end of a sentence.
        acknowledgements: how visitors respond to an answer before they go on.
        wishes: begin a courtesy that lasts to the end of its clause: “I hope you …”.
        courtesy_words: other words of a sentence that consists of courtesies.
        alternatives: introduce what is not asked for: “instead of”.
        own_affairs: begin a clause in which visitors speak of themselves.
        conditions: begin a clause that is no question, though one may follow it.
        follow_up_openings: begin a question that depends on the one before.
        corrections: begin a correction: “no, I mean”.
        positions: number → words for that place in a list; -1 is the last.
        others: ask for things that were not named.
        references: refer to something mentioned before.
        empty_references: contain such a word, but refer to nothing: “is there a …?”.
        possessives: refer to somebody mentioned before, other than the visitor.
        articles: come before a noun; *stand_ins* take its place: “the big one”.
        prepositions: each with its forms: “à au aux”.
        addresses_someone: phrases of a question that is complete by itself.
        page_controls: labels of links that lead on or back, and say nothing.
        polite_phrases: said beside a question; they ask nothing.
        contractions: small words that are written together, or what is left of them.
        asks_to_be_told: come before a question, or before what is asked for, after any number of
            *introduction_words*: “could you tell me the price”.
        interrogatives: small words that make another question of the same other words.
        asking_words: words that ask, and say nothing about the subject.
        compares: words of a question that several rows of a table answer.
        measures: ask how much of something; alone, of what was mentioned before.
        happening: ask when something takes place, and name nothing.
        property_words: ask for a property of a thing, and name none: “who runs it?”, “a person”.
        moments: name of a moment → phrases for it.
        no_moments: phrases that only look like one.
        short_days: seven; the short forms of each, which mean a day only beside days or times.
        every_day, working_days, weekends: phrases for several days.
        day_ranges: come between the first and the last of several days.
        noon, midnight: phrases for these hours.
        day_lists: come between or before days that are named one by one.
        excepting: exclude the days that follow.
        seasons: words of a text that is true for a part of the year only.
        parts_of_year: school term, low or high season, school holidays → phrases for it. A phrase
            that contains another comes first: “outside school holidays”.
        public_holidays: phrases for them.
        feast_days: name of a day of the year, or of some days → phrases for it.
        day_words: general words for days, as in “which days”.
        first_pages: what the first page of a site is called, which says nothing of it.
        welcomes: begin titles that greet, and say nothing of the page.
        labels: headings that call for attention, and do not say to what: “New”.
        legal_pages: words in the titles of pages that the law demands.
        service_pages: words in the titles of pages that every site has and nobody asks about.
        about_pages: titles of pages about the owner, which tell least of what to ask.
        places: what visitors call the place, whatever it is: “the shop”.
        closed: words for closed places.
        special_days: words for other days on which the usual hours do not hold.
        posting_words: introduce the date on which a text was written.
        asks_how_to: begin a question for the way to do something.
        asks_when: asks for a date.
        asks_hour: asks for a time of the day; *asks_end*: for the time when something ends;
            *asks_how_long*: for a duration.
        until_words: come before the time when something ends.
        asks_who: asks for a person; *asks_age*: for an age.
        contact_headings: occur in headings that introduce how to reach the place.
        asks_phone_number: asks for a telephone number, and not just how to reach the place.
        yes_words, no_words: what a cell says of what its column is about, in one word.
        negations: words that deny.
        negation_endings: ends of such words.
        opposites: “this / that” → words for this, words for that.
        opposite_prefixes: turn a word into its opposite.
        synonyms: concept → words that visitors and pages use for it.
        other_meanings: phrases in which such words mean something else: “la ferme”.
        ranges: how ages and counts are limited.
        regions: the smallest first; each also contains the countries of those before it.
        email_phrases: mean e-mail, and not the address of a street.
        at_words, dot_words: are typed in brackets for the signs of an e-mail address, to hide it;
            not folded. *bare_at_words*, *bare_dot_words*: also without brackets.
        per_words: come before what an amount is for: “5 € per child”; not folded.
        copyright_notices: in a notice at the foot of a page, beside “copyright”; not folded.
        payment_means: what people pay with.
        alike_endings: ending → another one of the same verb.
        plurals: ending of a plural that the stemmer keeps → that of its singular.
        shorthand: what is typed in a hurry → the words in full.
        colloquial: a page's word → what visitors call it among themselves.
        elisions: letters of small words that lose their apostrophe: “lecole”.
    """

    name: str
    stemmer: str
    typical_question: str
    space_before_colon: bool = False
    capitalised_nouns: bool = False
    own_signs: Words = frozenset()
    stop_words: Words
    abbreviations: Words
    abbreviations_of_numbers: Words = frozenset()
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
    list_joints: Phrases
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
    follow_up_openings: Phrases
    corrections: Phrases
    positions: dict[int, Words]
    others: Words
    references: Phrases
    empty_references: Phrases = ()
    possessives: Phrases = ()
    articles: Words = frozenset()
    stand_ins: Words = frozenset()
    prepositions: Phrases = ()
    addresses_someone: Phrases
    page_controls: Phrases
    polite_phrases: Phrases
    contractions: Words = frozenset()
    asks_to_be_told: Phrases = ()
    interrogatives: Words = frozenset()
    asking_words: Words
    compares: Words
    measures: Words
    happening: Words
    property_words: Words
    moments: dict[MomentName, Phrases]
    no_moments: Phrases = ()
    short_days: Annotated[tuple[Words, ...], Field(min_length=7, max_length=7)]
    every_day: Phrases
    working_days: Phrases
    weekends: Phrases
    day_ranges: Words
    noon: Phrases = ()
    midnight: Phrases = ()
    day_lists: Words
    excepting: Phrases
    seasons: Words
    parts_of_year: dict[PartOfYear, Phrases]
    public_holidays: Phrases
    feast_days: dict[FeastDay, Phrases]
    day_words: Words
    first_pages: Phrases
    welcomes: Phrases
    labels: Phrases
    legal_pages: Phrases
    service_pages: Phrases
    about_pages: Phrases
    places: Words
    closed: Words
    special_days: Words
    posting_words: Phrases
    asks_how_to: Phrases
    asks_when: Phrases
    asks_hour: Phrases
    asks_end: Phrases
    until_words: Phrases
    asks_how_long: Phrases
    asks_who: Phrases
    asks_age: Phrases
    asks_phone_number: Phrases
    contact_headings: Phrases
    yes_words: Words
    no_words: Words
    negations: Words
    negation_endings: Words = frozenset()
    opposites: dict[str, tuple[Words, Words]]
    opposite_prefixes: Words
    synonyms: dict[str, Words]
    other_meanings: Phrases = ()
    ranges: Ranges = Ranges()
    regions: dict[str, Region] = {}
    email_phrases: Phrases
    at_words: Words
    dot_words: Words
    bare_at_words: Words = frozenset()
    bare_dot_words: Words = frozenset()
    per_words: Words
    copyright_notices: Phrases
    payment_means: Phrases
    alike_endings: dict[str, str] = {}
    plurals: dict[str, str] = {}
    shorthand: dict[str, str] = {}
    colloquial: dict[str, Phrases] = {}
    elisions: Words = frozenset()
    small_talk: SmallTalk
