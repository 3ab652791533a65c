"""One line of the log for each answer: figures, and no word of what was said."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from support.scripted_chat import HOURS, QUOTED, Chat, ScriptedModel

from chatbot_server.errors import EngineBusy, EngineCrashed
from chatbot_server.models.base import Tier
from chatbot_server.retrieval.base import Grounding

QUESTION = "When does Ada Lovelace open?"


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "chatbot_server.conversation"
    ]


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "chatbot_server.conversation")
    return caplog


@pytest.mark.parametrize(
    ("expected", "tier", "says", "grounding"),
    [
        ("status=quoted origin=pages", "quote", ["Other words."], QUOTED),
        ("status=written origin=model", "rephrase", ["From 9 to 17."], QUOTED),
        ("status=withheld origin=pages", "write", ["It takes 42 euros."], QUOTED),
        ("status=free origin=model", "quote", ["Hello."], None),
        ("status=nothing origin=none", "write", ["A guess."], Grounding("nothing")),
        ("status=related origin=none", "quote", [], Grounding("passages", passages=(HOURS,))),
        ("status=failed origin=-", "quote", ["Hel", EngineCrashed("engine_crashed")], None),
    ],
)
def test_each_answer_is_one_line_without_a_word_of_it(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    expected: str,
    tier: Tier,
    says: list[str | Exception],
    grounding: Grounding | None,
) -> None:
    chat = Chat(tmp_path, ScriptedModel(tier, says), grounding)
    chat.ask(QUESTION)
    (line,) = lines(caplog)
    assert expected in line
    assert re.search(r" first_ms=\d+ ms=\d+ prompt_tokens=\d+ completion_tokens=\d+$", line)
    owners_words = grounding.answer if grounding else ""
    spoken = re.findall(r"[^\W\d]{2,}", f"{QUESTION} {says} {owners_words}".casefold())
    assert not set(spoken) & set(re.findall(r"[^\W\d]+", line.casefold()))


def test_an_answer_told_again_is_a_line_of_its_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["From 9 to 17."]), QUOTED)
    chat.ask_anew(QUESTION)
    chat.ask_anew(QUESTION)
    first, again = lines(caplog)
    assert "status=written origin=model cached=no" in first
    assert first.endswith("prompt_tokens=10 completion_tokens=3")
    assert "status=written origin=model cached=yes" in again
    assert again.endswith("prompt_tokens=0 completion_tokens=0")


def test_the_answer_to_a_visitor_who_left_is_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chat = Chat(tmp_path, ScriptedModel(says=["Hel", "lo."]), None)
    chat.model.stops_after = "Hel"
    chat.ask(QUESTION)
    (line,) = lines(caplog)
    assert "status=stopped origin=model" in line


def test_a_question_that_is_refused_has_no_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    busy = EngineBusy("engine_busy", waiting=1)
    chat = Chat(tmp_path, ScriptedModel(says=[busy]), None)
    with pytest.raises(EngineBusy):
        chat.ask(QUESTION)
    assert lines(caplog) == []
