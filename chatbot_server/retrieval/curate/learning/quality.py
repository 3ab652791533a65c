"""How good a site's answers are: golden questions over time, and what an entry would change."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatbot_server.errors import ChatbotError
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.curate.jobs import embed_all
from chatbot_server.retrieval.curate.learning.golden import GRADES, ask_golden_questions
from chatbot_server.retrieval.curate.library import add_faq, find_faq, restore_faq
from chatbot_server.retrieval.language.words import stems
from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import all_sites
from chatbot_server.storage.visitors.learning import golden_questions
from chatbot_server.storage.visitors.quality import QualityRun, add_run, recent_questions, runs_of

if TYPE_CHECKING:
    from chatbot_server.config.sections import RetrievalSection

AGAIN_SECONDS = 22 * 3600  # a run a night, also where one was late
MOST_RECENT = 200
LONGEST_ANSWER = 2000  # characters of an answer that are kept of a run
Z = 1.96  # of the normal distribution: 95 of 100 shares lie within

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Difference:
    """A question that is answered otherwise.

    Attributes:
        before, after: what a visitor would be shown; empty: an honest no.
        golden: it is one of the owner's golden questions; else a visitor asked it.
        better: 1 better, -1 worse, by what is expected of it; 0: nothing is known about that.
    """

    question: str
    before: str
    after: str
    golden: bool = True
    better: int = 0


@dataclass(frozen=True)
class Preview:
    """What an entry would change; *question_count*: of how many questions."""

    differences: tuple[Difference, ...]
    question_count: int


def run_golden_questions(
    base: KnowledgeBase, site_id: int, *, who: str = "", model: str = ""
) -> QualityRun:
    """Ask all golden questions of the site now, and keep how they went."""
    results: list[dict[str, Any]] = [
        {
            "question": result.question,
            "expect": result.expect,
            "grade": result.grade,
            "answer": result.answer[:LONGEST_ANSWER],
        }
        for result in ask_golden_questions(base, site_id)
    ]
    with base.database.session() as session:
        run = QualityRun(site_id=site_id, who=who[:80], model=model[:200], results=results)
        return add_run(session, run)


def run_nightly(database: Database, settings: RetrievalSection) -> int:
    """A run for each site whose last one is a day old; returns how many."""
    last_night = now() - AGAIN_SECONDS
    with database.session() as session:
        due = [
            site.id
            for site in all_sites(session)
            if golden_questions(session, site.id)
            and not any(run.created >= last_night for run in runs_of(session, site.id, 1))
        ]
    if not due:
        return 0
    with closing(KnowledgeBase(database, settings.semantic)) as base:
        for site_id in due:
            try:
                run_golden_questions(base, site_id)
            except ChatbotError:  # noqa: PERF203 - the other sites are asked all the same
                logger.exception("golden questions of site %s", site_id)
    return len(due)


def compare_runs(former: QualityRun, later: QualityRun) -> list[Difference]:
    """Questions of both runs that were answered otherwise, those that got worse first."""
    before = {result["question"]: result for result in former.results}
    differences = [
        Difference(
            result["question"],
            before[result["question"]]["answer"],
            result["answer"],
            better=_sign(result["grade"], before[result["question"]]["grade"]),
        )
        for result in later.results
        if result["question"] in before
        and (result["answer"], result["grade"])
        != (before[result["question"]]["answer"], before[result["question"]]["grade"])
    ]
    return sorted(differences, key=lambda difference: difference.better)


def _sign(grade: Any, former: Any) -> int:
    step = GRADES.index(grade) - GRADES.index(former)
    return (step > 0) - (step < 0)


def preview_entry(
    base: KnowledgeBase, site_id: int, question: str, answer: str, wordings: Sequence[str] = ()
) -> Preview:
    """Which golden and which of the visitors' last questions the entry would change.

    All are asked as things are; then the entry is there for as long as those that share a word
    with it are asked again, and is taken back.
    """
    with base.database.session() as session:
        golden = {row.question for row in golden_questions(session, site_id)}
        questions = dict.fromkeys([*golden, *recent_questions(session, site_id, MOST_RECENT)])
    words = _stems([question, *wordings, answer])
    near_questions = [text for text in questions if words & _stems([text])]
    before = {text: base.ground(site_id, text) for text in near_questions}
    former = find_faq(base.database, site_id, question)
    try:
        add_faq(base.database, site_id, question, answer, wordings)
        _embed(base)
        after = {text: base.ground(site_id, text) for text in near_questions}
    finally:  # also when somebody loses patience
        restore_faq(base.database, site_id, question, former)
        _embed(base)
    differences = [
        Difference(text, _shown(before[text]), _shown(after[text]), golden=text in golden)
        for text in near_questions
        if _shown(before[text]) != _shown(after[text])
    ]
    differences.sort(key=lambda difference: not difference.golden)
    return Preview(tuple(differences), len(questions))


def margin_of_error(right: int, total: int) -> tuple[int, int] | None:
    """Between which percents the share of right answers lies (Wilson, 95 %); None: unknown."""
    if not total:
        return None
    share, spread = right / total, Z * Z / total
    middle = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    return max(0, round(100 * (middle - half))), min(100, round(100 * (middle + half)))


def _stems(texts: Iterable[str]) -> set[str]:
    return {stem for text in texts for stem in stems.words(text)}


def _shown(grounding: Grounding) -> str:
    return grounding.answer if grounding.status in ("faq", "quoted") else ""


def _embed(base: KnowledgeBase) -> None:
    if base.searcher.embedder is not None:
        embed_all(base.database, base.searcher.embedder)
