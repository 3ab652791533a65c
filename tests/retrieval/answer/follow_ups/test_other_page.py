"""In a conversation, a page that answered nothing before must fit better than one that did."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chatbot_server.retrieval.answer.decide import evidence
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.answer.site_search import SiteSearch
from chatbot_server.retrieval.answer.subject import SUBJECT_LOOKBACK
from chatbot_server.retrieval.answer.why import explain
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.storage.database import Database

PAGES = (
    ("Choir", "We sing on Monday evenings, with Helen Varney. Beginners are welcome."),
    ("Wicker workshop", "A day in May with Corentin Vauthier. It costs 75 €, lunch included."),
    ("Café", "Soup and cakes from Tuesday to Sunday. Dogs may come in, and get a bowl of water."),
    ("Car park", "There is a car park behind the barn, for cars and motorbikes. It is free."),
)
# The café's page has some of its words, and does not answer it.
VAGUE = "can my dogs come in to the workshop"


@pytest.fixture(name="base")
def knowledge_base(database: Database, site_id: int) -> KnowledgeBase:
    """Knowledge of the pages, found by their words."""
    for title, text in PAGES:
        add_note(database, site_id, title, text)
    return KnowledgeBase(database)


def test_another_page_that_hardly_fits_is_shown_beside_a_no(
    base: KnowledgeBase, site_id: int
) -> None:
    assert "Dogs may come in" in base.ground(site_id, VAGUE).answer
    grounding = base.ground(site_id, VAGUE, ["When is the wicker workshop?"])
    assert grounding.answer == ""
    assert "Dogs may come in" in grounding.unsure_answer
    assert grounding.near[0].title == "Café"


@pytest.mark.parametrize(
    ("question", "is_answered"),
    [("Is there water for the dogs?", True), ("Do dogs enjoy swimming here on hot days?", False)],
)
def test_after_others_a_section_without_most_words_must_fit_better(
    base: KnowledgeBase,
    site_id: int,
    monkeypatch: pytest.MonkeyPatch,
    question: str,
    is_answered: bool,
) -> None:
    gate = replace(evidence.SMALL_SITES_BY_WORDS, threshold=-50.0)
    monkeypatch.setattr(evidence, "SMALL_SITES_BY_WORDS", gate)
    monkeypatch.setattr(evidence, "LACKS_WORDS", 90.0)
    assert "Dogs" in base.ground(site_id, question).answer
    assert bool(base.ground(site_id, question, ["Is there soup?"]).answer) is is_answered


def test_the_owner_reads_that_it_is_another_page(base: KnowledgeBase, site_id: int) -> None:
    history = ["When is the wicker workshop?"]
    (explanation,) = explain(base, site_id, VAGUE, history)
    assert explanation.evidence["other_page"] == 1
    (explanation,) = explain(base, site_id, VAGUE, ["Is there soup?"])
    assert explanation.evidence["other_page"] == 0


def test_a_page_that_was_shown_before_answers_as_at_first(
    base: KnowledgeBase, site_id: int
) -> None:
    history = ["When is the wicker workshop?", "Is there soup?", "When do you sing?"]
    assert "Dogs may come in" in base.ground(site_id, VAGUE, history).answer


def test_another_page_that_fits_well_answers(base: KnowledgeBase, site_id: int) -> None:
    grounding = base.ground(site_id, "Can I bring a motorbike?", ["When do you sing?"])
    assert "motorbikes" in grounding.answer


def test_a_complete_question_is_answered_as_at_first_by_a_page_far_ahead_of_all_others(
    base: KnowledgeBase, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "FAR_AHEAD", evidence.ALONE)
    history = ["When is the wicker workshop?"]
    assert "Dogs may come in" in base.ground(site_id, VAGUE, history).answer
    assert base.ground(site_id, f"and {VAGUE}", history).answer == ""


def test_after_questions_without_an_answer_nothing_is_another_page(
    base: KnowledgeBase, site_id: int
) -> None:
    assert "Dogs may come in" in base.ground(site_id, VAGUE, ["Do you sell bicycles?"]).answer


def test_a_restarted_server_answers_as_before_and_looks_back_only_so_far(
    base: KnowledgeBase, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = ["When is the wicker workshop?", *["When do you sing?"] * 200]
    for at in range(len(history)):
        base.ground(site_id, history[at], history[:at])
    before = base.ground(site_id, VAGUE, history)
    restarted = KnowledgeBase(base.database)
    looked_up: list[str] = []
    ground = SiteSearch.ground

    def counted(search: SiteSearch, question: str, *rest: Any) -> Grounding:
        looked_up.append(question)
        return ground(search, question, *rest)

    monkeypatch.setattr(SiteSearch, "ground", counted)
    assert restarted.ground(site_id, VAGUE, history).unsure_answer == before.unsure_answer != ""
    questions = SUBJECT_LOOKBACK * (SUBJECT_LOOKBACK + 1) + 1  # each in up to two ways
    assert 1 < len(looked_up) <= 2 * questions
