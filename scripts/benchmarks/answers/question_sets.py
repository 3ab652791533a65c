"""Pages and questions with known answers: small sites, and XQuAD in English and asked in French."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot_server.conversation.small_talk.remarks import find_remark
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.curate.quality.question_files import read_squad
from chatbot_server.retrieval.curate.quality.verdicts import EvalQuestion
from chatbot_server.retrieval.read.extractor import Extractor

ROOT = Path(__file__).resolve().parents[3]
FRENCH = ROOT / "tests" / "answers" / "xquad.fr.jsonl"
SQUAD_QUESTIONS = 400
# The folders of tests/answers whose sites weights are fitted on.
PARAPHRASED = "paraphrased"
FITTED_FOLDERS = tuple(
    ROOT / "tests" / "answers" / name for name in ("sites", "further", PARAPHRASED)
)
# The folder of the sites that were written as text.
TEXTS = ROOT / "tests" / "answers" / "texts"


@dataclass(frozen=True)
class Question:
    """A question as it is asked, and patterns of its answer.

    Attributes:
        site: what it is left out with.
        patterns: all stand in a whole answer; none where there is no answer.
        absent: urls that are taken out before it is asked.
    """

    site: str
    text: str
    history: tuple[str, ...]
    patterns: tuple[str, ...]
    absent: frozenset[str] = frozenset()


def plain(text: str) -> str:
    """*text* with one kind of space and apostrophe, and no capitals; its lines stay."""
    return re.sub(r"[^\S\n]+", " ", text).replace("’", "'").casefold()


def small_sites(folder: Path) -> Iterator[tuple[str, list[Draft], list[Question]]]:
    """Each site of *folder*, with the drafts of its pages and its questions.

    What is put to the chatbot itself is not asked of pages.
    """
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    extractor = Extractor()
    try:
        for site in sorted(path for path in folder.iterdir() if path.is_dir()):
            drafts: list[Draft] = []
            for page in sorted(site.glob("*.html")):
                url = f"https://site.example/{page.name}"
                drafts += extractor.read(page.read_bytes(), "html", page.name, url).drafts
            questions = [
                Question(site.name, record["q"], tuple(record["history"]), tuple(record["must"]))
                for record in records
                if record["site"] == site.name
                and (record.get("pages", True) or not record["must"])
                and not find_remark(record["q"])
            ]
            yield site.name, drafts, questions
    finally:
        extractor.close()


def squad(file: Path) -> tuple[str, list[Draft], list[Question]]:
    """XQuAD, to be left out in halves, each question asked with its paragraph and without it."""
    drafts, squad_questions = read_squad(file)
    sample = random.Random(1).sample(squad_questions, SQUAD_QUESTIONS)
    questions = []
    for number, question in enumerate(sample):
        half = f"xquad {number % 2}"
        patterns = ("|".join(re.escape(answer) for answer in question.answers),)
        questions.append(Question(half, question.text, (), patterns))
        questions.append(Question(half, question.text, (), (), question.relevant))
    return "xquad", drafts, questions + french(file, squad_questions)


def french(file: Path, squad_questions: Sequence[EvalQuestion]) -> list[Question]:
    """Questions of XQuAD as they are asked in French, likewise."""
    content = json.loads(file.read_text(encoding="utf-8"))["data"]
    paragraphs = [paragraph for article in content for paragraph in article["paragraphs"]]
    ids = [entry["id"] for paragraph in paragraphs for entry in paragraph["qas"]]
    by_id = dict(zip(ids, squad_questions, strict=True))
    questions = []
    for number, line in enumerate(FRENCH.read_text(encoding="utf-8").splitlines()):
        record = json.loads(line)
        original = by_id[record["id"]]
        part, text = f"french {number % 5}", record["question"]
        patterns = ("|".join(re.escape(answer) for answer in original.answers),)
        questions.append(Question(part, text, (), patterns))
        questions.append(Question(part, text, (), (), original.relevant))
    return questions
