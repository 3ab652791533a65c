"""Follow-ups: a question replaces what it names anew and keeps the rest of those before it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.sites.answer_sites import KnownSites

from chatbot_server.conversation.small_talk.remarks import find_remark
from chatbot_server.retrieval.base import Grounding

pytestmark = pytest.mark.xdist_group("live")
HERE = Path(__file__).parent
# A little below what is measured: 0.93 by meaning, 0.92 by words alone.
FLOORS = {"meaning": 0.88, "words": 0.85}

Answered = list[tuple[dict[str, Any], Grounding]]


@pytest.fixture(scope="module")
def answers(known_sites: KnownSites) -> dict[str, Answered]:
    """Every follow-up with its answer, by the way of searching."""
    known_sites.index(HERE / "follow_ups")
    known_sites.embed()
    embedded = {*known_sites.ids}
    known_sites.index(HERE / "further")  # asked by words alone: vectors take a minute
    lines = (HERE / "follow_ups" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line) for line in lines]
    return {
        way: [
            (
                asked,
                base.ground(
                    known_sites.ids[asked["site"]], asked["q"], questions_of(asked["history"])
                ),
            )
            for asked in questions
            if way == "words" or asked["site"] in embedded
        ]
        for way, base in known_sites.bases.items()
    }


def questions_of(history: list[str]) -> list[str]:
    """*history* as a conversation hands it over: without remarks."""
    return [message for message in history if find_remark(message) is None]


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("**", "")).replace("’", "'").casefold()


def holds(patterns: list[str], answer: str) -> bool:
    return all(re.search(plain(pattern), plain(answer)) for pattern in patterns)


@pytest.mark.parametrize("way", FLOORS)
def test_most_follow_ups_are_answered_and_none_with_another_subjects_fact(
    answers: dict[str, Answered], way: str
) -> None:
    right = [
        bool(found.answer) and holds(asked["must"], found.answer) for asked, found in answers[way]
    ]
    strayed = [
        asked["id"]
        for (asked, found), is_right in zip(answers[way], right, strict=True)
        if not is_right and any(holds([pattern], found.answer) for pattern in asked["never"])
    ]
    assert strayed == []
    assert sum(right) / len(right) >= FLOORS[way]
