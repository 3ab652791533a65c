"""What a follow-up leaves of the question before it, and what is none."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.language.dialogue.follow_up import (
    asks_what_of_it,
    context_of,
    is_follow_up,
)


@pytest.mark.parametrize(
    ("history", "follow_up", "context"),
    [
        (["Is there parking in Leeds?"], "And in Hull?", "Is there parking in ?"),
        (["Is the Leeds shop open on Sunday?"], "and Hull?", "Is the shop open on Sunday?"),
        (["When do juniors row in summer?"], "and in winter?", "When do juniors row in ?"),
        (["Quand ouvre la piscine ?"], "et le restaurant ?", "Quand ouvre la ?"),
        (["Combien pour un adulte ?"], "et pour un enfant ?", "Combien pour un ?"),
        (["Peut-on se garer au moulin ?"], "et à la gare ?", "Peut-on se garer au ?"),
        (["How much is the junior course?"], "and the adult one?", "How much is the course?"),
        (
            ["How much is a city bike for a week?"],
            "and a child's bike?",
            "How much is a bike for a week?",
        ),
        (
            ["How much does an electric bike cost for a week?"],
            "and a child's bike?",
            "How much does an bike cost for a week?",
        ),
        (
            ["How much is a canoe for the Heron loop?"],
            "what about a kayak?",
            "How much is a for the Heron loop?",
        ),
        (["How much is a city bike?"], "and?", "How much is a city bike?"),
        (["How much is a city bike?"], "and the deposit?", "How much is a city bike?"),
        (["Où est le moulin ?"], "c'est ouvert quand ?", "Où est le moulin ?"),
        (
            ["Is there parking in Leeds?", "and in Hull?", "is it free?"],
            "And in York?",
            "Is there parking in ? and in ? is it free?",
        ),
    ],
)
def test_what_is_named_anew_takes_the_place_of_what_was_named(
    history: list[str], follow_up: str, context: str
) -> None:
    assert " ".join(context_of(follow_up, history).split()) == context


@pytest.mark.parametrize(
    "question",
    [
        "Y a-t-il un parking ?",
        "Il y a une piscine ?",
        "Où est la gare ?",
        "ou est la gare ?",
        "Où peut-on dormir ?",
        "Peut-on payer en ligne ?",
        "Êtes-vous ouverts en août ?",
        "Is there a swimming pool?",
        "Are there lockers?",
        "What time is it open until on Monday morning in winter?",
        "Can my wife bring her dog?",
        "Faut-il réserver ?",
    ],
)
def test_small_words_alone_refer_to_nothing(question: str) -> None:
    assert not is_follow_up(question)


@pytest.mark.parametrize(
    "question",
    [
        "et le samedi ?",
        "ou le dimanche ?",
        "c'est combien ?",
        "how much is it?",
        "what's her number?",
        "quel est son numéro ?",
        "and there?",
        "J'en veux deux",
        "Qui l'anime ?",
        "Peut-on la louer ?",
        "Which one is the cheapest?",
    ],
)
def test_what_leans_on_the_question_before_is_a_follow_up(question: str) -> None:
    assert is_follow_up(question)


def test_a_long_question_is_no_follow_up_of_itself() -> None:
    query = Query.in_context("Where is the shop? " + "I ask because " * 100, ())
    assert (query.own, query.before) == (None, "")


@pytest.mark.parametrize(
    ("question", "concepts"),
    [
        ("How much is it?", {"=price"}),
        ("Il a lieu quand ?", {"=when"}),
        ("When does it start?", {"=when"}),
        ("What time does it start?", {"=when"}),
        ("À quelle heure ça commence ?", {"=when"}),
        ("How long has it been there?", set()),
        ("Quel est le numéro de téléphone ?", {"=phone"}),
        ("How much is the course?", set()),
        ("Where is it?", set()),
    ],
)
def test_what_is_asked_of_a_thing_that_is_not_named(question: str, concepts: set[str]) -> None:
    assert asks_what_of_it(question) == concepts
