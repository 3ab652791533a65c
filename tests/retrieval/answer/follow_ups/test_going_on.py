"""Follow-ups: weighed by the conversation, put together with it, or asked of the page before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.answer.several_questions import ground_single
from chatbot_server.retrieval.answer.why import explain
from chatbot_server.retrieval.base import Grounding, Passage, Source
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.retrieval.language.clauses import Question
from chatbot_server.storage.database import Database

NOTHING = Grounding("nothing")


def told(chunk: int, heading: str, text: str) -> Grounding:
    """The answer from one section of a page named after the first word of its heading."""
    url = f"https://s.example/{heading.split()[0].lower()}"
    passage = Passage(chunk, heading.split()[0], heading, url, text, 0.9)
    return Grounding("quoted", text, (Source(heading, f"{url}#:~:text=x"),), (passage,))


CANOES = told(1, "Lake canoes", "An hour is 14 €, half a day 32 €.")
RIDERS = told(2, "Bikes for whom", "From 14 years on.")
BIKE_PRICES = told(3, "Bikes and prices", "28 € a day.")
WIFI = told(4, "Wifi", "It is free.")


def ask(history: Sequence[str], question: str, answers: Mapping[str, Grounding]) -> Grounding:
    """What *question* is answered with, where a search finds *answers* by what is looked up.

    A double of the search, whose judgement of each text the answer depends on. What is weighed by
    the conversation is written with “|”.
    """

    def ground(text: str, before: Sequence[str]) -> Grounding:
        return answers.get(" + ".join([*before, text]), NOTHING)

    def ground_in_conversation(text: str, before: Sequence[str]) -> Grounding:
        return answers.get(" | ".join([*before, text]), NOTHING)

    return ground_single(ground, ground_in_conversation, Question(question), history)


@pytest.mark.parametrize("question", ["And in winter?", "And for half a day?", "And with a motor?"])
def test_what_goes_on_is_asked_of_the_page_that_was_shown(question: str) -> None:
    answers = {"A canoe?": CANOES, f"Lake canoes: {question}": CANOES}
    assert ask(["A canoe?"], question, answers) == CANOES


def test_another_page_is_not_what_goes_on() -> None:
    answers = {"A canoe?": CANOES, "Lake canoes: And all afternoon?": WIFI}
    assert ask(["A canoe?"], "And all afternoon?", answers) == NOTHING


def test_what_is_complete_is_asked_alone_before_it_is_refused() -> None:
    answers = {"A canoe?": CANOES, "Y a du wifi ?": WIFI, "Lake canoes: Y a du wifi ?": CANOES}
    assert ask(["A canoe?"], "Y a du wifi ?", answers) == WIFI


@pytest.mark.parametrize(
    "question",
    [
        "Do you repair watches?",
        "Could we come by train to you?",
        "Could my neighbour pick it up for me?",
    ],
)
def test_what_has_words_of_its_own_keeps_its_no(question: str) -> None:
    answers = {"A canoe?": CANOES, f"Lake canoes: {question}": CANOES}
    assert ask(["A canoe?"], question, answers) == NOTHING


def test_how_much_is_asked_of_the_section_before_only_if_it_tells_a_price() -> None:
    answers = {
        "May I ride a bike?": RIDERS,
        "May I ride a bike? + How much are they?": BIKE_PRICES,
        "Bikes for whom: How much are they?": RIDERS,
    }
    assert ask(["May I ride a bike?"], "How much are they?", answers) == BIKE_PRICES


def test_a_question_that_takes_words_over_is_put_together_first() -> None:
    answers = {"A canoe? | And a bike?": CANOES, "A canoe? + And a bike?": BIKE_PRICES}
    assert ask(["A canoe?"], "And a bike?", answers) == BIKE_PRICES
    assert ask(["A canoe?"], "And a bike?", {"A canoe? | And a bike?": CANOES}) == CANOES


@pytest.mark.parametrize("question", ["Is it free?", "He weighs 35 kg", "Do you have wifi?"])
def test_every_other_one_is_weighed_by_the_conversation_first(question: str) -> None:
    answers = {f"A canoe? | {question}": WIFI, f"A canoe? + {question}": CANOES, question: CANOES}
    assert ask(["A canoe?"], question, answers) == WIFI


def test_of_two_noes_the_one_that_shows_what_comes_closest_is_given() -> None:
    closest = Grounding("nothing", unsure_answer="An hour is 14 €.")
    assert ask(["A canoe?"], "Is it free?", {"A canoe? + Is it free?": closest}) == closest


PAGES = (
    ("Dogs", "Dogs may come along in the trailer. The maximum weight is 30 kg."),
    ("Riders", "Children may ride from 12 kg. The maximum weight is 120 kg."),
    ("Bags", "Bags go into the basket. The maximum weight is 15 kg."),
)


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ("May I take my dog?", "Dogs"),
        ("May my children ride?", "Riders"),
        ("May I take bags?", "Bags"),
    ],
)
def test_the_conversation_decides_between_sections_that_answer_alike(
    database: Database, site_id: int, before: str, told: str
) -> None:
    for title, text in PAGES:
        add_note(database, site_id, title, text)
    base = KnowledgeBase(database)
    question = "What is the maximum weight?"
    assert base.ground(site_id, question, [before]).passages[0].title == told
    assert explain(base, site_id, question, [before])[0].contenders[0].title == told
