"""A first look at a site's answers: questions of different kinds, answered right there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urldefrag

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.curate.learning.first_questions import (
    FirstQuestion,
    Kind,
    audience_of,
    first_questions,
)
from chatbot_server.retrieval.language.facts import facts

WANTED, MOST_ASKED = 3, 12
_STEP = re.compile(r"(?m)^ {0,3}\d{1,2}[.)] ")


@dataclass(frozen=True)
class Trial:
    """A question and what the site says of it."""

    question: FirstQuestion
    grounding: Grounding

    @property
    def is_answered(self) -> bool:
        """Whether the owner's own words or pages answer it."""
        return self.grounding.status in ("faq", "quoted")

    @property
    def is_trusted(self) -> bool:
        """Answered with what the question asks for, from the page that it was made of."""
        page, stated = self.question.page, self.question.stated
        has_fact = not stated or any(fact.kind in stated for fact in facts(self.grounding.answer))
        return self.is_answered and has_fact and page in ("", *self._pages())

    @property
    def is_sure(self) -> bool:
        """Trusted, and a heading is answered by what stands under it."""
        heading = self.question.text if self.question.page else ""
        return self.is_trusted and heading in self.grounding.answer

    @property
    def kind(self) -> Kind:
        """Of the question; steps to be done tell it where a heading does not."""
        if self.question.kind == "fact" and len(_STEP.findall(self.grounding.answer)) > 1:
            return "way"
        return self.question.kind

    @property
    def page(self) -> str:
        """The page that answers first; of an own answer, its question."""
        return next(iter(self._pages()), self.question.text)

    def _pages(self) -> list[str]:
        return [urldefrag(source.url).url for source in self.grounding.sources]


def try_own_question(base: KnowledgeBase, site_id: int, text: str) -> Trial:
    """A question of the owner's, and what the site says of it."""
    question = FirstQuestion(text, audience_of(base, site_id, text), "fact")
    return Trial(question, base.ground(site_id, text))


def try_site(base: KnowledgeBase, site_id: int) -> list[Trial]:
    """Up to three questions that the site answers, of different kinds and from different pages."""
    sure: list[Trial] = []
    others: list[Trial] = []
    left = list(first_questions(base, site_id))
    for _ in range(min(MOST_ASKED, len(left))):
        kinds = {trial.kind for trial in sure}
        question = next((each for each in left if each.kind not in kinds), left[0])
        left.remove(question)
        trial = Trial(question, base.ground(site_id, question.text))
        if trial.is_trusted:
            (sure if trial.is_sure else others).append(trial)
        if len(_apart(sure)) == WANTED:
            break
    return _most_different([*sure, *others])


def _apart(trials: Iterable[Trial]) -> list[Trial]:
    """Those whose page, and kind, is none of those before."""
    chosen: list[Trial] = []
    for trial in trials:
        if all(trial.page != other.page and trial.kind != other.kind for other in chosen):
            chosen.append(trial)
    return chosen


def _most_different(trials: list[Trial]) -> list[Trial]:
    """Those of other kinds and pages; then, where they are too few, of other pages, then any."""
    chosen = _apart(trials)
    pages, answers = {trial.page for trial in chosen}, {trial.grounding.answer for trial in chosen}
    for trial in sorted(trials, key=lambda each: each.page in pages):
        if len(chosen) < WANTED and trial.grounding.answer not in answers:
            chosen.append(trial)
            answers.add(trial.grounding.answer)
    return chosen
