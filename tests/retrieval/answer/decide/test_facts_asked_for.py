"""What asks for a time, a number or a way to call is answered by a section that states one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatbot_server.retrieval.answer.decide import evidence
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.storage.database import Database

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_how_many_is_not_answered_without_a_number(database: Database, site_id: int) -> None:
    text = "Students watch the lectures at home. In the class, students discuss them with others."
    add_note(database, site_id, "Course format", text)
    base = KnowledgeBase(database)
    assert base.ground(site_id, "How many students are in the class?").status != "quoted"
    assert base.ground(site_id, "Do students watch the lectures at home?").status == "quoted"
    add_note(database, site_id, "Course format", f"{text} Twenty students are in the class.")
    assert base.ground(site_id, "How many students are in the class?").status == "quoted"


@pytest.mark.parametrize(
    ("question", "is_answered"),
    [
        ("How much is full leather in A5?", True),
        ("How much is full leather in A4?", False),
        ("How much is cloth in A4?", True),
    ],
)
def test_a_size_is_not_answered_by_the_row_of_another(
    database: Database, site_id: int, question: str, is_answered: bool
) -> None:
    rows = "| Full leather | A5 | 260 € |\n| Cloth | A4 | 85 € |\n| Cloth | A5 | 65 € |"
    add_note(database, site_id, "Prices", f"| What | Size | Price |\n|---|---|---|\n{rows}")
    grounding = KnowledgeBase(database).ground(site_id, question)
    assert bool(grounding.answer) is is_answered
    if not is_answered:
        assert "260 €" in grounding.unsure_answer


@pytest.mark.parametrize(
    "hour", ["À 15 h, sous la halle.", "De 14 à 18, sous la halle.", "À midi.", "At 3pm."]
)
def test_what_time_is_not_answered_by_a_day(database: Database, site_id: int, hour: str) -> None:
    text = "La fête de la courge a lieu le deuxième dimanche d’octobre."
    add_note(database, site_id, "La fête de la courge", text)
    base = KnowledgeBase(database)
    question = "À quelle heure commence la fête de la courge ?"
    assert base.ground(site_id, question).status != "quoted"
    assert base.ground(site_id, "Quand a lieu la fête de la courge ?").status == "quoted"
    add_note(database, site_id, "La fête de la courge", f"{text} {hour}")
    assert base.ground(site_id, question).status == "quoted"


def test_a_section_that_only_speaks_of_contact_tells_no_telephone_number(
    database: Database, site_id: int
) -> None:
    offer = "Where pages do not answer, the assistant offers your contact or the nearest pages."
    add_note(database, site_id, "The assistant", offer)
    base = KnowledgeBase(database)
    assert not base.ground(site_id, "What is your phone number?").answer
    add_note(database, site_id, "Contact", "Write to us with the form below.")
    assert "form below" in base.ground(site_id, "How can I contact you?").answer


def test_a_telephone_number_that_is_asked_for_is_no_email_address(
    database: Database, site_id: int
) -> None:
    text = "Le plus simple pour joindre Etalivre : contact@etalivre.example."
    add_note(database, site_id, "Contact", text)
    base = KnowledgeBase(database)
    question = "Quel est le numéro de téléphone d'Etalivre ?"
    assert base.ground(site_id, question).status != "quoted"
    assert base.ground(site_id, "Comment joindre Etalivre ?").status == "quoted"
    add_note(database, site_id, "Contact", f"{text} Téléphone : 01 99 00 12 34.")
    assert "01 99 00 12 34" in base.ground(site_id, question).answer


PRICES = """| Item | Whole | Half |
|---|---|---|
| Seeded rye | £4.60 | £2.40 |
| Almond croissant | £3.80 | |"""


@pytest.mark.parametrize(
    ("question", "is_told"),
    [
        ("What does an almond croissant cost?", True),
        ("how much is the seeded rye please", True),
        ("What does a chocolate croissant cost?", False),
        ("How long does an almond croissant keep?", False),
    ],
)
def test_the_price_of_all_that_is_named_is_told_whatever_else_speaks_against_it(
    database: Database,
    site_id: int,
    question: str,
    is_told: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    strict_gate = replace(evidence.SMALL_SITES_BY_WORDS, threshold=50.0)
    monkeypatch.setattr(evidence, "SMALL_SITES_BY_WORDS", strict_gate)
    monkeypatch.setattr(evidence, "FACT_OF_ALL", 100.0)
    add_note(database, site_id, "Weekend only", PRICES)
    add_note(database, site_id, "Our bakery", "Slow bread, baked before dawn by Ann. " * 5)
    grounding = KnowledgeBase(database).ground(site_id, question)
    assert (grounding.status == "quoted") is is_told


TEAM = """## Yannick Le Goff

Restores papers and old books.

## Captain

Ask Tom Oduya on the water.

## Opening hours

Every day from 9am to 5pm.

## Offices

| Office | Name |
|---|---|
| Treasurer | Ivan Petrov |"""


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("who is yannick", "Restores papers"),
        ("Qui est Le Goff ?", "Restores papers"),
        ("who is Ivan?", "Treasurer"),
        ("who is the treasurer?", "Ivan Petrov"),
        ("who is the captain?", "Tom Oduya"),
        ("Who is Yannick Dupont?", ""),
        ("who opens?", ""),
        ("where is Yannick?", ""),
    ],
)
def test_who_somebody_is_is_told_under_their_name_whatever_else_speaks_against_it(
    database: Database, site_id: int, question: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict_gate = replace(evidence.SMALL_SITES_BY_WORDS, threshold=50.0)
    monkeypatch.setattr(evidence, "SMALL_SITES_BY_WORDS", strict_gate)
    monkeypatch.setattr(evidence, "FACT_OF_ALL", 100.0)
    add_note(database, site_id, "Our team", TEAM)
    add_note(database, site_id, "Our bakery", "Slow bread, baked before dawn by Ann. " * 5)
    answer = KnowledgeBase(database).ground(site_id, question).answer
    assert (told in answer) if told else not answer
