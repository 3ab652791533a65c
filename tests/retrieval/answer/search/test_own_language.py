"""On a site in two languages, visitors get the page that they can read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatbot_server.retrieval.answer.decide import evidence
from chatbot_server.retrieval.answer.search.searcher import SiteLanguages
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.language.words.question_language import language_asked_in
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.site.sites import Site

ENGLISH = "Wi-Fi is free at the reception of the camping."
FRENCH = "Wi-Fi gratuit à la réception du camping."
ONLY_FRENCH = "Les barbecues à charbon sont interdits au camping."


@pytest.fixture
def base(database: Database, site_id: int) -> KnowledgeBase:
    drafts = [
        Draft("fr", "Wi-Fi", FRENCH, "fr"),
        Draft("en", "Wi-Fi", ENGLISH, "en"),
        Draft("fr2", "Barbecues", ONLY_FRENCH, "fr"),
    ]
    with database.session() as session:
        site = session.get_one(Site, site_id)
        source = open_source(session, site.id, "note")
        for draft in drafts:
            indexing.put(session, source, analyse(draft))
    return KnowledgeBase(database)


@pytest.mark.parametrize(
    ("question", "locale", "told"),
    [
        ("Is the wi-fi free?", "fr", ENGLISH),
        ("Le wi-fi est-il gratuit ?", "en", FRENCH),
        ("Wi-Fi ?", "en", ENGLISH),
        ("Wi-Fi ?", "fr", FRENCH),
        ("Barbecues ?", "en", ONLY_FRENCH),
    ],
)
def test_the_twin_in_the_language_of_the_question_answers(
    base: KnowledgeBase, site_id: int, question: str, locale: str, told: str
) -> None:
    answer = base.ground(site_id, question, locale=locale)
    assert answer.answer == told


@pytest.mark.parametrize(
    ("documents", "locale", "language"),
    [
        (("en",), "fr", "en"),
        (("fr", "en"), "en", "en"),
        (("fr", "en"), "de", "fr"),
        (("es", "en"), "", "es"),
        ((), "en", "fr"),
    ],
)
def test_a_question_without_small_words_is_in_a_language_of_the_site(
    documents: tuple[str, ...], locale: str, language: str
) -> None:
    languages = SiteLanguages(documents)
    assert languages.language_of("Menu?", locale) == language
    assert languages.language_of("Where is the menu?", locale) == "en"


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("winter times", "en"),
        ("oppening hours sunday", "en"),
        ("horaires hiver", "fr"),
        ("Wifi?", "xx"),
        ("Wie sind die Öffnungszeiten?", "de"),
        ("¿Cuánto cuesta el envío?", "es"),
        ("¿Aceptan perros en la terraza?", "es"),
        ("Who was die Hard?", "en"),
    ],
)
def test_the_language_of_a_short_question_is_told_by_words_that_are_often_said(
    question: str, language: str
) -> None:
    assert language_asked_in(question, "xx") == language


def test_who_asks_in_a_language_that_no_page_is_in_is_answered_by_what_words_stand_for(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    hours = "Open Monday to Saturday 9am to 5pm."
    with database.session() as session:
        source = open_source(session, site_id, "file", "pages")
        indexing.put(session, source, analyse(Draft("hours", "Opening hours", hours, "en")))
    assert hours in base.ground(site_id, "Wie sind die Öffnungszeiten?").answer
    assert base.ground(site_id, "Haben Sie ein Schwimmbad?").answer == ""


def test_of_pages_that_may_help_those_in_the_language_of_the_question_come_first(
    base: KnowledgeBase, site_id: int, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict_gate = replace(evidence.SMALL_SITES_BY_WORDS, threshold=50.0)
    monkeypatch.setattr(evidence, "SMALL_SITES_BY_WORDS", strict_gate)
    with database.session() as session:
        source = open_source(session, site_id, "note")
        for number in range(3):
            text = f"Barbecues charbon interdits camping, piscine {number}: forbidden everywhere."
            draft = Draft(f"en-{number}", f"Rules {number}", text, "en")
            indexing.put(session, source, analyse(draft))
    question = "Les barbecues à charbon sont-ils interdits à la piscine du camping ?"
    found = base.ground(site_id, question, locale="fr")
    assert not found.answer
    assert found.near[0].title == "Barbecues"
