"""Print what retrieval reaches on public data, see :mod:`.public_data`."""

from __future__ import annotations

import argparse
import json
from typing import Literal

from benchmarks.public_data import DOCUMENTS, QUESTIONS, XQUAD, add_data_argument
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.curate.quality.evaluate import evaluate
from chatbot_server.retrieval.curate.quality.question_files import (
    read_documents,
    read_questions,
    read_squad,
)
from chatbot_server.retrieval.curate.quality.verdicts import EvalQuestion

PARTS = 6


def main() -> int:
    """The CNIL's FAQ and XQuAD, by meaning and by words alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_data_argument(parser, DOCUMENTS, QUESTIONS, XQUAD)
    data = parser.parse_args().data
    documents = read_documents(data / DOCUMENTS)
    questions = read_questions(data / QUESTIONS)
    paragraphs, squad_questions = read_squad(data / XQUAD)
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
