"""A section that may answer a query, with its texts."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache, cached_property, reduce
from itertools import pairwise
from operator import or_

from chatbot_server.retrieval.answer.search.fusion import ChunkMatch, Hit
from chatbot_server.retrieval.answer.search.query import ParsedText, Query
from chatbot_server.retrieval.answer.search.site_memory import SectionText
from chatbot_server.retrieval.answer.sections import quote
from chatbot_server.retrieval.answer.sections.rows import rows_denied, rows_left_out
from chatbot_server.retrieval.base import Passage
from chatbot_server.retrieval.index.chunks import BETWEEN, below
from chatbot_server.retrieval.index.vectors import Vector
from chatbot_server.retrieval.language.languages import Languages, any_phrase
from chatbot_server.retrieval.language.tables import row_name
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.time.dates import span_of
from chatbot_server.retrieval.language.words import stems


@cache
def _legal_pages(languages: Languages) -> re.Pattern[str]:
    return re.compile(rf"\b{any_phrase('legal_pages', languages)}\b")


class Candidate:
    """A section of a hit, with cached properties of its texts.

    Attributes:
        query: what it may answer.
        rank: the rank of its document among the hits, from 0.
        lead: how far its document is ahead of the best other one in meaning; None without vectors.
        vector: the vector of the chunk; None if it has none, or the query has no meanings.
        interaction: how well its words answer those of the query; None until they were compared.
        nearness: for each folded word of the query, the cosine of the nearest word in the
            sentences; None until they were read.
    """

    def __init__(self, query: Query, hit: Hit, section: SectionText) -> None:
        self.hit, self.section = hit, section
        self.document, self.chunk = section.document, section.chunk
        self.match = hit.matches.get(section.chunk.id, ChunkMatch())
        self.rank = 0
        self.lead: float | None = None
        self.vector: Vector | None = None
        self.interaction: float | None = None
        self.nearness: Mapping[str, float] | None = None
        self.query = query

    @cached_property
    def about(self) -> ParsedText:
        """Title and headings."""
        return self.parsed(f"{self.document.title} {self.chunk.heading}")

    @cached_property
    def about_terms(self) -> frozenset[str]:
        """The stems and concepts of title and headings."""
        return self.query.terms_of(self.about.text, self.document.language)

    @cached_property
    def wordings(self) -> list[ParsedText]:
        """The question of an entry, in all its wordings."""
        return [self.parsed(text) for text in (self.document.title, *self.document.wordings)]

    @cached_property
    def whole_text(self) -> ParsedText:
        """The text of the document; for an entry, its answer."""
        return self.parsed(self.document.text)

    @cached_property
    def sentences(self) -> list[str]:
        """The sentences of the chunk, without lines that only lead elsewhere."""
        return self.section.sentences(self.query.languages)

    @cached_property
    def sentence_terms(self) -> list[frozenset[str]]:
        """The stems and concepts of each sentence."""
        language = self.document.language
        return [self.query.terms_of(sentence, language) for sentence in self.sentences]

    @cached_property
    def terms(self) -> frozenset[str]:
        """The stems and concepts of title, headings and chunk."""
        return self.about_terms.union(*self.sentence_terms)

    @cached_property
    def own_heading_terms(self) -> frozenset[str]:
        """The stems and concepts of the headings below the page's title."""
        return self.parsed(below(self.document.title, self.chunk.heading)).terms

    @cached_property
    def own_terms(self) -> frozenset[str]:
        """The stems and concepts of the text and of the headings below the page's title."""
        return self.own_heading_terms.union(*self.sentence_terms)

    @cached_property
    def held(self) -> int:
        """Which of the query's content words it contains: bits, as :meth:`Query.held_in` has."""
        return reduce(or_, self._sentences_held, self._about_held)

    @cached_property
    def own_held(self) -> int:
        """Which of them its text and its headings below the page's title contain."""
        return reduce(or_, self._sentences_held, self.query.held_in(self.own_heading_terms))

    @cached_property
    def _about_held(self) -> int:
        return self.query.held_in(self.about_terms)

    @cached_property
    def _sentences_held(self) -> list[int]:
        return [self.query.held_in(terms) for terms in self.sentence_terms]

    @cached_property
    def is_legal(self) -> bool:
        """Whether the law requires its page, and the query asks for nothing of the kind."""
        title, pattern = self.document.title, _legal_pages(self.query.languages)
        is_legal = self.section.once(
            "legal", self.query.languages, lambda: bool(pattern.search(fold(title)))
        )
        if not is_legal or pattern.search(fold(self.query.text)):
            return False
        return self.query.words.isdisjoint(stems.words(title))

    @cached_property
    def heading_is_legal(self) -> bool:
        """Whether its own heading is that of a notice that the law requires."""
        own_heading = self.chunk.heading.rpartition(BETWEEN)[2]
        return bool(_legal_pages(self.query.languages).search(fold(own_heading)))

    @cached_property
    def coverage(self) -> float:
        """The share of the query's weight that it contains."""
        return self.query.share_held(self.held)

    @cached_property
    def heading_coverage(self) -> float:
        """The share that title and headings contain."""
        return self.query.share_held(self._about_held)

    @cached_property
    def length(self) -> float:
        """The logarithm of its number of words."""
        return math.log1p(len(self.chunk.text.split()))

    @cached_property
    def pair_coverage(self) -> float:
        """The share that title, headings and the best two neighbouring sentences contain."""
        about, sentences = self._about_held, self._sentences_held
        pairs = {first | second for first, second in pairwise(sentences)} or {*sentences, 0}
        return max(self.query.share_held(about | pair) for pair in pairs)

    @property
    def word_nearness(self) -> float | None:
        """The mean nearness of the query's content words; None until the section was read."""
        near = self.nearness
        if near is None:
            return None
        words = [word.folded for word in self.query.content_words if word.folded in near]
        return sum(near[word] for word in words) / len(words) if words else 0.0

    @cached_property
    def quoted_sentences(self) -> list[quote.Sentence]:
        """The sentences that answer the query; for a query about days, those with their hours."""
        languages, date = self.query.languages, self.query.date
        if of_date := self.sentences_of_date:
            return of_date
        of_days = quote.of_days(self.sentences, self.query.days, languages)
        if date:
            of_days = quote.in_season(of_days, span_of(date), languages)
        return of_days or quote.pick(self.sentences, self.sentence_terms, self.query)

    @cached_property
    def sentences_of_date(self) -> list[quote.Sentence]:
        """Those that state something about the date of which the query asks for the hours."""
        date = self.query.date
        return quote.of_date(self.sentences, span_of(date), self.query.languages) if date else []

    @property
    def marked_sentences(self) -> list[quote.Sentence]:
        """The quoted sentences that may be set in bold: with a number or a day, if that is asked.

        “We do not ship abroad” shares a word with “How much is shipping?”, but states no price.
        """
        query, sentences = self.query, self.quoted_sentences
        if query.days and not self.sentences_of_date:
            return [each for each in sentences if quote.names_day(each.text, query.languages)]
        if query.asks_for_number:
            return [each for each in sentences if quote.tells_number(each.text)]
        return sentences

    @cached_property
    def rows_left_out(self) -> frozenset[int]:
        """The positions of the rows that the query does not ask for."""
        if self.sentences_of_date:  # which hold instead of the rows for days of the week
            return frozenset()
        language = self.document.language
        return rows_left_out(self.sentences, self.query, language, self.terms)

    @cached_property
    def rows_denied(self) -> frozenset[int]:
        """The positions of the rows that deny what the query asks of all rows."""
        return rows_denied(self.sentences, self.query, self.document.language)

    @property
    def is_other_table(self) -> bool:
        """Whether it has named rows, and the query names none of them."""
        names = [text for text in self.sentences if row_name(text)]
        return len(names) > 1 and not self.rows_left_out

    def parsed(self, text: str) -> ParsedText:
        """*text*, which is a part of the section, parsed in the query's languages."""
        return self.section.parsed(text, self.query.languages)

    def passage(self) -> Passage:
        """The section as a model reads it."""
        return Passage(
            chunk=self.chunk.id,
            title=self.document.title,
            heading=self.chunk.heading,
            url=self.document.url,
            text=self.chunk.text,
            score=round(self.hit.score, 4),
        )
