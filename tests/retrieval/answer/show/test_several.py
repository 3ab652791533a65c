"""Several questions in one message, and several places that answer one question alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.sources import open_source

SHOPS = {
    "Leeds": "Open Monday to Friday 9am to 5.30pm. Closed on Sunday.",
    "Hull": "Open Monday to Saturday 10am to 6pm. Sunday 11am to 4pm.",
    "York": "Open every day 9.30am to 5.30pm, Sunday 10.30am to 4pm.",
}
TOWNS = ("Bath", "Bristol", "Exeter", "Oxford", "Reading", "Swindon")
PAYMENT = "# Payment\n\nWe take cards and cash in all our shops."
Write = Callable[[Mapping[str, str]], KnowledgeBase]


@pytest.fixture
def write(database: Database, site_id: int) -> Write:
    """Puts pages on the site, Markdown by title."""

    def write(pages: Mapping[str, str]) -> KnowledgeBase:
        with database.session() as session:
            source = open_source(session, site_id, "file", "pages")
            for title, text in pages.items():
                url = f"https://s.example/{title.lower().replace(' ', '-')}"
                indexing.put(session, source, analyse(Draft(url, title, text, "en")))
        return KnowledgeBase(database)

    return write


def test_places_that_answer_alike_are_all_shown_by_name(write: Write, site_id: int) -> None:
    pages = {f"{town} shop": f"# {town} shop\n\n## Hours ¶\n\n{SHOPS[town]}" for town in SHOPS}
    base = write(pages | {"Payment": PAYMENT})
    shown = base.ground(site_id, "Are you open on Sunday?")
    for town, hours in SHOPS.items():
        of_sunday = hours.partition(". ")[2] or hours
        assert f"**{town} shop**\n\n{of_sunday}" in shown.answer
    assert "cards" not in shown.answer
    assert {source.title for source in shown.sources} == set(pages)
    named = base.ground(site_id, "Are you open on Sunday in Hull?")
    assert "11am" in named.answer
    assert "Closed" not in named.answer


def test_of_many_places_the_visitor_is_asked_which_is_meant(write: Write, site_id: int) -> None:
    hours = "\n\n".join(f"## {town}\n\nOpen Monday to Saturday, Sunday {9 + at}am to 4pm, call 0{at}." for at, town in enumerate(TOWNS))  # fmt: skip # noqa: E501
    base = write({"Our shops": f"# Our shops\n\n{hours}", "Payment": PAYMENT})
    question = base.ground(site_id, "Are you open on Sunday?")
    assert (question.status, question.choices, question.answer) == ("choices", TOWNS, "")
    reply = base.ground(site_id, "Are you open on Sunday? Exeter")
    assert reply.status == "quoted"
    assert "Sunday 11am" in reply.answer


def test_each_question_is_answered_under_its_own_words(write: Write, site_id: int) -> None:
    base = write({"Hours": "# Hours\n\nOpen Monday to Saturday 9am to 5pm.", "Payment": PAYMENT})
    joined = base.ground(site_id, "When are you open and do you take *cards*?")
    assert joined.answer.startswith("**When are you open?**\n\n")
    assert "**Do you take \\*cards\\*?**\n\n" in joined.answer
    assert [source.title for source in joined.sources] == ["Hours", "Payment"]
    assert (joined.unanswered, joined.left) == ((), ())


def test_what_is_not_known_of_several_questions_is_told(write: Write, site_id: int) -> None:
    base = write({"Hours": "# Hours\n\nOpen Monday to Saturday 9am to 5pm.", "Payment": PAYMENT})
    half = base.ground(site_id, "When are you open? Who painted the Mona Lisa?")
    assert "9am" in half.answer
    assert half.unanswered == ("Who painted the Mona Lisa?",)
    none = base.ground(site_id, "Who painted the Mona Lisa? Is it going to rain?")
    assert (none.answer, none.unanswered) == ("", ())


def test_what_is_not_there_has_no_price(write: Write, site_id: int) -> None:
    base = write({"Rooms": "A room costs £80 a night.", "Payment": PAYMENT})
    assert base.ground(site_id, "Do you rent kayaks and what do they cost?").answer == ""
    assert "£80" in base.ground(site_id, "Do you have a room and what does it cost?").answer


@pytest.mark.parametrize(
    ("second", "is_said"), [("what does he do", False), ("what does he earn", True)]
)
def test_a_question_of_small_words_is_not_said_to_be_unanswered(
    write: Write, site_id: int, second: str, is_said: bool
) -> None:
    base = write({"Tom Hale": "Tom Hale gives sports massages.", "Fees": "A massage is £45."})
    answer = base.ground(site_id, f"Who is Tom Hale and {second}?")
    assert "sports massages" in answer.answer
    assert bool(answer.unanswered) == is_said


def test_of_many_questions_the_rest_is_left_for_another_time(write: Write, site_id: int) -> None:
    base = write({"Hours": "# Hours\n\nOpen Monday to Saturday 9am to 5pm.", "Payment": PAYMENT})
    cards = "Do you take cards?"
    many = base.ground(site_id, f"When are you open? {cards} {cards} {cards} Any cash?")
    assert many.left == (cards, "Any cash?")
    assert many.answer.count("We take cards") == 1


def test_questions_with_one_answer_are_told_together(write: Write, site_id: int) -> None:
    course = "Six mornings, 8am to 10am. The adult course costs £95."
    base = write({"Learn": f"# Learn\n\n## Adult course\n\n{course}", "Payment": PAYMENT})
    question = "How long is the adult course and what does it cost?"
    assert base.ground(site_id, question).answer.replace("**", "") == f"Adult course\n\n{course}"


def test_of_a_long_table_only_the_rows_that_answer_are_shown(write: Write, site_id: int) -> None:
    jobs = ("puncture", "brake", "gear", "chain", "wheel", "tyre", "pedal", "fork", "spoke")
    rows = "\n".join(f"| {job.title()} | £1{at} | £2{at} | a day | ask us |" for at, job in enumerate(jobs))  # fmt: skip # noqa: E501
    head = "| Job | City bike | E-bike | Takes | Tandem |\n|---|---|---|---|---|"
    base = write({"Repairs": f"# Repairs\n\nWhat we charge for repairs:\n\n{head}\n{rows}"})
    answer = base.ground(site_id, "What do repairs of a chain cost?").answer
    assert answer == (
        "What we charge for repairs:\n"
        "- Chain — City bike: £13; E-bike: £23; Takes: a day; Tandem: ask us"
    )
    compared = base.ground(site_id, "Which repairs cost less, a chain or a tyre?").answer
    assert compared.count("City bike") == len(jobs)


def test_what_two_languages_say_alike_is_shown_in_one(database: Database, site_id: int) -> None:
    texts = {
        "en": "The API has a key for applications that speak OpenAI.",
        "fr": "L’API a une clé pour les applications qui parlent OpenAI.",
    }
    with database.session() as session:
        source = open_source(session, site_id, "file", "pages")
        for language, text in texts.items():
            page = Draft(f"https://s.example/{language}", "Applications", text, language)
            indexing.put(session, source, analyse(page))
    answer = KnowledgeBase(database).ground(site_id, "API applications OpenAI?").answer
    assert sum(text in answer.replace("**", "") for text in texts.values()) == 1


def test_a_long_name_is_cut_between_words(write: Write, site_id: int) -> None:
    about = "the shop beside the station, which opens on most days of the year ?"
    hours = "\n\n".join(f"## {town}, {about}\n\nOpen Monday to Saturday, Sunday {9 + at}am to 4pm, call 0{at}." for at, town in enumerate(TOWNS))  # fmt: skip # noqa: E501
    base = write({"Our shops": f"# Our shops\n\n{hours}", "Payment": PAYMENT})
    choices = base.ground(site_id, "Are you open on Sunday?").choices
    assert len(choices) == len(TOWNS)
    for name, town in zip(choices, TOWNS, strict=True):
        assert len(name) <= 60
        assert f"{town}, {about}".startswith(f"{name.removesuffix('…')} ")


def test_whether_it_is_free_is_asked_of_what_the_question_before_names(
    write: Write, site_id: int
) -> None:
    base = write(
        {
            "Venir en voiture": "Le parking du stade est gratuit.",
            "Tarifs": "L’entrée est gratuite pour les enfants.",
        }
    )
    answer = base.ground(site_id, "Bonjour. Où est le parking et est-ce payant ?").answer
    assert "parking du stade" in answer
    assert "enfants" not in answer


def test_a_page_that_the_law_asks_for_comes_after_others(write: Write, site_id: int) -> None:
    base = write(
        {
            "Legal notice": "The parking is watched. Images of the parking are kept two weeks.",
            "Getting here": "By car: parking for 120 cars.",
        }
    )
    assert base.ground(site_id, "Is there parking?").sources[0].title == "Getting here"
    assert base.ground(site_id, "What is in the legal notice?").sources[0].title == "Legal notice"


def test_what_is_said_of_the_place_that_is_named_comes_before_what_holds_for_all(
    write: Write, site_id: int
) -> None:
    kiosk = "## Kiosk on the beach\n\nOpen from May to September. There you pay in cash only."
    base = write(
        {
            "Payment by card": "# Payment by card\n\nYou can pay by card or by cheque.",
            "Visit": f"# Visit\n\n{kiosk}\n\n## Parking\n\nThe harbour car park is free.",
            **{f"News {at}": f"# News {at}\n\nThe kiosk is back." for at in range(9)},
        }
    )
    assert "in cash only" not in base.ground(site_id, "Can I pay by card?").answer
    of_kiosk = base.ground(site_id, "Can I pay by card at the kiosk?").answer
    assert of_kiosk.index("in cash only") < of_kiosk.index("by cheque")


@pytest.mark.parametrize(
    "message", ["My son is 12, can he learn to row?", "Mon fils a 12 ans. Can he learn to row?"]
)
def test_an_age_that_is_told_is_a_condition_of_the_question(
    write: Write, site_id: int, message: str
) -> None:
    base = write(
        {
            "Learn to row": "# Learn to row\n\nLearn to row on six Saturdays, for £95.",
            "Age": "# Age\n\nLearners must be under 16 years to row with a parent.",
        }
    )
    assert "£95" in base.ground(site_id, "Can he learn to row?").answer
    answer = base.ground(site_id, message).answer
    assert "under 16" in answer
    assert "£95" not in answer
