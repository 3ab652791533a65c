"""Files to measure with: documents, and questions whose right answers are known."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from chatbot_server.errors import UsageError
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.curate.imports.json_lines import line_error, read_json_lines
from chatbot_server.retrieval.curate.quality.verdicts import EvalQuestion, pattern_of


def read_documents(file: Path) -> list[Draft]:
    """Documents of a JSON Lines file: ``{"id", "title", "text"}``, optionally with ``"faq"``.

    By default, a document whose title is a question is an FAQ entry.

    Raises:
        UsageError: a line cannot be understood; names it.
    """
    drafts = []
    for number, row in read_json_lines(file):
        try:
            title, text = str(row.get("title") or ""), str(row["text"])
            is_faq = bool(row.get("faq", title.rstrip().endswith("?")))
            drafts.append(Draft(str(row["id"]), title, text, faq=is_faq))
        except (KeyError, AttributeError):  # noqa: PERF203
            raise line_error(file, number) from None
    return drafts


def read_questions(file: Path) -> list[EvalQuestion]:
    """Questions of a JSON Lines file.

    Each has a ``question`` and ``relevant`` document ids or ``must`` patterns, optionally
    ``answers``, ``must_not`` and ``history``.

    Raises:
        UsageError: a line cannot be understood; names it.
    """
    questions = []
    for number, row in read_json_lines(file):
        try:
            if "must" not in row and "relevant" not in row:
                raise line_error(file, number)
            questions.append(
                EvalQuestion(
                    str(row["question"]),
                    frozenset(_texts(row, "relevant")),
                    _texts(row, "answers"),
                    _patterns(row, "must"),
                    _patterns(row, "must_not"),
                    _texts(row, "history"),
                )
            )
        except (KeyError, AttributeError, TypeError):  # noqa: PERF203
            raise line_error(file, number) from None
        except re.error as error:
            raise UsageError(
                "knowledge_eval_pattern", file=file, line=number, reason=error
            ) from None
    return questions


def _texts(row: Any, key: str) -> tuple[str, ...]:
    return tuple(str(text) for text in row.get(key) or ())


def _patterns(row: Any, key: str) -> tuple[re.Pattern[str], ...]:
    return tuple(pattern_of(text) for text in _texts(row, key))


def read_squad(file: Path) -> tuple[list[Draft], list[EvalQuestion]]:
    """Documents and questions of a file in SQuAD's layout, with one document per paragraph.

    Raises:
        UsageError: the file has another layout.
    """
    drafts: list[Draft] = []
    questions: list[EvalQuestion] = []
    try:
        for article in json.loads(file.read_text(encoding="utf-8"))["data"]:
            title = str(article.get("title", "")).replace("_", " ")
            for paragraph in article["paragraphs"]:
                name = str(len(drafts))
                drafts.append(Draft(name, title, str(paragraph["context"])))
                for entry in paragraph["qas"]:
                    answers = tuple(str(answer["text"]) for answer in entry["answers"])
                    questions.append(
                        EvalQuestion(str(entry["question"]), frozenset({name}), answers)
                    )
    except (OSError, ValueError, RecursionError, KeyError, AttributeError, TypeError):
        raise UsageError("knowledge_eval_file", file=file) from None
    return drafts, questions
