"""Messages with several questions, and those that only look like it."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.language.clauses import split_questions


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        (
            "Are you open on Sunday and do you take cards?",
            ["Are you open on Sunday?", "Do you take cards?"],
        ),
        ("Hours? And parking?", ["Hours?", "Parking?"]),
        ("opening hours and do you take cards", ["Opening hours?", "Do you take cards"]),
        ("Are you open?Do you deliver?", ["Are you open?", "Do you deliver?"]),
        (
            "Where are you, when are you open, and do you take cards?",
            ["Where are you?", "When are you open?", "Do you take cards?"],
        ),
        (
            "C’est où et faut-il réserver pour le kiosque ?",
            ["C’est où ?", "Faut-il réserver pour le kiosque ?"],
        ),
        (
            "Quel bus prendre et où est-ce qu’on peut se garer ?",
            ["Quel bus prendre ?", "Où est-ce qu’on peut se garer ?"],
        ),
        (
            "Hello! I come on Friday. Are you open?\nIs there parking? Thanks.",
            ["Hello! I come on Friday. Are you open?", "Is there parking? Thanks."],
        ),
    ],
)
def test_each_question_of_a_message_is_one(message: str, questions: list[str]) -> None:
    assert split_questions(message) == questions


@pytest.mark.parametrize(
    "message",
    [
        "bread and butter",
        "Do you sell bread and butter?",
        "If it rains, is the market open?",
        "S’il pleut, est-ce que le marché a lieu ?",
        "Is it cheaper on a weekday or on Saturday evening?",
        "Combien pour deux adultes et un enfant ?",
        "and to Northern Ireland?",
        "et c’est quand le prochain ?",
        "Vous êtes ouverts ? Je viens avec mon chien.",
        "",
        "?" * 5000,
        "and do " * 140,
    ],
)
def test_what_asks_one_thing_stays_whole(message: str) -> None:
    assert split_questions(message) == [message]
