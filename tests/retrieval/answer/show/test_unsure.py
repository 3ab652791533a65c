"""Where the best section is hardly ahead of others, or hardly answers: what is shown."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.answer.decide import evidence
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.answer.show import answers, further
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.sources import open_source

PAGES = {
    "Boats": "# Boats\n\n## Rowing boats\n\nA boat with oars is 12 € an hour.\n\n"
    "## Pedal boats\n\nA boat with pedals is 15 € an hour, with a deposit.",
    "Sailing": "# Sailing\n\n## Sailing boats\n\nOne with sails is 40 € an hour with a licence.",
    "Courses": "# Courses\n\n## Boat licence\n\nA boat licence is 200 €, in four hours a week.",
    "Café": "# Café\n\n## Terrace\n\nWe serve tea and cake beside the lake.",
}
QUESTION = "How much is a boat for an hour?"


@pytest.fixture
def base(database: Database, site_id: int) -> KnowledgeBase:
    with database.session() as session:
        source = open_source(session, site_id, "file", "pages")
        for title, text in PAGES.items():
            indexing.put(session, source, analyse(Draft(f"https://s.example/{title}", title, text)))
    return KnowledgeBase(database)


@pytest.fixture
def only_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second section is close enough to be shown."""
    monkeypatch.setattr(answers, "CLOSE", 0.0)
    monkeypatch.setattr(answers, "CLOSE_ON_ONE_PAGE", 0.0)
    monkeypatch.setattr(answers, "CLOSE_IN_DOUBT", 0.0)


def headings(answer: str) -> int:
    return sum(line.startswith("**") for line in answer.splitlines())


def test_up_to_three_sections_that_fit_as_well_are_shown(
    base: KnowledgeBase, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for close, count in ((0.0, 1), (100.0, 3)):
        monkeypatch.setattr(answers, "CLOSE", close)
        monkeypatch.setattr(answers, "CLOSE_ON_ONE_PAGE", close)
        monkeypatch.setattr(answers, "CLOSE_IN_DOUBT", close)
        assert headings(base.ground(site_id, QUESTION).answer) == count


@pytest.mark.usefixtures("only_first")
@pytest.mark.parametrize(("in_doubt_up_to", "count"), [(-100.0, 1), (100.0, 2)])
def test_where_the_best_section_is_in_doubt_a_second_one_is_shown(
    base: KnowledgeBase,
    site_id: int,
    in_doubt_up_to: float,
    count: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "CLOSE_IN_DOUBT", 100.0)
    monkeypatch.setattr(evidence, "IN_DOUBT", in_doubt_up_to)
    assert headings(base.ground(site_id, QUESTION).answer) == count


def test_sections_that_are_too_long_together_are_not_shown_together(
    base: KnowledgeBase, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "CLOSE", 100.0)
    monkeypatch.setattr(answers, "MAX_WORDS", 12)
    assert headings(base.ground(site_id, QUESTION).answer) == 1


@pytest.mark.usefixtures("only_first")
def test_headings_of_what_fits_less_well_are_offered(
    base: KnowledgeBase, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(further, "CLOSE", 0.0)
    assert base.ground(site_id, QUESTION).further == ()
    monkeypatch.setattr(further, "CLOSE", 100.0)
    grounding = base.ground(site_id, QUESTION)
    shown = grounding.answer.splitlines()[0].strip("*")
    assert len(grounding.further) == 2
    assert shown not in grounding.further
    assert {*grounding.further} < {"Rowing boats", "Pedal boats", "Sailing boats", "Boat licence"}


@pytest.mark.usefixtures("only_first")
def test_what_was_offered_is_answered_when_it_is_asked_for(
    base: KnowledgeBase, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(further, "CLOSE", 100.0)
    for name in base.ground(site_id, QUESTION).further:
        assert f"**{name}**" in base.ground(site_id, name, [QUESTION]).answer


def test_what_comes_closest_is_shown_beside_a_no(base: KnowledgeBase, site_id: int) -> None:
    no = base.ground(site_id, "Do sailing boats have an engine?")
    assert (no.status, no.outcome, no.answer) == ("passages", "unsure", "")
    assert no.unsure_answer.startswith("**Sailing boats**\n\nOne with sails is 40 € an hour")
    assert no.near[0].title == "Sailing", "the first page is the one that it is from"


@pytest.mark.parametrize("question", ["Who teaches the licence?", "Are dogs allowed?"])
def test_what_hardly_has_to_do_with_the_question_is_not_shown_beside_a_no(
    base: KnowledgeBase, site_id: int, question: str
) -> None:
    no = base.ground(site_id, question)
    assert (no.answer, no.unsure_answer) == ("", "")
    assert no.outcome == no.status
