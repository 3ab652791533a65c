"""Quoting: the whole section that answers, with the answering sentences in bold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.language.facts import facts
from chatbot_server.retrieval.language.languages import Languages
from chatbot_server.retrieval.language.markdown import ITEM
from chatbot_server.retrieval.language.time.weekdays import hours_by_day
from chatbot_server.retrieval.language.time.year_days import Span, spans_in

MAX_SENTENCES = 3
MAX_CHARACTERS = 700
# A list item is shown beside the best one if it has this share of its score.
AS_GOOD = 0.7
# A section is reduced to the rows that answer if it has at least LONG_LIST rows and more than
# LONG_SECTION words, and if at most the share FEW_ROWS of its rows has the share CLEARLY_BEST of
# the best row's score.
LONG_LIST, LONG_SECTION = 8, 60
FEW_ROWS, CLEARLY_BEST = 0.34, 0.85
_NUMBER = re.compile(r"\d")
# The largest share of a section in bold; with more, nothing stands out.
BOLD_SHARE = 0.36
# What may not be set in bold: Markdown marks, links, code.
_MARKDOWN = re.compile(r"[*_`\[\]<>\\]|https?://")
_SENTENCE_ENDS = ".!?…:;"
_LETTER_OR_END = re.compile(rf"[\w{_SENTENCE_ENDS}]")


@dataclass(frozen=True)
class Sentence:
    """A sentence, its position in the passage, and its score as an answer."""

    text: str
    position: int
    score: float

    @property
    def is_item(self) -> bool:
        """Whether it is an item of a list."""
        return bool(ITEM.match(self.text))


def pick(sentences: Sequence[str], terms: Sequence[frozenset[str]], query: Query) -> list[Sentence]:
    """Those of *sentences* that answer *query* best, in their order in the passage.

    A sentence scores by the weight of the query's words in its *terms*, by a quarter of the score
    of the sentence before it, and by a bonus if the query asks for a number and it has one.

    Args:
        terms: the stems and concepts of each sentence.
    """
    weights = [query.weight_in(sentence_terms) for sentence_terms in terms]
    candidates = []
    for position, (sentence, weight) in enumerate(zip(sentences, weights, strict=True)):
        is_row = bool(ITEM.match(sentence))  # which does not depend on the one above it
        before = weights[position - 1] if position and not is_row else 0.0
        bonus = 0.3 * max(weights) if query.asks_for_number and tells_number(sentence) else 0.0
        candidates.append(Sentence(sentence, position, weight + 0.25 * before + bonus))
    candidates.sort(key=lambda sentence: (-sentence.score, sentence.position))
    if candidates and candidates[0].is_item:
        # All items that answer as well as the best: three days of seven would mislead.
        enough = AS_GOOD * candidates[0].score
        best = [item for item in candidates if item.is_item and item.score >= enough]
    else:  # between sentences, an item says little unless it contains a word of the query
        best = [
            sentence
            for sentence in candidates[:MAX_SENTENCES]
            if weights[sentence.position] or not sentence.is_item
        ]
    sizes = accumulate(len(sentence.text) for sentence in best)
    fitting = [each for each, size in zip(best, sizes, strict=True) if size <= MAX_CHARACTERS]
    return sorted(fitting or best[:1], key=lambda sentence: sentence.position)


def tells_number(sentence: str) -> bool:
    """Whether *sentence* holds a digit."""
    return bool(_NUMBER.search(sentence))


def names_day(sentence: str, languages: Languages) -> bool:
    """Whether *sentence* names a day of the week."""
    return any(fact.kind == "day" for fact in facts(sentence, languages))


def of_days(sentences: Sequence[str], days: frozenset[int], languages: Languages) -> list[Sentence]:
    """Those of *sentences* that state the hours of one of *days*."""
    return [
        Sentence(text, position, 1.0)
        for position, text in enumerate(sentences)
        if days and days & hours_by_day(text, languages).keys()
    ]


def of_date(sentences: Sequence[str], date: Span, languages: Languages) -> list[Sentence]:
    """Those of *sentences* that state something about the day *date*: “closed 10 to 16 August”."""
    return [
        Sentence(text, position, 1.0)
        for position, text in enumerate(sentences)
        if any(not span.is_season and span.meets(date) for span in spans_in(text, languages))
    ]


def in_season(sentences: Sequence[Sentence], date: Span, languages: Languages) -> list[Sentence]:
    """*sentences* without those for another part of the year than *date*."""
    spans = [(sentence, spans_in(sentence.text, languages)) for sentence in sentences]
    return [each for each, of_each in spans if not of_each or any(s.meets(date) for s in of_each)]


def joined(sentences: Sequence[Sentence]) -> str:
    """The sentences as one text: “…” stands for sentences left out, items become a list."""
    text = "".join(sentence.text for sentence in sentences[:1])
    for before, sentence in pairwise(sentences):
        if sentence.is_item:
            text += "\n"
        elif before.is_item:
            text += "\n\n"
        else:
            text += _between(before, sentence)
        text += sentence.text
    return text


def _between(before: Sentence, sentence: Sentence) -> str:
    """What is written between two sentences of running text."""
    if sentence.position != before.position + 1:
        return " … "
    last = next(filter(_LETTER_OR_END.match, reversed(before.text)), "a")
    return " " if last in _SENTENCE_ENDS else "\n"  # a line without an end is not a sentence


def section(sentences: Sequence[str], best: Sequence[Sentence], start: int = 0) -> str:
    """The *sentences* of a section from position *start*, the *best* of them in bold."""
    bold = _bold_positions(sentences, best)
    parts = []
    for position, sentence in enumerate(sentences):
        if position in bold:
            mark = item.group() if (item := ITEM.match(sentence)) else ""
            sentence = f"{mark}**{sentence.removeprefix(mark)}**"
        parts.append(Sentence(sentence, position, 0.0))
    return joined(parts[start:])


def only_rows(sentences: Sequence[str], best: Sequence[Sentence]) -> list[str]:
    """*sentences*, reduced to the *best* rows in a long table or list, if these stand out."""
    rows = {at for at, sentence in enumerate(sentences) if ITEM.match(sentence)}
    enough = CLEARLY_BEST * max((sentence.score for sentence in best), default=0.0)
    best_rows = {sentence.position for sentence in best if sentence.score >= enough} & rows
    is_long = len(rows) >= LONG_LIST and sum(len(text.split()) for text in sentences) > LONG_SECTION
    if not is_long or not best_rows or len(best_rows) > FEW_ROWS * len(rows):
        return [*sentences]
    return [text for at, text in enumerate(sentences) if at in best_rows or at not in rows]


def _bold_positions(sentences: Sequence[str], best: Sequence[Sentence]) -> set[int]:
    """The positions of the sentences to set in bold; none in a section of one or two.

    Sentences with the same score are all in bold or none: two days of a week would mislead.
    """
    bold: set[int] = set()
    if len(sentences) < 3:
        return bold
    budget = BOLD_SHARE * sum(map(len, sentences))  # characters
    best_first = sorted(best, key=lambda sentence: -sentence.score)
    for _score, group in groupby(best_first, key=lambda sentence: sentence.score):
        equals = list(group)
        budget -= sum(len(sentence.text) for sentence in equals)
        if budget < 0 or any(_MARKDOWN.search(ITEM.sub("", sentence.text)) for sentence in equals):
            break
        bold.update(sentence.position for sentence in equals)
    return bold
