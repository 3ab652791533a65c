"""Questions that got an honest no, gathered into groups that one answer would settle."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from chatbot_server.errors import NotFound
from chatbot_server.retrieval.answer import faq
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.language import stems
from chatbot_server.retrieval.language.facts import facts
from chatbot_server.retrieval.language.follow_up import is_followup
from chatbot_server.storage.database import Database
from chatbot_server.storage.learning import LONGEST_QUESTION, Unanswered, unanswered

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
        return max(self.spellings, key=lambda one: (self.spellings[one], len(one), one))

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(stems.query_terms(self.text))


@dataclass(frozen=True)
class Group:
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


def groups(database: Database, site_id: int) -> list[Group]:
    """The questions of the site that got no answer, the most frequent group first."""
    with database.session() as session:
        return grouped(unanswered(session, site_id, MOST_QUESTIONS))


def still_open(base: KnowledgeBase, site_id: int, found: Sequence[Group]) -> Iterator[Group]:
    """Those of *found* that have no answer to this day: pages and FAQ may have grown since."""
    for group in found[:MOST_ASKED]:
        if base.ground(site_id, group.question).status not in ("faq", "quoted"):
            yield group


def find_group(found: Iterable[Group], name: str) -> Group:
    """The group called *name*.

    Raises:
        NotFound: there is none any more.
    """
    for group in found:
        if name.strip().lower() in group.names:
            return group
    raise NotFound("unanswered_unknown", name=name[:40])


def grouped(asked: Iterable[Unanswered]) -> list[Group]:
    """Gather questions by their words, then those whose words are nearly the same.

    One that only makes sense after another (“and on Sundays?”) is left out: an answer
    to it alone would be given after any other question too.
    """
    heads: list[list[_Wording]] = []
    for wording in _wordings(asked):
        home = next((members for members in heads if _alike(wording, members[0])), None)
        if home is None:
            heads.append([wording])
        else:
            home.append(wording)
    made = [_group(members) for members in heads]
    return sorted(made, key=lambda group: (-group.times, -group.last, group.name))


def _wordings(asked: Iterable[Unanswered]) -> list[_Wording]:
    """Each question once, the most frequent first."""
    found: dict[str, _Wording] = {}
    for one in asked:
        text = " ".join(one.text[:LONGEST_QUESTION].split())
        words = " ".join(stems.words(text))
        if not words or (not one.first and is_followup(text)):
            continue
        wording = found.setdefault(words, _Wording(words))
        wording.spellings[text] += 1
        wording.last = max(wording.last, one.at)
    return sorted(found.values(), key=lambda wording: (-wording.times, wording.words))


def _alike(one: _Wording, other: _Wording) -> bool:
    common = 2 * len(one.stems & other.stems)
    if common < ALIKE * (len(one.stems) + len(other.stems)):
        return False
    return _agree(one.text, other.text) and _agree(other.text, one.text)


def _agree(one: str, other: str) -> bool:
    return faq.agree(one, [other], "", lambda name: False)  # noqa: ARG005


def _group(members: Sequence[_Wording]) -> Group:
    names = [hashlib.sha256(member.words.encode()).hexdigest()[:8] for member in members]
    return Group(
        names[0],
        tuple(member.text for member in members),
        sum(member.times for member in members),
        max(member.last for member in members),
        frozenset(names),
    )


def _is_personal(text: str) -> bool:
    return any(fact.kind in ("email", "phone") for fact in facts(text))
