"""Which questions want the same answer: those of the same words, or nearly the same."""

from __future__ import annotations

import hashlib
import math
import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from chatbot_server.retrieval.answer.decide.same_question import asks_same
from chatbot_server.retrieval.answer.search.query import ParsedText
from chatbot_server.retrieval.curate.learning.bare_words import BareWords, interrogatives
from chatbot_server.retrieval.language.dialogue.follow_up import is_follow_up
from chatbot_server.retrieval.language.words import stems
from chatbot_server.storage.visitors.learning import LONGEST_QUESTION, UnansweredQuestion

# Share of common stems (Dice); numbers, names, negations and opposites must be equal besides.
ALIKE = 0.85
MOST_GROUPINGS = 32  # the last ones, of as many sites
# Each group: of each of its wordings the name, and the places of its questions among all.
Grouping = tuple[tuple[tuple[str, tuple[int, ...]], ...], ...]


class Groupings:
    """Groups questions, and remembers the last groupings by digests, without any text."""

    def __init__(self) -> None:
        self._groupings: OrderedDict[bytes, Grouping] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, questions: Sequence[UnansweredQuestion]) -> Grouping:
        """The groups of *questions*, which are given newest first."""
        texts = repr([(question.text, question.first) for question in questions])
        digest = hashlib.sha256(texts.encode()).digest()
        with self._lock:
            grouping = self._groupings.pop(digest, None)
        if grouping is None:
            grouping = tuple(
                tuple((member.name, tuple(member.places)) for member in members)
                for members in _gathered(_wordings(questions))
            )
        with self._lock:
            self._groupings[digest] = grouping
            while len(self._groupings) > MOST_GROUPINGS:
                self._groupings.popitem(last=False)
        return grouping


def spelling_of(question: UnansweredQuestion) -> str:
    """How *question* was typed, without blanks that change nothing."""
    return " ".join(question.text[:LONGEST_QUESTION].split())


def most_frequent(spellings: Mapping[str, int]) -> str:
    """The most frequent spelling; of several, the longest."""
    return max(spellings, key=lambda text: (spellings[text], len(text), text))


@dataclass
class _Wording:
    """Questions of the same words: how often each spelling was typed, and where.

    Attributes:
        words: their folded words, joined.
        bare_words: tells the stems of questions.
        places: of the questions among all, newest first.
    """

    words: str
    bare_words: BareWords
    spellings: Counter[str] = field(default_factory=Counter)
    places: list[int] = field(default_factory=list)

    @property
    def times(self) -> int:
        return self.spellings.total()

    @property
    def name(self) -> str:
        return hashlib.sha256(self.words.encode()).hexdigest()[:8]

    @cached_property
    def text(self) -> str:
        return most_frequent(self.spellings)

    @cached_property
    def parsed(self) -> ParsedText:
        return ParsedText(self.text)

    @cached_property
    def stems(self) -> frozenset[str]:
        return self.bare_words.stems(self.text)

    @cached_property
    def interrogatives(self) -> frozenset[str]:
        return interrogatives(self.text)

    def rarest(self, counts: Mapping[str, int]) -> Sequence[str]:
        """The rarest stems by *counts*; each wording that is like this one has one of them."""
        # How many stems any wording like this one shares with it, whatever its own length.
        least_shared = math.ceil(ALIKE / (2 - ALIKE) * len(self.stems))
        by_count = sorted(self.stems, key=lambda stem: (counts[stem], stem))
        return by_count[: len(by_count) - least_shared + 1]

    def is_like(self, other: _Wording) -> bool:
        common = len(self.stems & other.stems)
        if 2 * common < ALIKE * (len(self.stems) + len(other.stems)):
            return False
        if self.interrogatives != other.interrogatives:
            return False
        return _asks_same(self.parsed, other.parsed) and _asks_same(other.parsed, self.parsed)


def _wordings(questions: Sequence[UnansweredQuestion]) -> list[_Wording]:
    """Each question once, the most frequent first.

    One that only makes sense after another (“and on Sundays?”) is left out: an answer
    to it alone would be given after any other question too.
    """
    bare_words = BareWords(question.text[:LONGEST_QUESTION] for question in questions)
    wordings: dict[str, _Wording] = {}
    for place, question in enumerate(questions):
        text = spelling_of(question)
        words = " ".join(stems.words(text))
        if not words or (not question.first and is_follow_up(text)):
            continue
        wording = wordings.setdefault(words, _Wording(words, bare_words))
        wording.spellings[text] += 1
        wording.places.append(place)
    return sorted(wordings.values(), key=lambda wording: (-wording.times, wording.words))


def _gathered(wordings: Sequence[_Wording]) -> list[list[_Wording]]:
    """*wordings* in groups: each joins the first whose leader is like it, or leads a new one."""
    counts = Counter(stem for wording in wordings for stem in wording.stems)
    groups: list[list[_Wording]] = []
    places: dict[str, list[int]] = defaultdict(list)  # of the leaders that hold a stem
    for wording in wordings:
        near = {place for stem in wording.rarest(counts) for place in places[stem]}
        place = next((at for at in sorted(near) if wording.is_like(groups[at][0])), None)
        if place is not None:
            groups[place].append(wording)
            continue
        for stem in wording.stems:
            places[stem].append(len(groups))
        groups.append([wording])
    return groups


def _asks_same(question: ParsedText, other: ParsedText) -> bool:
    return asks_same(question, other, ParsedText(""), lambda _name: False)
