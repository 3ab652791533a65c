"""The quality of a site's answers: golden questions over time, and previews of FAQ entries."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from chatbot_server import __version__
from chatbot_server.errors import ChatbotError
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.curate.quality.golden import (
    GRADES,
    Writing,
    ask_golden_questions,
)
from chatbot_server.retrieval.curate.quality.provisional import provisional_entry
from chatbot_server.retrieval.language.words import stems
from chatbot_server.storage.base import now
from chatbot_server.storage.knowledge.documents import document_digests, waiting_counts
from chatbot_server.storage.knowledge.sources import is_crawled
from chatbot_server.storage.site.sites import Site, all_sites
from chatbot_server.storage.visitors.learning import golden_questions
from chatbot_server.storage.visitors.quality import QualityRun, add_run, recent_questions, runs_of

AGAIN_SECONDS = 22 * 3600  # one run a night, even if the last one was late
APART_SECONDS = 300  # between two runs after changes: several changes are one cause
# The settings of a site that answers from its pages depend on.
SETTINGS = ("name", "language", "time_zone", "country", "free_chat", "instructions")
MOST_RECENT = 200
LONGEST_STORED_ANSWER = 2000  # characters of an answer that are stored of a run
Z = 1.96  # standard deviations of a normal distribution, within which 95 of 100 values lie

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Difference:
    """A question whose answer has changed.

    Attributes:
        before, after: what a visitor is shown; empty for an honest no.
        golden: whether it is a golden question; otherwise a visitor asked it.
        better: 1 if the answer became better, -1 if worse; 0 if that is not known.
    """

    question: str
    before: str
    after: str
    golden: bool = True
    better: int = 0


@dataclass(frozen=True)
class Preview:
    """What an entry would change, among *question_count* questions."""

    differences: tuple[Difference, ...]
    question_count: int


def run_golden_questions(
    base: KnowledgeBase,
    site_id: int,
    *,
    who: str = "",
    model: str = "",
    writing: Writing = lambda *_: None,
) -> QualityRun:
    """Ask all golden questions of the site, and store the results.

    Args:
        who: the name of the account that asks for it; empty: nobody.
        model: the name of the language model that is loaded.
        writing: what it writes, as for :func:`ask_golden_questions`.
    """
    with base.database.session() as session:
        state = answering_state(base, session, site_id, model)
        former = next(iter(runs_of(session, site_id, 1)), None)
        causes = changes_since(former, state)
    results: list[dict[str, Any]] = [
        {
            "question": result.question,
            "expect": result.expect,
            "grade": result.grade,
            "answer": result.answer[:LONGEST_STORED_ANSWER],
            "by_model": result.by_model,
        }
        for result in ask_golden_questions(base, site_id, writing)
    ]
    with base.database.session() as session:
        run = QualityRun(
            site_id=site_id, who=who[:80], model=model[:200], results=results,
            causes=causes, state=state,
        )  # fmt: skip
        return add_run(session, run)


def answering_state(
    base: KnowledgeBase, session: Session, site_id: int, model: str
) -> dict[str, str]:
    """What the answers of a site depend on: a digest or a name of each part."""
    site = session.get_one(Site, site_id)
    digests = document_digests(session, site_id)
    settings = json.dumps([getattr(site, name) for name in SETTINGS])
    embedder = base.searcher.embedder
    return {
        "pages": digests[False],
        "answers": digests[True],
        "settings": hashlib.sha256(settings.encode()).hexdigest()[:16],
        "model": model,
        "search": embedder.model if embedder else "",
        "program": __version__,
    }


def changes_since(former: QualityRun | None, state: Mapping[str, str]) -> list[str]:
    """The names of the parts of *state* that have changed since the run *former*."""
    before = former.state if former else {}
    return [name for name, value in state.items() if before.get(name, value) != value]


def run_when_due(
    base: KnowledgeBase, model: str = "", writing: Writing = lambda *_: None
) -> int | None:
    """Run the golden questions of each site once a night, and after its answers may have changed.

    Not while its pages are read or embedded, and not more often than every ``APART_SECONDS``.

    Returns:
        Seconds until a site is due that changed too soon after its last run; None: none is.
    """
    for site_id, wait in _waits(base, model).items():
        try:
            if wait == 0:
                run_golden_questions(base, site_id, model=model, writing=writing)
        except ChatbotError:  # noqa: PERF203 - the other sites are asked all the same
            logger.exception("golden questions of site %s", site_id)
    return min(filter(None, _waits(base, model).values()), default=None)


def seconds_until_run(base: KnowledgeBase, model: str = "") -> int | None:
    """Seconds until the golden questions of a site are due; None: nothing has changed."""
    return min(_waits(base, model).values(), default=None)


def _waits(base: KnowledgeBase, model: str) -> dict[int, int]:
    """By site, the seconds until its golden questions are due, where they are to be asked."""
    with base.database.session() as session:
        site_ids = [site.id for site in all_sites(session) if golden_questions(session, site.id)]
    waits = {site_id: _seconds_until_due(base, site_id, model) for site_id in site_ids}
    return {site_id: wait for site_id, wait in waits.items() if wait is not None}


def _seconds_until_due(base: KnowledgeBase, site_id: int, model: str) -> int | None:
    """When the golden questions of a site are to be asked again; None: nothing has changed."""
    with base.database.session() as session:
        last = next(iter(runs_of(session, site_id, 1)), None)
        if last is None or last.created < now() - AGAIN_SECONDS:
            return 0
        embedder = base.searcher.embedder
        if is_crawled(session, site_id) or (
            embedder and waiting_counts(session, site_id, embedder.model)
        ):
            return None  # who reads or embeds calls this again
        if not changes_since(last, answering_state(base, session, site_id, model)):
            return None
        return max(0, last.created + APART_SECONDS - now()) if not last.who else 0


def compare_runs(former: QualityRun, later: QualityRun) -> list[Difference]:
    """The questions of both runs that were answered differently, those that got worse first."""
    by_question = {result["question"]: result for result in former.results}
    differences = []
    for after in later.results:
        before = by_question.get(after["question"], after)
        step = GRADES.index(after["grade"]) - GRADES.index(before["grade"])
        if step or after["answer"] != before["answer"]:
            better = (step > 0) - (step < 0)
            differences.append(
                Difference(after["question"], before["answer"], after["answer"], better=better)
            )
    return sorted(differences, key=lambda difference: difference.better)


def preview_entry(
    base: KnowledgeBase, site_id: int, question: str, answer: str, wordings: Sequence[str] = ()
) -> Preview:
    """The golden questions and recent questions of visitors whose answers the entry would change.

    Questions that share a word with the entry are asked without it and, while it is added for a
    moment, with it.
    """
    with base.database.session() as session:
        golden = {row.question for row in golden_questions(session, site_id)}
        questions = dict.fromkeys([*golden, *recent_questions(session, site_id, MOST_RECENT)])
    words = _stems([question, *wordings, answer])
    near_questions = [text for text in questions if words & _stems([text])]
    before = {text: base.ground(site_id, text) for text in near_questions}
    with provisional_entry(base, site_id, question, answer, wordings):
        after = {text: base.ground(site_id, text) for text in near_questions}
    differences = [
        Difference(text, _shown(before[text]), _shown(after[text]), golden=text in golden)
        for text in near_questions
        if _shown(before[text]) != _shown(after[text])
    ]
    differences.sort(key=lambda difference: not difference.golden)
    return Preview(tuple(differences), len(questions))


def margin_of_error(right: int, total: int) -> tuple[int, int] | None:
    """The 95 % interval of the share of right answers in percent (Wilson); None without answers."""
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
