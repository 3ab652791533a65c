"""Verdicts on answers: right, or wrong in one of the ways that matter to visitors."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from chatbot_server.retrieval.base import Grounding

Verdict = Literal[
    "right", "incomplete", "misleading", "wrong_no", "bare_no", "honest_no", "should_be_no"
]
# Blanks and apostrophes of pages, which patterns are written without.
_BLANKS = re.compile(r"\s+")
_APOSTROPHES = str.maketrans("’ʼ", "''")


@dataclass(frozen=True)
class EvalQuestion:
    """A question whose right answer is known: by words, by documents, or that there is none.

    Attributes:
        relevant: ids of documents that answer it.
        answers: texts; a right answer contains one of them.
        must: patterns; a right answer matches all of them.
        must_not: patterns; an answer that matches one of them is misleading.
        history: earlier questions.
    """

    text: str
    relevant: frozenset[str] = frozenset()
    answers: tuple[str, ...] = ()
    must: tuple[re.Pattern[str], ...] = ()
    must_not: tuple[re.Pattern[str], ...] = ()
    history: tuple[str, ...] = ()

    @property
    def has_answer(self) -> bool:
        """Whether it can be answered; otherwise an honest no is right."""
        return bool(self.relevant or self.answers or self.must)


def verdict(question: EvalQuestion, grounding: Grounding) -> Verdict:
    """The verdict on *grounding*, as shown without a model, as an answer to *question*."""
    is_no = grounding.status in ("passages", "nothing")
    if not question.has_answer:
        return "honest_no" if is_no else "should_be_no"
    if is_no:
        return "wrong_no" if grounding.near else "bare_no"
    text = as_read(grounding.answer or ", ".join(grounding.choices))
    if any(pattern.search(text) for pattern in question.must_not):
        return "misleading"
    return "right" if _is_right(question, grounding, text) else "incomplete"


def _is_right(question: EvalQuestion, grounding: Grounding, text: str) -> bool:
    if question.must:
        return all(pattern.search(text) for pattern in question.must)
    if question.answers:
        return any(as_read(answer).casefold() in text.casefold() for answer in question.answers)
    return any(passage.url in question.relevant for passage in grounding.passages[:1])


def shares(verdicts: Counter[Verdict]) -> dict[str, float | None]:
    """The share of each verdict among questions with an answer, and that of honest noes among the
    others.

    A bare no, which offers no page, also counts as a wrong no.
    """
    kinds: tuple[Verdict, ...] = ("right", "incomplete", "misleading", "wrong_no", "bare_no")
    answerable = sum(verdicts[kind] for kind in kinds)
    counts = {kind: verdicts[kind] for kind in kinds}
    counts["wrong_no"] += counts["bare_no"]
    absent = verdicts["honest_no"] + verdicts["should_be_no"]
    figures: dict[str, float | None] = {
        kind: round(count / answerable, 4) if answerable else None for kind, count in counts.items()
    }
    figures["honest_no"] = round(verdicts["honest_no"] / absent, 4) if absent else None
    return figures


def pattern_of(text: str) -> re.Pattern[str]:
    """Compile the pattern *text*, which ignores case.

    Raises:
        re.error: it is not a pattern.
    """
    return re.compile(text.translate(_APOSTROPHES), re.IGNORECASE)


def as_read(text: str) -> str:
    """*text* as it is matched: without bold marks, and with one kind of blank and apostrophe."""
    return _BLANKS.sub(" ", text.replace("**", "")).translate(_APOSTROPHES)
