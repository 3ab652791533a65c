"""The question, parsed once for search and all later stages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain

from chatbot_server.retrieval.answer.search.weighed_words import WeighedWords
from chatbot_server.retrieval.index.vectors import Vector
from chatbot_server.retrieval.language.dialogue import contrast
from chatbot_server.retrieval.language.dialogue.follow_up import (
    context_of,
    is_follow_up,
    names_no_subject,
)
from chatbot_server.retrieval.language.facts import Fact, facts
from chatbot_server.retrieval.language.language_file import MomentName
from chatbot_server.retrieval.language.languages import ALWAYS_USED, Languages
from chatbot_server.retrieval.language.ranges import Count, counts_in, within
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.time.dates import NamedDate
from chatbot_server.retrieval.language.time.moments import Moment
from chatbot_server.retrieval.language.time.year_days import (
    Span,
    month_names,
    spans_in,
    tells_about,
)
from chatbot_server.retrieval.language.words import stems, synonyms
from chatbot_server.retrieval.language.words.cognates import Cognates
from chatbot_server.retrieval.language.words.synonyms import Rarity, Word

MAX_QUESTION = 1000
# The concepts of how to reach a place; one of them is enough.
PRICE, ADDRESS = "=price", "=address"
CONTACTS = frozenset({"=phone", "=email"})
# The number of first words that say what kind of thing is asked: “À partir de quelle heure …”.
OPENING = 5

# Sentences of pages whose terms are cached, some 3 KB each; no text of visitors.
SENTENCES = 4000
_terms_of_page = lru_cache(SENTENCES)(synonyms.terms_in)
_COMPOUND = re.compile(r"\b[^\W\d_]{3,}-[^\W\d_]{3,}\b")


class ParsedText:
    """A question, a wording of an entry or an answer, with cached properties.

    Attributes:
        languages: those of the site; see :mod:`chatbot_server.retrieval.language.languages`.
    """

    def __init__(
        self, text: str, languages: Languages = ALWAYS_USED, language: str | None = None
    ) -> None:
        self.text = text
        self.languages = languages
        self._language = language

    @cached_property
    def language(self) -> str:
        """The language, given or guessed from the stop words."""
        return self._language or stems.guess_language(self.text, languages=self.languages)

    @cached_property
    def words(self) -> frozenset[str]:
        """The folded words and numbers."""
        return frozenset(stems.words(self.text))

    @cached_property
    def stems(self) -> list[str]:
        """The stems of its words."""
        return stems.query_terms(self.text, self.languages, language=self.language)

    @cached_property
    def content_words(self) -> list[Word]:
        """The content words, with their synonyms."""
        return synonyms.query_words(self.text, self.languages, language=self.language)

    @cached_property
    def terms(self) -> frozenset[str]:
        """The stems and concepts."""
        return synonyms.terms_in(self.text, self.languages)

    @cached_property
    def names(self) -> frozenset[str]:
        """The folded names."""
        return frozenset(contrast.names(self.text, self.languages, language=self.language))

    @cached_property
    def facts(self) -> frozenset[Fact]:
        """The numbers, dates, prices and the like that it states."""
        return facts(self.text, self.languages)

    @cached_property
    def acronyms(self) -> frozenset[str]:
        """The folded words in capitals."""
        return frozenset(contrast.in_capitals(self.text))

    @cached_property
    def spelled_names(self) -> frozenset[str]:
        """The names that are not acronyms."""
        return self.names - self.acronyms

    @cached_property
    def numbered_names(self) -> frozenset[tuple[str, str]]:
        """Names with the number that belongs to each: ``("windows", "10")``."""
        return frozenset(contrast.numbered_names(self.text, self.languages))

    @cached_property
    def compounds(self) -> list[frozenset[str]]:
        """The parts of each hyphenated word."""
        compounds = [
            frozenset(stems.content_words(match[0], self.languages))
            for match in _COMPOUND.finditer(fold(self.text))
        ]
        return [parts for parts in compounds if len(parts) > 1]

    @cached_property
    def is_negated(self) -> bool:
        """Whether it denies something."""
        return contrast.is_negated(self.text, self.languages)

    @cached_property
    def asks_for_number(self) -> bool:
        """Whether a number answers it."""
        return synonyms.asks_for_number(self.text, self.languages)


@dataclass(frozen=True)
class Meanings:
    """The vectors of *model* for a question.

    Attributes:
        whole: that of the question, of length 1.
        vectors: that of each folded word, in its context.
        tokens: a row for each token of the question, see
            :mod:`~chatbot_server.retrieval.index.encoder.late_interaction`.
        fit: the name of the fit that made these rows.
    """

    model: str
    whole: Vector
    vectors: Mapping[str, Vector]
    tokens: Vector | None = None
    fit: str = ""


@dataclass(frozen=True)
class EarlierTurns:
    """What was asked and shown before a question.

    Attributes:
        questions: those to put before it, as far as it depends on them.
        distances: how far sections are behind the best one for the question after those that it
            depends on, by chunk id: zero or less; empty if that was not looked up.
        pages: the pages that answered the questions before; see :func:`page_of`.
        context: the earlier questions that a follow-up depends on, where it is looked up alone.
    """

    questions: Sequence[str] = ()
    distances: Mapping[int, float] = field(default_factory=dict)
    pages: frozenset[str] = frozenset()
    context: str = ""


def page_of(url: str, title: str) -> str:
    """What identifies a page: its address without the place in it; without one, its title."""
    return url.partition("#")[0] or title


class Query(ParsedText):
    """What is searched for. What is learnt of it during the search makes a new query.

    Attributes:
        own: the question without earlier ones; None if it is not a follow-up.
        before: the earlier questions that a follow-up depends on.
        entry: the document of the entry whose question it repeats word for word.
        general: the concept that it asks of the place in general; empty for other questions.
        for_closed_days: whether it asks when the place is closed.
        moment_name: the moment that the question names, which is not searched for.
        moment: what it means at the time when it is asked; also that of *date*. None until that
            time is known, and where the days that the question names contradict it.
        date: the date of which it asks whether the place is open, which is not searched for either.
        days: the days of the week that it names or means; Monday is 0. Empty until the time is
            known at which it is asked.
        earlier: what was asked and shown before; empty for a first question.
        meanings: its vectors; None if it is searched for by words alone.
        rarity: inverse document frequency of a stem on the site; equal for all until it is known.
    """

    def __init__(
        self, text: str, languages: Languages = ALWAYS_USED, language: str | None = None
    ) -> None:
        super().__init__(text, languages, language)
        self.own: ParsedText | None = None
        self.before = ""
        self.general = ""
        self.for_closed_days = False
        self.moment_name: MomentName | None = None
        self.moment: Moment | None = None
        self.date: NamedDate | None = None
        self.days: frozenset[int] = frozenset()
        self.entry: int | None = None
        self.earlier = EarlierTurns()
        self.meanings: Meanings | None = None
        self.rarity: Rarity = lambda _stem: 1.0

    @property
    def asks_for_contact(self) -> bool:
        """Whether it only asks how to reach the place."""
        return self.general in CONTACTS

    @cached_property
    def begins_with_number_question(self) -> bool:
        """Whether its first words ask for a number, unlike those of “what is done when …?”."""
        return synonyms.asks_for_number(" ".join(self.text.split()[:OPENING]), self.languages)

    @cached_property
    def asks_for_hour(self) -> bool:
        """Whether a time of the day answers it."""
        return synonyms.asks_for_hour(self.text, self.languages)

    @cached_property
    def asks_for_phone_number(self) -> bool:
        """Whether it asks for a telephone number, and not just how to reach the place."""
        return synonyms.asks_for_phone_number(self.text, self.languages)

    @cached_property
    def counted_thing(self) -> Word | None:
        """What it asks the number of."""
        return synonyms.counted_thing(self.text, self.languages)

    @cached_property
    def keeps_subject(self) -> bool:
        """Whether it is a follow-up that names no subject of its own."""
        own = self.own
        return own is not None and names_no_subject(own.text, own.languages, own.language)

    @cached_property
    def context(self) -> Query | None:
        """The earlier questions that it depends on, where it is looked up without them."""
        if not self.earlier.context:
            return None
        return Query(self.earlier.context, self.languages).on_site(self.rarity)

    @classmethod
    def in_context(
        cls,
        question: str,
        history: Sequence[str],
        languages: Languages = ALWAYS_USED,
        language: str | None = None,
        entry: int | None = None,
    ) -> Query:
        """The query for *question*, after those questions of *history* that it depends on.

        It depends on none if it repeats the question of *entry*.
        """
        own = cls(question[:MAX_QUESTION], languages, language)
        own.entry = entry
        depends_on_none = not history or entry is not None
        if depends_on_none or not is_follow_up(own.text, languages, language=own.language):
            return own
        context = context_of(own.text, history, languages)[:MAX_QUESTION]
        query = cls(f"{context} {own.text}", languages)
        query.before, query.own = context, own
        return query

    def at_moment(self, name: MomentName) -> Query:
        """This query, whose question names the moment *name*."""
        query = self._copy()
        query.moment_name = name
        return query

    def on_days(self, days: frozenset[int], moment: Moment | None) -> Query:
        """This query, which means *days* and *moment* at the time when it is asked."""
        query = self._copy()
        query.days, query.moment = days, moment
        return query

    def on_date(self, date: NamedDate, days_of_year: list[Span]) -> Query:
        """This query, whose question names *date* and *days_of_year*."""
        query = self._copy()
        query.date, query.days_of_year = date, days_of_year
        return query

    def about_place(self, concept: str, question: ParsedText, *, for_closed_days: bool) -> Query:
        """This query, of which *question* asks *concept* of the place in general."""
        query = self._copy()
        query.general, query.for_closed_days = concept, for_closed_days
        if query.asks_for_contact:  # the noun also names other ways to reach the place
            query.content_words = question.content_words
        return query

    def on_site(
        self,
        rarity: Rarity,
        meanings: Meanings | None = None,
        earlier: EarlierTurns = EarlierTurns(),
    ) -> Query:
        """This query, with what is known where it is asked.

        What came before does not matter to one that repeats the question of an entry.
        """
        query = self._copy()
        query.rarity, query.meanings = rarity, meanings
        query.earlier = EarlierTurns() if self.entry is not None else earlier
        return query

    def _copy(self) -> Query:
        """A copy that keeps what was parsed, but not what depends on other attributes."""
        query = copy(self)
        for name in ("context", "stems_to_search", "_weights"):
            vars(query).pop(name, None)
        return query

    def terms_of(self, text: str, language: str | None) -> frozenset[str]:
        """The stems and concepts of a page's *text*, as far as they matter to this query.

        If the page is in another *language*, the stems of its words that are written nearly like
        words of the query are added. If the text states limits between which an age or count of the
        query lies, or tells about days of the year that the query asks for, the words for that are
        added.
        """
        terms = _terms_of_page(text, self.languages)
        for span in tells_about(self.days_of_year, text, self.languages):
            words = stems.words(span.text)
            terms = terms.union(*(stems.all_stems(word, self.languages) for word in words))
        if self.counts:
            for count in within(self.counts, text, self.languages):
                terms = terms.union(
                    *(stems.all_stems(each, self.languages) for each in count.words)
                )
                terms = terms.union(("=child",) if count.is_of_child else ())
        if language == self.language or language not in self.languages:
            return terms
        alike = self._cognates.among(set(stems.words(text)))
        return terms.union(*(stems.all_stems(word, self.languages) for word in alike))

    @cached_property
    def counts(self) -> list[Count]:
        """The ages and counts that it asks about, which a page tells by their limits."""
        return counts_in(self.text, self.languages)

    @cached_property
    def stems_to_search(self) -> list[str]:
        """Its stems, and those of the months that feast days are in: “Christmas”, December."""
        names = month_names((span for span in self.days_of_year if span.feast), self.languages)
        stems_of_months = (stems.all_stems(name, self.languages) for name in sorted(names))
        return [*dict.fromkeys((*self.stems, *chain.from_iterable(stems_of_months)))]

    @cached_property
    def days_of_year(self) -> list[Span]:
        """The days of the year for which it asks whether the place is open: “at Christmas”."""
        asks_for_hours = any("=opening_hours" in word.concepts for word in self.content_words)
        return spans_in(self.text, self.languages) if asks_for_hours else []

    @cached_property
    def _cognates(self) -> Cognates:
        return Cognates(self.words)

    def held_in(self, terms: frozenset[str]) -> int:
        """Which of the content words occur in *terms*: a bit for each, the first one lowest."""
        return self._weights.held_in(terms)

    def weight_in(self, terms: frozenset[str]) -> float:
        """The weight of the content words that occur in *terms*."""
        return self._weights.weight(self.held_in(terms))

    @cached_property
    def _weights(self) -> WeighedWords:
        """The weights of the content words, cached because every sentence needs them."""
        return WeighedWords(self.content_words, self.rarity)

    def share_of(self, text: ParsedText) -> float:
        """The share of the weight of the content words of *text* that occurs in the query, 0…1."""
        weights = [
            (word.weight(self.rarity), word.is_in(self.terms)) for word in text.content_words
        ]
        whole = sum(weight for weight, _is_there in weights)
        return sum(weight for weight, is_there in weights if is_there) / whole if whole else 0.0

    def coverage(self, terms: frozenset[str]) -> float:
        """The share of the weight of all content words that occurs in *terms*, 0…1."""
        return self.share_held(self.held_in(terms))

    def share_held(self, held: int) -> float:
        """The share of the weight of all content words that those of :meth:`held_in` have, 0…1."""
        return self._weights.share(held)
