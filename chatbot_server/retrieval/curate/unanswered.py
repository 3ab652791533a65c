"""Questions that got an honest no, gathered into groups that one answer would settle."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
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
    ignored_names,
    unanswered_questions,
)

# What is read of a site's conversations at most, newest first.
MOST_QUESTIONS = 2000
# How many groups are asked again at most to find those that still have no answer.
MOST_ASKED = 200
# Share of common stems (Dice); numbers, names, negations and opposites must be equal besides.
ALIKE = 0.85
PERSONAL_FACTS = frozenset({"email", "phone"})


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

    def is_like(self, other: _Wording) -> bool:
        own_stems, other_stems = set(self.parsed.stems), set(other.parsed.stems)
        if 2 * len(own_stems & other_stems) < ALIKE * (len(own_stems) + len(other_stems)):
            return False
        return _asks_same(self.parsed, other.parsed) and _asks_same(other.parsed, self.parsed)


@dataclass(frozen=True)
class QuestionGroup:
    """Questions that want the same answer, the most frequent wording first.

    Attributes:
        name: by which the owner calls it; any of its wordings has one, and all lead here.
        last: when it was asked last, in Unix seconds.
        ignored: the owner does not want to answer it.
    """

    name: str
    wordings: tuple[str, ...]
    times: int
    last: int
    names: frozenset[str] = field(default=frozenset(), repr=False)
    ignored: bool = False

    @classmethod
    def of(cls, members: Sequence[_Wording], ignored: Collection[str] = ()) -> QuestionGroup:
        """The group of *members*, the most frequent first; *ignored*: names of questions."""
        names = [hashlib.sha256(member.words.encode()).hexdigest()[:8] for member in members]
        return cls(
            names[0],
            tuple(member.text for member in members),
            sum(member.times for member in members),
            max(member.last for member in members),
            frozenset(names),
            not frozenset(names).isdisjoint(ignored),
        )

    @property
    def question(self) -> str:
        """The most frequent wording."""
        return self.wordings[0]

    def quotable(self) -> tuple[str, ...]:
        """The wordings without an e-mail address or a telephone number in them."""
        return tuple(
            text
            for text in self.wordings
            if PERSONAL_FACTS.isdisjoint(fact.kind for fact in facts(text))
        )


def unanswered_groups(database: Database, site_id: int) -> list[QuestionGroup]:
    """The questions of the site that got no answer, the most frequent group first.

    Questions are gathered by their words, then those whose words are nearly the same.
    """
    with database.session() as session:
        questions = unanswered_questions(session, site_id, MOST_QUESTIONS)
        ignored = ignored_names(session, site_id)
    groups: list[list[_Wording]] = []
    for wording in _wordings(questions):
        for members in groups:
            if wording.is_like(members[0]):
                members.append(wording)
                break
        else:
            groups.append([wording])
    return sorted(
        (QuestionGroup.of(members, ignored) for members in groups),
        key=lambda group: (-group.times, -group.last, group.name),
    )


def still_open(
    base: KnowledgeBase, site_id: int, groups: Sequence[QuestionGroup]
) -> Iterator[QuestionGroup]:
    """Those of *groups* that have no answer to this day: pages and FAQ may have grown since.

    Those that the owner ignores are left out.
    """
    for group in [group for group in groups if not group.ignored][:MOST_ASKED]:
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


def _wordings(questions: Iterable[UnansweredQuestion]) -> list[_Wording]:
    """Each question once, the most frequent first.

    One that only makes sense after another (“and on Sundays?”) is left out: an answer
    to it alone would be given after any other question too.
    """
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


def _asks_same(question: ParsedText, other: ParsedText) -> bool:
    return faq.asks_same(question, other, ParsedText(""), lambda _name: False)
