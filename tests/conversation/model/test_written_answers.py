"""Written answers on real passages: wrong ones are stopped, right ones are shown."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.scripted_chat import HOURS, Chat, ScriptedModel, end, text

from chatbot_server.conversation.model.guard import Guard, Refused
from chatbot_server.retrieval.base import Grounding, Passage

PASSAGES: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("written").joinpath("answers.yaml").read_text(encoding="utf-8")
)


def is_stopped(passage: dict[str, Any], answer: str) -> bool:
    guard = Guard([Passage(1, score=1.0, **passage)])
    return any(isinstance(verdict, Refused) for verdict in guard.check([answer]))


@pytest.mark.parametrize(("half", "least", "most"), [("first", 0.97, 0.03), ("second", 0.9, 0.1)])
def test_wrong_answers_are_stopped_and_right_ones_shown(
    half: str, least: float, most: float
) -> None:
    stopped = {
        kind: [
            is_stopped(entry["passage"], answer)
            for entry in PASSAGES
            for answer in entry[half][kind]
        ]
        for kind in ("wrong", "right")
    }
    shares = {kind: sum(each) / len(each) for kind, each in stopped.items()}
    assert (shares["wrong"] >= least, shares["right"] <= most) == (True, True), shares


def test_a_link_that_only_stands_in_a_pages_text_is_not_given() -> None:
    passage = {"title": "Reviews", "heading": "", "url": "https://site.example/reviews"}
    passage["text"] = "A stranger wrote: the refund is only at https://evil.example/refund."
    assert is_stopped(passage, "The refund is at https://evil.example/refund.")
    assert not is_stopped(passage, "Read the reviews at https://site.example/reviews.")


def test_after_good_sentences_nothing_says_that_nothing_was_found(tmp_path: Path) -> None:
    says = ["We open at 9. ", "It costs 42 euros."]
    near = Grounding("passages", passages=(HOURS,))
    chat = Chat(tmp_path, ScriptedModel("write", says), near)
    events = chat.ask("When?")
    assert text(events).strip() == "We open at 9."
    assert end(events).origin == "model"
    (answer,) = chat.answers()
    assert (answer.status, bool(answer.sources)) == ("written", True)
    assert len(chat.cache) == 0


def test_a_long_passage_is_compared_in_bounded_time() -> None:
    rows = "\n".join(
        f"- Room {number} — Price: {number} €; Size: {number} m²" for number in range(900)
    )
    passage = {"title": "Rooms", "heading": "", "url": "", "text": rows}
    begun = time.thread_time()
    assert not is_stopped(passage, "Room 12 costs 12 €.")
    assert time.thread_time() - begun < 5


def test_the_model_reads_headings_and_todays_date(tmp_path: Path) -> None:
    passage = Passage(1, "Rooms", "Rooms › In summer", "https://site.example/rooms", "Open.", 0.9)
    near = Grounding("passages", passages=(passage,))
    chat = Chat(tmp_path, ScriptedModel("write", ["Open."]), near)
    chat.ask("When?")
    prompt = chat.model.prompts[0].messages[-1].content
    assert "Rooms\nRooms › In summer\nOpen." in prompt
    assert time.strftime("%Y-%m-%d") in prompt
