"""Print what retrieval reaches on public data: ``python scripts/bench_retrieval.py [DATA FOLDER]``."""  # noqa: E501

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal

from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.curate.evaluate import (
    Question,
    evaluate,
    read_documents,
    read_questions,
    read_squad,
)

PARTS = 6


def main() -> int:
    """The CNIL's FAQ and XQuAD, by meaning and by words alone; exit 2 without data."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    if not (data / "cnil-faq").is_dir():
        print(f"no data in {data}")  # noqa: T201
        return 2
    documents = read_documents(data / "cnil-faq" / "documents.jsonl")
    questions = read_questions(data / "cnil-faq" / "questions.jsonl")
    drafts, asked = read_squad(data / "xquad.en.json")
    for semantic in ("auto", "off"):
        print("cnil", json.dumps(evaluate(documents, questions, semantic)), flush=True)  # noqa: T201
        print("xquad", json.dumps(evaluate(drafts, asked, semantic)), flush=True)  # noqa: T201
        print("xquad without", json.dumps(without(drafts, asked, semantic)), flush=True)  # noqa: T201
    return 0


def without(
    drafts: list[Draft], asked: list[Question], semantic: Literal["auto", "off"]
) -> dict[str, float]:
    """The honest noes to every question, asked while its paragraph and a sixth of all are gone."""
    right = 0.0
    for part in range(PARTS):
        gone = {draft.url for draft in drafts[part::PARTS]}
        kept = [draft for draft in drafts if draft.url not in gone]
        unknown = [Question(one.text, frozenset()) for one in asked if one.relevant <= gone]
        right += len(unknown) * evaluate(kept, unknown, semantic)["honest_no"]
    return {"questions": len(asked), "honest_no": round(right / len(asked), 4)}


if __name__ == "__main__":
    raise SystemExit(main())
