"""Print what retrieval reaches on public data; the one argument names the data's folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal

from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.curate.learning.evaluate import evaluate
from chatbot_server.retrieval.curate.learning.question_files import (
    read_documents,
    read_questions,
    read_squad,
)
from chatbot_server.retrieval.curate.learning.verdicts import EvalQuestion

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
PARTS = 6


def main() -> int:
    """The CNIL's FAQ and XQuAD, by meaning and by words alone; exit 2 without data."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    if not (data / "cnil-faq").is_dir():
        print(f"no data in {data}")
        return 2
    documents = read_documents(data / "cnil-faq" / "documents.jsonl")
    questions = read_questions(data / "cnil-faq" / "questions.jsonl")
    paragraphs, squad_questions = read_squad(data / "xquad.en.json")
    for semantic in ("auto", "off"):
        figures = {
            "cnil": evaluate(documents, questions, semantic),
            "xquad": evaluate(paragraphs, squad_questions, semantic),
            "xquad without": without_answers(paragraphs, squad_questions, semantic),
        }
        for name, values in figures.items():
            print(name, json.dumps(values), flush=True)
    return 0


def without_answers(
    drafts: list[Draft], questions: list[EvalQuestion], semantic: Literal["auto", "off"]
) -> dict[str, float]:
    """The honest noes to every question, asked while its paragraph and a sixth of all are gone."""
    honest = 0.0
    for part in range(PARTS):
        absent = {draft.url for draft in drafts[part::PARTS]}
        rest = [draft for draft in drafts if draft.url not in absent]
        unanswerable = [
            EvalQuestion(question.text, frozenset())
            for question in questions
            if question.relevant <= absent
        ]
        honest += len(unanswerable) * evaluate(rest, unanswerable, semantic)["honest_no"]
    return {"questions": len(questions), "honest_no": round(honest / len(questions), 4)}


if __name__ == "__main__":
    raise SystemExit(main())
