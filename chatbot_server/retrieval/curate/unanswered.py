"""Questions that got an honest no, gathered into groups that one answer would settle."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from chatbot_server.errors import NotFound
from chatbot_server.retrieval.answer import faq
from chatbot_server.retrieval.answer.query import ParsedText
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.language import stems
from chatbot_server.retrieval.language.facts import facts
from chatbot_server.retrieval.language.follow_up import is_followup
from chatbot_server.storage.database import Database
from chatbot_server.storage.learning import (
    LONGEST_QUESTION,
    UnansweredQuestion,
    unanswered_questions,
)

# What is read of a site's conversations at most, newest first.
MOST_QUESTIONS = 2000
# How many groups are asked again at most to find those that still have no answer.
MOST_ASKED = 200
# Share of common stems (Dice); numbers, names, negations and opposites must be equal besides.
ALIKE = 0.85


@dataclass
class _Wording:
    """One question, however it was spelt: how often in which way, and when it came last."""

    words: str
    spellings: Counter[str] = field(default_factory=Counter)
    last: int = 0

    @property
    def times(self) -> int:
        return self.spellings.total()

    @cached_property
    def text(self) -> str:
        """The most frequent spelling; of equals the most complete."""
        return max(self.spellings, key=lambda text: (self.spellings[text], len(text), text))

    @cached_property
    def parsed(self) -> ParsedText:
        return ParsedText(self.text)


@dataclass(frozen=True)
class QuestionGroup:
    """Questions that want the same answer, the most frequent wording first.

    Attributes:
        name: by which the owner calls it; any of its wordings has one, and all lead here.
        last: when it was asked last, in Unix seconds.
    """

    name: str
    wordings: tuple[str, ...]
    times: int
    last: int
    names: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def question(self) -> str:
        """The most frequent wording."""
        return self.wordings[0]

    def quotable(self) -> tuple[str, ...]:
        """The wordings without an e-mail address or a telephone number in them."""
        return tuple(text for text in self.wordings if not _is_personal(text))


def unanswered_groups(database: Database, site_id: int) -> list[QuestionGroup]:
    """The questions of the site that got no answer, the most frequent group first."""
    with database.session() as session:
        return _group_alike(unanswered_questions(session, site_id, MOST_QUESTIONS))


def still_open(
    base: KnowledgeBase, site_id: int, groups: Sequence[QuestionGroup]
) -> Iterator[QuestionGroup]:
    """Those of *groups* that have no answer to this day: pages and FAQ may have grown since."""
    for group in groups[:MOST_ASKED]:
        if base.ground(site_id, group.question).status not in ("faq", "quoted"):
            yield group


def find_group(groups: Iterable[QuestionGroup], name: str) -> QuestionGroup:
    """The group called *name*.

    Raises:
        NotFound: there is none any more.
    """
    for group in groups:
        if name.strip().lower() in group.names:
            return group
    raise NotFound("unanswered_unknown", name=name[:40])


def _group_alike(questions: Iterable[UnansweredQuestion]) -> list[QuestionGroup]:
    """Gather questions by their words, then those whose words are nearly the same.

    One that only makes sense after another (“and on Sundays?”) is left out: an answer
    to it alone would be given after any other question too.
    """
    groups: list[list[_Wording]] = []
    for wording in _wordings(questions):
        for members in groups:
            if _are_alike(wording, members[0]):
                members.append(wording)
                break
        else:
            groups.append([wording])
    return sorted(
        map(_question_group, groups), key=lambda group: (-group.times, -group.last, group.name)
    )


def _wordings(questions: Iterable[UnansweredQuestion]) -> list[_Wording]:
    """Each question once, the most frequent first."""
    wordings: dict[str, _Wording] = {}
    for question in questions:
        text = " ".join(question.text[:LONGEST_QUESTION].split())
        words = " ".join(stems.words(text))
        if not words or (not question.first and is_followup(text)):
            continue
        wording = wordings.setdefault(words, _Wording(words))
        wording.spellings[text] += 1
        wording.last = max(wording.last, question.at)
    return sorted(wordings.values(), key=lambda wording: (-wording.times, wording.words))


def _are_alike(left: _Wording, right: _Wording) -> bool:
    left_stems, right_stems = set(left.parsed.stems), set(right.parsed.stems)
    if 2 * len(left_stems & right_stems) < ALIKE * (len(left_stems) + len(right_stems)):
        return False
    return _asks_same(left, right) and _asks_same(right, left)


def _asks_same(question: _Wording, other: _Wording) -> bool:
    return faq.asks_same(question.parsed, other.parsed, ParsedText(""), lambda _name: False)


def _question_group(members: Sequence[_Wording]) -> QuestionGroup:
    names = [hashlib.sha256(member.words.encode()).hexdigest()[:8] for member in members]
    return QuestionGroup(
        names[0],
        tuple(member.text for member in members),
        sum(member.times for member in members),
        max(member.last for member in members),
        frozenset(names),
    )


def _is_personal(text: str) -> bool:
    return any(fact.kind in ("email", "phone") for fact in facts(text))
