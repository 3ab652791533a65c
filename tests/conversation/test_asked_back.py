"""A question that is asked back, the reply to it, and what of several questions is left open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.scripted_chat import QUOTED, Chat, ScriptedModel, end, text

from chatbot_server.retrieval.base import Grounding

CHOICES = Grounding("choices", choices=("Leeds", "Hull shop", "York"))


def test_sections_that_answer_less_surely_are_offered_as_buttons(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("quote", []), replace(QUOTED, further=("Sunday hours",)))
    events = chat.ask("When are you open?")
    assert (end(events).origin, end(events).suggestions) == ("pages", ("Sunday hours",))


def test_the_visitor_is_asked_which_is_meant_and_the_reply_completes_it(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["A guess."]), CHOICES)
    events = chat.ask("Are you open on Sunday?")
    assert "Leeds, Hull shop, York" in text(events)
    assert (end(events).origin, end(events).suggestions) == ("question", CHOICES.choices)
    assert chat.model.prompts == []
    chat.ask("the one in Hull")
    chat.ask("Do you sell tea?")
    assert chat.pages.asked[1:] == [
        ("Are you open on Sunday? the one in Hull", ()),
        (
            "Do you sell tea?",
            ("Are you open on Sunday?", "Are you open on Sunday? the one in Hull"),
        ),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        "**Leeds**\nOpen until 6.\n\n**Hull shop**\nOpen until 5.\n**Closed on Monday.**",
        "Three shops:\n\n- Leeds — Open: 6\n- Hull shop — Open: 5\n- York, near the wall",
    ],
)
def test_a_place_in_the_list_that_was_shown_names_what_stands_there(
    tmp_path: Path, answer: str
) -> None:
    grounding = replace(QUOTED, answer=answer)
    chat = Chat(tmp_path, ScriptedModel("quote", []), grounding)
    chat.ask("Where are you?")
    chat.ask("When does the second one open?")
    chat.ask("and how do I get to the second one?")
    chat.ask("the ninth?")
    assert [question for question, _history in chat.pages.asked[1:]] == [
        "When does the second one open?",
        "and how do I get to Hull shop?",
        "the ninth?",
    ]


def test_a_choice_may_be_named_by_its_place(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("quote", []), CHOICES)
    chat.ask("Are you open on Sunday?")
    chat.ask("the last one")
    assert chat.pages.asked[1:] == [("Are you open on Sunday? York", ())]


def test_what_is_left_open_is_said_behind_the_answer(tmp_path: Path) -> None:
    grounding = Grounding(
        "quoted", QUOTED.answer, QUOTED.sources, QUOTED.passages, unanswered=("Is *it* free?",),
        left=("And tea?",),
    )  # fmt: skip
    chat = Chat(tmp_path, ScriptedModel("quote", []), grounding)
    said = text(chat.ask("When? Is *it* free? And tea?"))
    assert said.startswith(QUOTED.answer)
    assert "“Is \\*it\\* free?” I found nothing more" in said
    assert "on its own: “And tea?”" in said
