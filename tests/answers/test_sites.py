"""The sites that answers are tested on: what is counted as right stands on the page it names."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from benchmarks.answers.written_sites import parse

SITES = Path(__file__).with_name("sites")
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (SITES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
]


def plain(text: str) -> str:
    """*text* as patterns are compared with it: one kind of space and apostrophe, no capitals."""
    return re.sub(r"\s+", " ", text).replace("’", "'").casefold()


def words_of(question: dict[str, Any]) -> str:
    """What a visitor reads on the pages that answer *question*."""
    pages = [SITES / question["site"] / f"{name}.html" for name in question["pages"]]
    markup = " ".join(page.read_text(encoding="utf-8") for page in pages)
    return plain(html.unescape(re.sub(r"<[^>]+>", " ", markup)))


@pytest.mark.parametrize(
    "question", [each for each in QUESTIONS if each["must"]], ids=lambda each: each["id"]
)
def test_a_right_answer_stands_on_its_page(question: dict[str, Any]) -> None:
    words = words_of(question)
    for pattern in question["must"]:
        assert re.search(plain(pattern), words), pattern


def test_every_site_has_questions_that_it_answers_and_questions_that_it_does_not() -> None:
    for site in (folder for folder in SITES.iterdir() if folder.is_dir()):
        of_site = [bool(each["must"]) for each in QUESTIONS if each["site"] == site.name]
        assert len(of_site) == 25
        assert 4 <= of_site.count(False) <= 8


@pytest.mark.parametrize(("name", "count"), [("further", 218), ("paraphrased", 768)])
def test_the_other_sites_are_whole(name: str, count: int) -> None:
    folder = SITES.with_name(name)
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line) for line in lines]
    assert len({question["id"] for question in questions}) == len(questions) == count
    for question in questions:
        for pattern in (*question["must"], *question.get("must_not", ())):
            re.compile(pattern)
        for page in question["pages"]:
            assert (folder / question["site"] / f"{page}.html").is_file(), page


def test_every_quote_to_learn_from_is_of_a_site_that_is_there() -> None:
    folder = SITES.with_name("paraphrased")
    for line in (folder / "training.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        assert (folder / record["site"]).is_dir(), record
        assert record["q"].strip()


@pytest.mark.parametrize(
    "file", sorted(SITES.with_name("texts").glob("*.md")), ids=lambda f: f.stem
)
def test_a_site_of_text_has_questions_to_each_section_and_some_to_none(file: Path) -> None:
    sections, unanswered = parse(file.read_text(encoding="utf-8"))
    assert len(sections) >= 25
    for section in sections:
        assert len(section.questions) >= 2, section.heading
        assert "".join(section.lines).strip(), section.heading
    assert len({(section.page, section.heading) for section in sections}) == len(sections)
    assert len(unanswered) >= 20
