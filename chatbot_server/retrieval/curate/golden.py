"""Golden questions: asked before and after a change, they tell what it made worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Grounding, Passage
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.read import urls
from chatbot_server.storage.database import Database
from chatbot_server.storage.learning import GoldenQuestion, golden_questions

Grade = Literal["missed", "found", "answered"]
GRADES: tuple[Grade, ...] = ("missed", "found", "answered")


@dataclass(frozen=True)
class Tried:
    """How one golden question went.

    Attributes:
        grade: ``answered`` as expected; ``found`` what was expected, among the passages, but
            not told it; ``missed``.
        told: what the visitor would be shown, without a model.
    """

    number: int
    question: str
    expect: str
    grade: Grade
    told: str

    @property
    def passed(self) -> bool:
        """Whether the visitor is shown what is expected."""
        return self.grade == "answered"


def run(database: Database, base: KnowledgeBase, site_id: int) -> list[Tried]:
    """Ask every golden question of the site."""
    with database.session() as session:
        golden = golden_questions(session, site_id)
    return [_tried(one, base.ground(site_id, one.question)) for one in golden]


def worse(before: Sequence[Tried], after: Sequence[Tried]) -> list[Tried]:
    """Those of *after* that were answered better in *before*."""
    graded = {one.number: GRADES.index(one.grade) for one in before}
    return [one for one in after if GRADES.index(one.grade) < graded.get(one.number, 0)]


def _tried(golden: GoldenQuestion, told: Grounding) -> Tried:
    return Tried(
        golden.id, golden.question, golden.expect, _grade(golden.expect, told), told.answer
    )


def _grade(expect: str, told: Grounding) -> Grade:
    if not expect:
        return "missed" if told.answer else "answered"
    if told.answer and _holds(expect, told.answer, told.passages[:1]):
        return "answered"
    texts = "\n".join(passage.text for passage in told.passages)
    return "found" if _holds(expect, texts, told.passages) else "missed"


def _holds(expect: str, text: str, passages: Sequence[Passage]) -> bool:
    """Whether *passages* are of the page expected, or *text* has the words expected."""
    page = urls.canonical(expect)
    if page is not None:
        return any(passage.url.partition("#")[0] == page for passage in passages)
    return " ".join(fold(expect).split()) in " ".join(fold(text).split())
