"""Questions that got an honest no, in groups of those that one answer would settle."""

from __future__ import annotations

import math
import time
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from chatbot_server import __version__
from chatbot_server.errors import NotFound
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.learning.groupings import (
    Groupings,
    most_frequent,
    spelling_of,
)
from chatbot_server.retrieval.language.facts import facts
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.site_state import index_version
from chatbot_server.storage.site.sites import all_sites
from chatbot_server.storage.visitors.learning import (
    Recheck,
    UnansweredQuestion,
    ignored_names,
    put_recheck,
    rechecks_of,
    replace_rechecks,
    unanswered_questions,
)

# The most questions that are read of a site's conversations, newest first.
MOST_QUESTIONS = 2000
# The most groups that are asked again, to find those that still have no answer.
MOST_ASKED = 200
# The most conversations of a group that the owner is led to, newest first.
MOST_LED_TO = 5
MOST_PAGES = 3
PERSONAL_FACTS = frozenset({"email", "phone"})


@dataclass(frozen=True)
class QuestionGroup:
    """Questions that want the same answer, the most frequent wording first.

    Attributes:
        name: that of its first wording, by which the owner refers to the group.
        names: those of all its wordings, each of which refers to it.
        latest: the last times it was asked, newest first.
        ignored: the owner does not want to answer it.
        pages: the addresses where it was asked most, each with the number of times.
    """

    name: str
    wordings: tuple[str, ...]
    times: int
    latest: tuple[UnansweredQuestion, ...]
    names: frozenset[str] = field(default=frozenset(), repr=False)
    ignored: bool = False
    pages: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(
        cls, members: Mapping[str, Sequence[UnansweredQuestion]], ignored: Collection[str] = ()
    ) -> QuestionGroup:
        """The group of *members*: the questions of each wording by its name, the most frequent
        wording first; *ignored*: names of questions."""
        questions = [question for wording in members.values() for question in wording]
        questions.sort(key=lambda question: -question.at)
        pages = Counter(question.page for question in questions if question.page)
        names = tuple(members)
        return cls(
            names[0],
            tuple(
                most_frequent(Counter(map(spelling_of, wording))) for wording in members.values()
            ),
            len(questions),
            tuple(questions[:MOST_LED_TO]),
            frozenset(names),
            not frozenset(names).isdisjoint(ignored),
            tuple(pages.most_common(MOST_PAGES)),
        )

    @property
    def question(self) -> str:
        """The most frequent wording."""
        return self.wordings[0]

    @property
    def last(self) -> int:
        """When it was asked last, in Unix seconds."""
        return self.latest[0].at

    def quotable(self) -> tuple[str, ...]:
        """The wordings without an e-mail address or a telephone number in them."""
        return tuple(
            text
            for text in self.wordings
            if PERSONAL_FACTS.isdisjoint(fact.kind for fact in facts(text))
        )


def unanswered_groups(
    database: Database, site_id: int, groupings: Groupings | None = None
) -> list[QuestionGroup]:
    """The questions of the site that got no answer, the most frequent group first.

    Args:
        groupings: those of earlier calls.
    """
    groupings = groupings or Groupings()
    with database.session() as session:
        questions = unanswered_questions(session, site_id, MOST_QUESTIONS)
        names_to_ignore = ignored_names(session, site_id)
    groups = (
        QuestionGroup.of(
            {name: [questions[place] for place in places] for name, places in members},
            names_to_ignore,
        )
        for members in groupings.of(questions)
    )
    return sorted(groups, key=lambda group: (-group.times, -group.last, group.name))


@dataclass(frozen=True)
class OpenGroups:
    """Groups that have no answer yet.

    Attributes:
        is_settled: False if some were not asked again after the last change of the pages; for
            these, the last known result counts.
        answered_count: how many other groups have an answer by now.
    """

    groups: tuple[QuestionGroup, ...]
    is_settled: bool
    answered_count: int


def still_open(
    base: KnowledgeBase,
    site_id: int,
    groups: Sequence[QuestionGroup],
    *,
    most: int = MOST_ASKED,
    seconds: float = math.inf,
) -> OpenGroups:
    """The first *most* of *groups* that have no answer even now that pages and FAQ may have grown.

    Those that the owner ignores are left out. A group is asked once for each version of the index
    and of the program.

    Args:
        seconds: of processor time, after which no more groups are asked.
    """
    deadline = time.thread_time() + seconds
    with base.database.session() as session:
        former_rechecks = rechecks_of(session, site_id)
        version = answering_version(base, session, site_id)
    rechecks: dict[str, Recheck] = {}
    open_groups: list[QuestionGroup] = []
    is_settled = True
    for group in [group for group in groups if not group.ignored][:MOST_ASKED]:
        recheck = former_rechecks.get(group.name, Recheck(-1, answered=False))
        is_due = recheck.version != version and len(open_groups) < most
        if is_due and time.thread_time() < deadline:
            recheck = _ask(base, site_id, group, version)
        elif is_due:
            is_settled = False
        rechecks[group.name] = recheck
        if not recheck.answered and len(open_groups) < most:
            open_groups.append(group)
    if rechecks != former_rechecks:
        with base.database.session() as session:
            replace_rechecks(session, site_id, rechecks)
    answered_count = sum(recheck.answered for recheck in rechecks.values())
    return OpenGroups(tuple(open_groups), is_settled, answered_count)


def note_answered(base: KnowledgeBase, site_id: int, group: QuestionGroup) -> None:
    """Ask *group*, which the owner has just answered, so that no list shows it again."""
    with base.database.session() as session:
        version = answering_version(base, session, site_id)
    recheck = _ask(base, site_id, group, version)
    with base.database.session() as session:
        put_recheck(session, site_id, group.name, recheck)


def answering_version(base: KnowledgeBase, session: Session, site_id: int) -> int:
    """A number for this version of the site's index and of the program that answers from it."""
    embedder = base.searcher.embedder
    parts = (index_version(session, site_id), __version__, embedder and embedder.fit)
    return zlib.crc32(repr(parts).encode()) >> 1  # databases store 31 bits


def _ask(base: KnowledgeBase, site_id: int, group: QuestionGroup, version: int) -> Recheck:
    status = base.ground(site_id, group.question).status
    return Recheck(version, status in ("faq", "quoted"))


def ask_again(base: KnowledgeBase) -> None:
    """Ask the open questions of sites that have changed, so that no owner's page waits for it."""
    with base.database.session() as session:
        site_ids = [site.id for site in all_sites(session)]
    for site_id in site_ids:
        still_open(base, site_id, unanswered_groups(base.database, site_id))


def find_group(groups: Iterable[QuestionGroup], name: str) -> QuestionGroup:
    """The group called *name*.

    Raises:
        NotFound: there is none any more.
    """
    for group in groups:
        if name.strip().lower() in group.names:
            return group
    raise NotFound("unanswered_unknown", name=name[:40])
