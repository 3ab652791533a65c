"""The first questions of the set-up: of different kinds, from different pages, and answered."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Draft, Grounding, Source
from chatbot_server.retrieval.curate.first_questions.suggestions import (
    FirstQuestion,
    first_questions,
    kind_of,
    question_about,
)
from chatbot_server.retrieval.curate.first_questions.trial import (
    FirstTrials,
    Trial,
    try_own_question,
    try_site,
)
from chatbot_server.retrieval.curate.library import add_faq
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.site.sites import Site

HELP = """
# Help
## What is sourdough made with?
Sourdough is made with flour, water and salt.
## Who is the baker here?
The baker here is Ann Miller.
## And for all the children?
The children get a bun.
"""


def put_pages(database: Database, site_id: int, *pages: tuple[str, str], language: str) -> None:
    with database.session() as session:
        source = open_source(session, site_id, "site", "https://shop.example/")
        for name, text in pages:
            draft = Draft(f"https://shop.example/{name}", name.title(), text, language)
            indexing.put(session, source, analyse(draft))


@pytest.fixture
def base(database: Database, site_id: int) -> KnowledgeBase:
    hours = ("hours", "# Opening hours\nWe are open from Tuesday to Saturday, 7:00 to 18:00.")
    cakes = (
        "cakes",
        "# Cakes\n## How do I order a cake?\nTo order a cake, call 020 7946 0733 a week before.",
    )
    put_pages(database, site_id, ("help", HELP), hours, cakes, language="en")
    return KnowledgeBase(database)


def test_three_questions_are_of_three_kinds_and_pages(base: KnowledgeBase, site_id: int) -> None:
    trials = try_site(base, site_id)
    assert {(trial.kind, trial.page.rsplit("/", 1)[1]) for trial in trials} == {
        ("figure", "hours"),
        ("way", "cakes"),
        ("fact", "help"),
    }
    assert all(trial.is_answered for trial in trials)


def test_first_trials_are_made_again_once_the_pages_have_changed(
    base: KnowledgeBase, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ground = base.ground

    def count(site: int, text: str) -> Grounding:
        asked.append(text)
        return ground(site, text)

    monkeypatch.setattr(base, "ground", count)
    first_trials = FirstTrials(base)
    trials = first_trials.of(site_id)
    asked_at_first = len(asked)
    assert first_trials.of(site_id) == trials
    assert len(asked) == asked_at_first > 0
    put_pages(base.database, site_id, ("prices", "# Prices\nBread costs €4."), language="en")
    assert {trial.page.rsplit("/", 1)[1] for trial in first_trials.of(site_id)} >= {"hours"}
    assert len(asked) > asked_at_first


def test_a_heading_that_goes_on_from_another_is_no_question(
    base: KnowledgeBase, site_id: int
) -> None:
    texts = [question.text for question in first_questions(base, site_id)]
    assert "Who is the baker here?" in texts
    assert "And for all the children?" not in texts


def test_the_name_of_the_site_is_no_question(base: KnowledgeBase, site_id: int) -> None:
    with base.database.session() as session:
        session.get_one(Site, site_id).name = "Ann's Bakery"
    start = "# Ann's Bakery, Hull\nBread since 1987.\n## Parking for bicycles\nIt is free."
    put_pages(base.database, site_id, ("", start), ("party", "# Ann's bakery parties\nBook one."),
              language="en")  # fmt: skip
    headings = {question.heading for question in first_questions(base, site_id)}
    assert "Ann's Bakery, Hull" not in headings
    assert {"Parking for bicycles", "Ann's bakery parties"} <= headings


def test_the_name_of_the_site_is_in_no_question(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    with database.session() as session:
        session.get_one(Site, site_id).name = "Miller & Daughter"
    text = (
        "# Courses – Miller & Daughter\nA course is for ten people.\n## Bread - made by hand\nYes."
    )
    put_pages(database, site_id, ("courses", text), language="en")
    asked = {question.text for question in first_questions(base, site_id)}
    assert {"Courses", "Bread - made by hand"} <= asked
    assert not [text for text in asked if "Miller" in text]


def test_a_usual_question_counts_only_if_the_answer_has_what_it_asks_for(
    database: Database, site_id: int
) -> None:
    add_faq(database, site_id, "When are you open?", "Ring the bell.")
    base = KnowledgeBase(database)
    assert base.ground(site_id, "When are you open?").status == "faq"
    assert try_site(base, site_id) == []
    assert try_own_question(base, site_id, "When are you open?").is_answered


def test_a_question_is_for_all_visitors_where_a_site_has_one_language(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    assert {question.language for question in first_questions(base, site_id)} == {"*"}
    text = "# Le pain au levain\nLe pain au levain est fait avec de la farine, de l’eau et du sel."
    put_pages(database, site_id, ("pain", text), language="fr")
    languages = {each.text: each.language for each in first_questions(base, site_id)}
    assert languages["Le pain au levain"] == "fr"
    assert languages["Who is the baker here?"] == "en"


@pytest.mark.parametrize(
    ("heading", "language", "question"),
    [
        ("Gift cards", "en", "Gift cards"),
        ("Cartes cadeaux", "fr", "Cartes cadeaux"),
        ("How to join", "en", "How to join?"),
        ("Comment réserver", "fr", "Comment réserver\u202f?"),
        ("What shall I bring?", "en", "What shall I bring?"),
        ("Gutscheine", "de", "Gutscheine"),
    ],
)
def test_a_heading_is_asked_as_a_question(heading: str, language: str, question: str) -> None:
    assert question_about(heading, language) == question


@pytest.mark.parametrize(
    ("answer", "is_sure"),
    [
        ("**Lessons**\n\nOn Mondays.", True),
        ("**Welcome › Lessons**\n\nOn Mondays.", True),
        ("**Lessons › Children**\n\nOn Mondays.", False),
        ("Lessons are on Mondays.", True),
        ("On Mondays.", False),
    ],
)
def test_a_heading_is_surely_answered_by_its_own_section(answer: str, is_sure: bool) -> None:
    page = "https://shop.example/lessons"
    question = FirstQuestion("Lessons", "*", "fact", page, heading="Lessons")
    grounding = Grounding("quoted", answer, (Source("Lessons", page),))
    assert Trial(question, grounding).is_sure is is_sure


def test_bare_headings_are_asked_where_no_page_asks_anything(
    database: Database, site_id: int
) -> None:
    pages = (
        ("gifts", "# Gift cards\nGift cards of 20 or 50 euros are sold at the till, all year."),
        ("about", "# About us\nWe bake since 1987, Ann and Tom and two apprentices."),
        ("events", "# Our events\n## Birthday parties\nBirthday parties last two hours."),
    )
    put_pages(database, site_id, *pages, language="en")
    shown = {trial.question.text: trial for trial in try_site(KnowledgeBase(database), site_id)}
    assert {text for text, trial in shown.items() if trial.is_sure} == {
        "Gift cards",
        "Birthday parties",
    }
    assert not any("About us" in text for text in shown)


@pytest.mark.parametrize(
    ("text", "language", "kind"),
    [
        ("How do I order a cake?", "en", "way"),
        ("How much is a cake?", "en", "figure"),
        ("Opening hours", "en", "figure"),
        ("Nos tarifs", "fr", "figure"),
        ("Comment régler ?", "fr", "way"),
        ("Who is the baker?", "en", "fact"),
        ("Prices", "xx", "fact"),
    ],
)
def test_kinds_are_told_by_words(text: str, language: str, kind: str) -> None:
    assert kind_of(text, language) == kind
