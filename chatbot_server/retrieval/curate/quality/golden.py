"""Golden questions: asked before and after a change, they show what it made worse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chatbot_server.errors import UsageError
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Grounding, Passage
from chatbot_server.retrieval.curate.imports.json_lines import read_json_lines
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.read import urls
from chatbot_server.storage.visitors.learning import golden_questions

Grade = Literal["missed", "found", "answered"]
GRADES: tuple[Grade, ...] = ("missed", "found", "answered")


# What a model writes for a site to a question, in place of what was found; None: nothing.
Writing = Callable[[int, str, Grounding], str | None]


@dataclass(frozen=True)
class GoldenResult:
    """How one golden question went.

    Attributes:
        grade: ``answered`` as expected; ``found``: what is expected is among the passages, but not
            in the answer; ``missed``.
        answer: what the visitor would be shown.
        by_model: whether a language model wrote it.
    """

    number: int
    question: str
    expect: str
    grade: Grade
    answer: str
    by_model: bool = False

    @property
    def passed(self) -> bool:
        """Whether the visitor is shown what is expected."""
        return self.grade == "answered"


def read_golden_file(file: Path) -> list[tuple[str, str]]:
    """Questions and what is expected: JSON Lines of ``{"question", "expect"}``.

    ``expect`` is null for an honest no.

    Raises:
        UsageError: names the line that cannot be understood.
    """
    pairs: list[tuple[str, str]] = []
    for number, row in read_json_lines(file):
        question = row.get("question") if isinstance(row, dict) else None
        expect = row.get("expect", "") if isinstance(row, dict) else None
        if not isinstance(question, str) or not isinstance(expect, str | None):
            raise UsageError("golden_line", file=file, line=number)
        pairs.append((question, expect or ""))
    return pairs


def ask_golden_questions(
    base: KnowledgeBase, site_id: int, writing: Writing = lambda *_: None
) -> list[GoldenResult]:
    """Ask every golden question of the site, and grade the answers.

    Args:
        writing: what a model writes; without one, visitors are shown what was found.
    """
    with base.database.session() as session:
        golden = golden_questions(session, site_id)
    results = []
    for row in golden:
        grounding = base.ground(site_id, row.question)
        model_text = writing(site_id, row.question, grounding)
        text = model_text or grounding.answer
        grade = _grade(row.expect, text, grounding.passages)
        results.append(
            GoldenResult(row.id, row.question, row.expect, grade, text, bool(model_text))
        )
    return results


def worse_results(
    before: Sequence[GoldenResult], after: Sequence[GoldenResult]
) -> list[GoldenResult]:
    """Those of *after* that were answered better in *before*."""
    grades = {result.number: GRADES.index(result.grade) for result in before}
    return [result for result in after if GRADES.index(result.grade) < grades.get(result.number, 0)]


def _grade(expect: str, answer: str, passages: Sequence[Passage]) -> Grade:
    if not expect:
        return "missed" if answer else "answered"
    if answer and _holds(expect, answer, passages[:1]):
        return "answered"
    texts = "\n".join(passage.text for passage in passages)
    return "found" if _holds(expect, texts, passages) else "missed"


def _holds(expect: str, text: str, passages: Sequence[Passage]) -> bool:
    """Whether *passages* are of the expected page, or *text* contains the expected words."""
    page = urls.canonical(expect)
    if page is not None:
        return any(passage.url.partition("#")[0] == page for passage in passages)
    return " ".join(fold(expect).split()) in " ".join(fold(text).split())
