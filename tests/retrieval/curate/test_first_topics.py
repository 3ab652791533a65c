"""Topics that visitors are offered first: each leads to its answer, and is looked for once."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Draft, Grounding
from chatbot_server.retrieval.curate.first_questions.topics import renew_topics
from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.site_state import topics_for
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.site.sites import Site

PAGES = {
    "About us": "# About us\nWe have baked in Hull since 1950, and love what we do for you.",
    "Legal notice": "# Legal notice\nThis site is published by Miller Ltd, 3 Mill Lane, Hull.",
    "Opening hours": "# Opening hours\nWe are open from Tuesday to Saturday, 7:00 to 18:00.",
    "Cakes": "# Cakes\nA cake for ten people costs 40 €, and is ready within two days.",
    "Opening hours of the kitchen": "# Kitchen\nThe kitchen opens at 12:00 and closes at 14:00.",
    "Deliveries": "# Deliveries\nWe deliver bread within Hull for 3 €, every morning at 8:00.",
}
FRENCH = {"Livraisons": "# Livraisons\nNous livrons le pain à Lille pour 3 €, chaque matin à 8 h."}


def put_pages(database: Database, site_id: int, pages: dict[str, str], language: str) -> None:
    with database.session() as session:
        source = open_source(session, site_id, "site", "https://shop.example/")
        for title, text in pages.items():
            address = f"https://shop.example/{title.replace(' ', '-')}"
            indexing.put(session, source, analyse(Draft(address, title, text, language)))


def offered(database: Database, site_id: int, *languages: str) -> list[str]:
    with database.session() as session:
        return topics_for(session, site_id, *languages)[0]


def test_three_topics_are_offered_in_each_language_of_the_site(
    database: Database, site_id: int
) -> None:
    put_pages(database, site_id, PAGES, "en")
    put_pages(database, site_id, FRENCH, "fr")
    base = KnowledgeBase(database)
    renew_topics(base)
    english = offered(database, site_id, "en")
    assert english == ["Opening hours", "Opening hours of the kitchen", "Cakes"]
    assert all(base.ground(site_id, topic).status == "quoted" for topic in english)
    assert offered(database, site_id, "fr", "en") == ["Livraisons"]
    assert offered(database, site_id, "de") == english, "of no other language: the main one"


def test_the_title_of_the_first_page_is_no_topic(database: Database, site_id: int) -> None:
    with database.session() as session:
        session.get_one(Site, site_id).name = "Miller"
    pages = {
        "Miller – prices and bread": "# Miller – prices and bread\nA loaf costs 4 €.",
        "Miller bread prices": "# Miller bread prices\nA loaf of rye costs 5 €.",
        "MILLER": "# Welcome\nMiller is open from 7:00 to 18:00.",
    }
    put_pages(database, site_id, pages | {"Cakes": PAGES["Cakes"]}, "en")
    base = KnowledgeBase(database)
    renew_topics(base)
    assert "MILLER" not in base.topics(site_id, "en"), "where nothing is found, either"
    english = offered(database, site_id, "en")
    assert "Miller bread prices" in english
    assert "Miller – prices and bread" not in english


def test_the_first_page_is_offered_where_there_is_no_other(
    database: Database, site_id: int
) -> None:
    with database.session() as session:
        source = open_source(session, site_id, "site", "https://shop.example/")
        text = "# Bread and cakes by hand\nBread and cakes by hand cost 4 € a piece."
        draft = Draft("https://shop.example/", "Bread and cakes by hand", text, "en")
        indexing.put(session, source, analyse(draft))
    base = KnowledgeBase(database)
    renew_topics(base)
    assert offered(database, site_id, "en") == ["Bread and cakes by hand"]
    put_pages(database, site_id, {"Cakes": PAGES["Cakes"]}, "en")
    renew_topics(base)
    assert offered(database, site_id, "en") == ["Cakes"]


def test_what_every_site_has_is_no_topic_and_who_runs_it_the_last(
    database: Database, site_id: int
) -> None:
    pages = {
        "Quiénes somos": "# Quiénes somos\nAmasamos pan en Cádiz desde 1950.",
        "Aviso legal": "# Aviso legal\nEste sitio es de Panadería Luna, calle Mayor, 12, Cádiz.",
        "Carrito": "# Carrito\nTu carrito está vacío por el momento.",
        "Not found": "# Not found\nThis page does not exist any more.",
        "Tartas": "# Tartas\nUna tarta para diez personas cuesta 40 € y está lista en dos días.",
    }
    put_pages(database, site_id, pages, "es")
    renew_topics(KnowledgeBase(database))
    assert offered(database, site_id, "es") == ["Tartas", "Quiénes somos"]


def test_a_topic_that_leads_elsewhere_is_not_offered(
    database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_pages(database, site_id, PAGES, "en")
    base, ground = KnowledgeBase(database), KnowledgeBase.ground

    def misled(
        base: KnowledgeBase, site_id: int, question: str, history: object = (), locale: str = ""
    ) -> Grounding:
        del history
        asked = "Deliveries" if question == "Opening hours" else question
        return ground(base, site_id, asked, (), locale)

    monkeypatch.setattr(KnowledgeBase, "ground", misled)
    renew_topics(base)
    assert offered(database, site_id, "en") == [
        "Opening hours of the kitchen",
        "Cakes",
        "Deliveries",
    ]


def test_topics_are_looked_for_once_for_each_version_of_the_pages(
    database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_pages(database, site_id, FRENCH, "fr")
    base = KnowledgeBase(database)
    asked: list[str] = []
    ground = base.ground

    def counting(site: int, question: str, locale: str) -> Grounding:
        asked.append(question)
        return ground(site, question, locale=locale)

    monkeypatch.setattr(base, "ground", counting)
    renew_topics(base)
    renew_topics(base)
    assert asked == ["Livraisons"]
    add_faq(database, site_id, "Avez-vous du pain sans gluten ?", "Oui, le jeudi.")
    renew_topics(base)
    assert offered(database, site_id, "fr") == ["Avez-vous du pain sans gluten ?", "Livraisons"]


def test_typed_texts_and_own_answers_are_topics_of_their_own(
    database: Database, site_id: int
) -> None:
    add_note(database, site_id, "Opening hours", "We are open from Tuesday to Saturday.")
    add_note(database, site_id, "Price of bread", "A loaf of bread costs 4 €.")
    add_faq(database, site_id, "Do you bake without gluten?", "Yes, on Thursday.")
    renew_topics(KnowledgeBase(database))
    assert offered(database, site_id, "en") == [
        "Opening hours",
        "Price of bread",
        "Do you bake without gluten?",
    ]
