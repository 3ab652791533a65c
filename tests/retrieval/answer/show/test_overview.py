"""“What classes do you run?” is answered with all of them, where a short page tells them."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.storage.database import Database

PILATES = "Mondays at six, £12."
RUNNING = "The first Friday of the month, £25."
FALLS = "Wednesdays, free for people over 70."
TEXT = f"## Pilates\n\n{PILATES}\n\n## Running\n\n{RUNNING}\n\n## Falls\n\n{FALLS}"


@pytest.fixture
def base(database: Database, site_id: int) -> KnowledgeBase:
    add_note(database, site_id, "Classes", TEXT)
    add_note(database, site_id, "Booking", "Book by telephone or at the desk.")
    return KnowledgeBase(database)


@pytest.mark.parametrize(
    "question",
    [
        "What classes do you run?",
        "Which classes are there?",
        "What classes do you run and how much are they?",
        "Which classes do you offer and what do they cost?",
    ],
)
def test_what_there_is_of_a_kind_is_told_once_and_whole(
    base: KnowledgeBase, site_id: int, question: str
) -> None:
    answer = base.ground(site_id, question)
    assert [answer.answer.count(text) for text in (PILATES, RUNNING, FALLS)] == [1, 1, 1]
    assert answer.answer.index("**Pilates**") < answer.answer.index("**Running**")
    assert answer.unanswered == ()


def test_of_one_of_them_the_others_are_not_told(base: KnowledgeBase, site_id: int) -> None:
    answer = base.ground(site_id, "What classes for falls do you run?").answer
    assert (FALLS in answer, RUNNING in answer) == (True, False)


def test_a_long_page_is_no_overview(database: Database, site_id: int) -> None:
    add_note(database, site_id, "Classes", f"{TEXT}\n\n## Terms\n\n{'Be kind to all. ' * 60}")
    answer = KnowledgeBase(database).ground(site_id, "What classes do you run?")
    assert not all(text in answer.answer for text in (PILATES, RUNNING, FALLS))


def test_what_has_no_heading_does_not_stand_under_that_of_another(
    database: Database, site_id: int
) -> None:
    add_note(database, site_id, "Tours", "Two tours a day.\n\n## Tickets\n\nTours cost 9 €.")
    answer = KnowledgeBase(database).ground(site_id, "Tell me about the tours").answer
    assert answer == "Two tours a day.\n\n**Tickets**\n\nTours cost 9 €."


@pytest.mark.parametrize("title", ["Classes", "classes ?", "Classes – Mill Hall"])
def test_the_title_of_a_page_shows_that_page(database: Database, site_id: int, title: str) -> None:
    add_note(database, site_id, "Booking – Mill Hall", "Classes are booked at the desk.")
    add_note(database, site_id, "Classes – Mill Hall", TEXT)
    answer = KnowledgeBase(database).ground(site_id, title)
    assert [answer.answer.count(text) for text in (PILATES, RUNNING, FALLS)] == [1, 1, 1]


def test_a_title_is_found_with_either_apostrophe(database: Database, site_id: int) -> None:
    add_note(database, site_id, "L’équipe", TEXT)
    add_note(
        database, site_id, "Contact", "L’équipe répond au téléphone, et l’équipe est là le lundi."
    )
    answer = KnowledgeBase(database).ground(site_id, "L'équipe").answer
    assert [answer.count(text) for text in (PILATES, RUNNING, FALLS)] == [1, 1, 1]


def test_of_a_long_page_that_is_asked_for_by_its_title_the_last_headings_are_offered(
    database: Database, site_id: int
) -> None:
    add_note(database, site_id, "Classes", f"{TEXT}\n\n## Terms\n\n{'Be kind to all. ' * 60}")
    answer = KnowledgeBase(database).ground(site_id, "Classes")
    assert (PILATES in answer.answer, "Be kind" in answer.answer) == (True, False)
    assert answer.further == ("Terms",)


def test_a_question_of_the_faq_wins_over_a_title(database: Database, site_id: int) -> None:
    add_note(database, site_id, "Classes", TEXT)
    add_faq(database, site_id, "Classes", "Ask at the desk.")
    assert KnowledgeBase(database).ground(site_id, "Classes").answer == "Ask at the desk."


def test_a_home_page_is_no_topic(database: Database, site_id: int) -> None:
    for title in ("Home – Mill Hall", "Classes", "Booking", "Prices"):
        add_note(database, site_id, title, TEXT)
    topics = KnowledgeBase(database).topics(site_id, "en")
    assert topics == ["Classes", "Booking", "Prices"]


def test_a_heading_that_only_calls_for_attention_is_no_topic(
    database: Database, site_id: int
) -> None:
    text = "## New\n\nThe gallery is open.\n\n## Nouveau !\n\n## New mills\n\nTwo more are open."
    add_note(database, site_id, "Mill", text)
    assert KnowledgeBase(database).topics(site_id, "en") == ["New mills", "Mill"]


def test_of_one_season_the_rest_of_its_page_is_not_told(database: Database, site_id: int) -> None:
    hours = "## Summer hours\n\nDaily 10am to 7pm.\n\n## Winter hours\n\nSundays 1pm to 5pm."
    add_note(database, site_id, "Hours and prices", f"{hours}\n\n## Full price\n\nAn adult is £8.")
    history = ["What are your hours in summer?"]
    answer = KnowledgeBase(database).ground(site_id, "and in winter?", history).answer
    assert ("1pm to 5pm" in answer, "£8" in answer) == (True, False)
