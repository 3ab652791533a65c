"""Print what retrieval reaches on public data: ``python scripts/bench_retrieval.py [DATA FOLDER]``."""  # noqa: E501

from __future__ import annotations

import json
import sys
from pathlib import Path

from chatbot_server.retrieval.evaluate import (
    Question,
    evaluate,
    read_documents,
    read_questions,
    read_squad,
)

TAKEN_OUT = 40


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
    gone = {draft.url for draft in drafts[::6][:TAKEN_OUT]}
    kept = [draft for draft in drafts if draft.url not in gone]
    unknown = [Question(one.text, frozenset()) for one in asked if one.relevant <= gone][:200]
    for semantic in ("auto", "off"):
        print("cnil", json.dumps(evaluate(documents, questions, semantic)), flush=True)  # noqa: T201
        print("xquad", json.dumps(evaluate(drafts, asked, semantic)), flush=True)  # noqa: T201
        print("xquad without", json.dumps(evaluate(kept, unknown, semantic)), flush=True)  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
