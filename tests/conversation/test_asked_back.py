"""A question that is asked back, the reply to it, and what of several questions is left open."""

from __future__ import annotations

from pathlib import Path

from support.scripted_chat import QUOTED, Chat, ScriptedModel, end, text

from chatbot_server.retrieval.base import Grounding

CHOICES = Grounding("choices", choices=("Leeds", "Hull shop", "York"))


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
        ("Do you sell tea?", ("Are you open on Sunday?", "the one in Hull")),
    ]


def test_what_is_left_open_is_said_behind_the_answer(tmp_path: Path) -> None:
    grounding = Grounding(
        "quoted", QUOTED.answer, QUOTED.sources, QUOTED.passages, unanswered=("Is *it* free?",),
        left=("And tea?",),
    )  # fmt: skip
    chat = Chat(tmp_path, ScriptedModel("quote", []), grounding)
    said = text(chat.ask("When? Is *it* free? And tea?"))
    assert said.startswith(QUOTED.answer)
    assert "“Is \\*it\\* free?” I found nothing more" in said
    assert "again by itself: “And tea?”" in said
