"""A first look at a site's answers: questions of different kinds, answered right there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urldefrag

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.curate.first_questions.suggestions import (
    FirstQuestion,
    Kind,
    audience_of,
    first_questions,
)
from chatbot_server.retrieval.curate.learning.unanswered import answering_version
from chatbot_server.retrieval.language.facts import facts
from chatbot_server.storage.base import HOUR, now
from chatbot_server.storage.site.sites import Site

SHOWN_TRIALS = 3
MOST_ASKED = 12
REMEMBERED_SITES = 20
_HEADING_LINE = re.compile(r"\*\*(.+)\*\*")  # of the section that answers
_STEP = re.compile(r"(?m)^ {0,3}\d{1,2}[.)] ")


@dataclass(frozen=True)
class Trial:
    """A question, and what the site answers."""

    question: FirstQuestion
    grounding: Grounding

    @property
    def is_answered(self) -> bool:
        """Whether the owner's own words or pages answer it."""
        return self.grounding.status in ("faq", "quoted")

    @property
    def is_trusted(self) -> bool:
        """Answered with what the question asks for, from the page whose heading it is."""
        page, kinds = self.question.page, self.question.fact_kinds
        has_fact = not kinds or any(fact.kind in kinds for fact in facts(self.grounding.answer))
        return self.is_answered and has_fact and page in ("", *self._pages())

    @property
    def is_sure(self) -> bool:
        """Trusted, and if the question is made of a heading, answered by the section under it."""
        if not (self.is_trusted and self.question.page):
            return self.is_trusted
        first_line = self.grounding.answer.partition("\n")[0]
        path = _HEADING_LINE.fullmatch(first_line)
        heading = self.question.heading
        return path[1].endswith(heading) if path else heading in self.grounding.answer

    @property
    def kind(self) -> Kind:
        """That of the question; a fact answered in several steps is a way."""
        if self.question.kind == "fact" and len(_STEP.findall(self.grounding.answer)) > 1:
            return "way"
        return self.question.kind

    @property
    def page(self) -> str:
        """The first page that answers; the question if there is none, as for an FAQ entry."""
        return next(iter(self._pages()), self.question.text)

    def _pages(self) -> list[str]:
        return [urldefrag(source.url).url for source in self.grounding.sources]


def try_own_question(base: KnowledgeBase, site_id: int, text: str) -> Trial:
    """Ask the site a question of the owner's."""
    question = FirstQuestion(text, audience_of(base, site_id, text), "fact")
    return Trial(question, base.ground(site_id, text))


class FirstTrials:
    """The first trials of the last few sites, made again once what they depend on has changed."""

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base
        self._trials: dict[int, tuple[object, list[Trial]]] = {}

    def of(self, site_id: int) -> list[Trial]:
        """See :func:`try_site`."""
        state = self._state(site_id)
        earlier = self._trials.pop(site_id, None)
        trials = earlier[1] if earlier and earlier[0] == state else try_site(self._base, site_id)
        self._trials[site_id] = state, trials
        for oldest in list(self._trials)[:-REMEMBERED_SITES]:
            self._trials.pop(oldest, None)
        return trials

    def _state(self, site_id: int) -> object:
        """What the trials depend on: pages, program, name of the site, and the time of day."""
        with self._base.database.session() as session:
            name = session.get_one(Site, site_id).name
            return answering_version(self._base, session, site_id), name, now() // HOUR


def try_site(base: KnowledgeBase, site_id: int) -> list[Trial]:
    """Up to three questions that the site answers, of different kinds and from different pages."""
    sure: list[Trial] = []
    others: list[Trial] = []
    candidates = list(first_questions(base, site_id))
    for _ in range(min(MOST_ASKED, len(candidates))):
        kinds = {trial.kind for trial in sure}
        question = next((each for each in candidates if each.kind not in kinds), candidates[0])
        candidates.remove(question)
        trial = Trial(question, base.ground(site_id, question.text))
        if trial.is_trusted:
            (sure if trial.is_sure else others).append(trial)
        if len(_all_different(sure)) == SHOWN_TRIALS:
            break
    return _most_different([*sure, *others])


def _all_different(trials: Iterable[Trial]) -> list[Trial]:
    """*trials*, without those of the same page or kind as an earlier one."""
    selection: list[Trial] = []
    for trial in trials:
        if all(trial.page != other.page and trial.kind != other.kind for other in selection):
            selection.append(trial)
    return selection


def _most_different(trials: list[Trial]) -> list[Trial]:
    """Trials of different kinds and pages; if too few, also of the same kind, then page."""
    selection = _all_different(trials)
    pages, answers = (
        {trial.page for trial in selection},
        {trial.grounding.answer for trial in selection},
    )
    for trial in sorted(trials, key=lambda each: each.page in pages):
        if len(selection) < SHOWN_TRIALS and trial.grounding.answer not in answers:
            selection.append(trial)
            answers.add(trial.grounding.answer)
    return selection
