"""What a short reply means after what was said before, and what is none."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.language.dialogue.replies import (
    as_follow_up,
    item_named,
    question_of_others,
)
from chatbot_server.retrieval.language.words.stems import guess_language


@pytest.mark.parametrize(
    ("reply", "read_as"),
    [
        ("No, I mean Hull", "and Hull"),
        ("no i meant for two people", "and for two people"),
        ("Sorry, for Sunday", "and for Sunday"),
        ("Non, à Lannec", "et à Lannec"),
        ("Pardon, je voulais dire le dîner", "et le dîner"),
        ("for children?", "and for children?"),
        ("pour les enfants ?", "et pour les enfants ?"),
        ("le dimanche", "et le dimanche"),
        ("Actually, do you sell tea?", "do you sell tea?"),
    ],
)
def test_what_only_names_something_follows_the_question_before(reply: str, read_as: str) -> None:
    assert as_follow_up(reply, guess_language(reply)) == read_as


@pytest.mark.parametrize(
    "reply",
    [
        "no",
        "No.",
        "no problem",
        "no, thanks",
        "Non merci",
        "At what time do you open?",
        "En quelle année ?",
        "Hull",
        "prix piscine",
        "C'est pas ce que je demande",
        "Where can I park?",
    ],
)
def test_what_stands_for_itself_stays_as_it_is(reply: str) -> None:
    assert as_follow_up(reply, guess_language(reply)) == reply


@pytest.mark.parametrize(
    ("reply", "named"),
    [
        ("tell me about the second one", "tell me about Hull"),
        ("and the last?", "and York?"),
        ("et le deuxième ?", "et Hull ?"),
        ("La première", "Leeds"),
        ("When is the first lesson?", None),
        ("from the first of May", None),
        ("the fifth one", None),
    ],
)
def test_a_place_in_a_list_names_what_stands_there(reply: str, named: str | None) -> None:
    assert item_named(reply, ["Leeds", "Hull", "York"]) == named


@pytest.mark.parametrize("reply", ["and the other branch?", "Et les autres ?", "the other one"])
def test_others_are_asked_for_without_the_name_that_was_said(reply: str) -> None:
    question = question_of_others(reply, ["Is there parking in Leeds?"])
    assert question == "Is there parking in ?"


@pytest.mark.parametrize("reply", ["Do you have other bikes?", "and tea?"])
def test_other_things_are_no_other_places(reply: str) -> None:
    assert question_of_others(reply, ["Is there parking in Leeds?"]) is None
    assert question_of_others("and the other one?", ["Is there parking?"]) is None
