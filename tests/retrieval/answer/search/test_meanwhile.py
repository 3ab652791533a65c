"""The index changes while a question is being answered: the next one finds more, none breaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from support.database.connections import connections_in_use
from support.servers.web_site import WebSite, page
from support.sites.crawling import run_crawl

from chatbot_server.retrieval.answer.search import searcher as search
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.library import add_note, add_site
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.vectors import QuestionVectors, Vector
from chatbot_server.retrieval.language.words import acronyms
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import delete_documents, documents_of
from chatbot_server.storage.knowledge.index import search_index
from chatbot_server.storage.knowledge.site_state import index_version
from chatbot_server.storage.knowledge.tables import KnowledgeSource
from chatbot_server.storage.site import sites


class Quick:
    """Makes vectors without a model; remembers what it was asked for."""

    model = fit = "quick"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def query(self, text: str) -> QuestionVectors:
        self.asked.append(text)
        return QuestionVectors(np.full(4, 0.5, dtype=np.float32))

    def passages(self, texts: Sequence[str]) -> Vector:
        return np.full((len(texts), 4), 0.5, dtype=np.float32)

    def tokens(self, sections: Sequence[str]) -> None:
        return None

    def nearness(self, vectors: Vector, sections: Sequence[Sequence[str]]) -> Vector:
        return np.full((len(sections), len(vectors)), 0.9, dtype=np.float32)

    def pids(self) -> list[int]:
        return []

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("module", "step"), [(search_index, "match"), (search, "fused")])
def test_a_page_that_goes_while_it_is_found_is_no_error(
    database: Database,
    site_id: int,
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    step: str,
) -> None:
    add_note(database, site_id, "Hours", "We open at nine every morning.")
    found: Callable[..., Any] = getattr(module, step)

    def and_then_it_goes(*given: Any) -> Any:
        hits = found(*given)
        with database.session() as session:
            here = [one.id for one in documents_of(session, site_id)]
            delete_documents(session, site_id, here)
        return hits

    base = KnowledgeBase(database)
    monkeypatch.setattr(module, step, and_then_it_goes)
    told = base.ground(site_id, "When do you open?")
    assert (told.status, told.passages) == ("nothing", ())


def test_a_new_site_with_the_number_of_an_erased_one_is_not_taken_for_it(
    database: Database,
) -> None:
    base = KnowledgeBase(database)

    def open_site(title: str, text: str) -> int:
        with database.session() as session:
            site_id = sites.add_site(session, f"The {title}").id
        add_note(database, site_id, title, text)
        return site_id

    former = open_site("Bakery", "We bake rye bread on Fridays.")
    assert base.ground(former, "When do you bake rye bread?").passages
    assert base.topics(former, "en") == ["Bakery"]
    with database.session() as session:
        session.delete(session.get_one(sites.Site, former))
    new = open_site("Garage", "We change tyres on Mondays.")
    assert base.topics(new, "en") == ["Garage"]
    assert base.ground(new, "When do you change tyres?").passages


def test_no_connection_is_held_while_a_question_waits_for_its_vector(
    database: Database, site_id: int
) -> None:
    held: list[int] = []

    class Counting(Quick):
        def query(self, text: str) -> QuestionVectors:
            held.append(connections_in_use(database))
            return super().query(text)

    add_note(database, site_id, "Hours", "We open at nine every morning.")
    base = KnowledgeBase(database, embedder=Counting())
    assert base.ground(site_id, "When do you open?").passages
    assert held == [0]


def test_only_the_acronyms_asked_for_are_looked_up_and_again_only_when_they_changed(
    database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    acronyms._explanations.cache_clear()
    read: list[str] = []
    endings: Callable[..., object] = acronyms._endings

    def noting_endings(long: str, *more: object) -> object:
        read.append(long)
        return endings(long, *more)

    monkeypatch.setattr(acronyms, "_endings", noting_endings)
    quick = Quick()
    base = KnowledgeBase(database, embedder=quick)
    told = "Ask the national quartz exchange (NQE), not the big fair office (BFO)."
    for title, text in {"Who": told, "Hours": "From nine.", "Price": "Free."}.items():
        add_note(database, site_id, title, text)
    add_note(database, site_id, "Dogs", "Not inside.")
    base.ground(site_id, "Where is the NQE?")
    add_note(database, site_id, "Where", "It is in town.")
    base.ground(site_id, "Where is the NQE?")
    assert "Where is the national quartz exchange?" in quick.asked
    assert len(read) == 1


def test_vectors_make_what_was_kept_old_once_a_batch(database: Database, site_id: int) -> None:
    for title in ("One", "Two", "Three"):
        add_note(database, site_id, title, "A text.")
    with database.session() as session:
        before = index_version(session, site_id)
    assert indexing.embed_some(database, Quick()) == 3
    assert indexing.embed_some(database, Quick()) == 0
    with database.session() as session:
        assert index_version(session, site_id) == before + 1


def test_meaning_is_searched_for_once_most_of_a_site_has_vectors(
    database: Database, site_id: int
) -> None:
    base = KnowledgeBase(database, embedder=Quick())

    def finds_by_meaning() -> bool:
        with base.site(site_id).open("When do you open?") as result:
            return any(hit.meaning for hit in result.hits)

    add_note(database, site_id, "Hours", "We open at nine every morning.")
    assert indexing.embed_some(database, Quick()) == 1
    assert finds_by_meaning()
    for title in ("Prices", "Rooms", "Dogs"):
        add_note(database, site_id, title, f"What is said of {title} when you open the door.")
    assert not finds_by_meaning()
    indexing.embed_some(database, Quick())
    assert finds_by_meaning()


@pytest.mark.parametrize("step", ["", "/robots.txt", "/sitemap.xml", "/"])
def test_a_source_that_is_removed_during_its_crawl_ends_it(
    database: Database, site_id: int, web: WebSite, step: str
) -> None:
    source = add_site(database, site_id, web.address)

    def remove() -> None:
        with database.session() as session:
            session.delete(session.get_one(KnowledgeSource, source))

    def other(path: str) -> tuple[int, dict[str, str], bytes]:
        if path == step:
            remove()
        found = 404 if path.endswith(("txt", "xml")) else 200
        return found, {"Content-Type": "text/html"}, page("Home", '<a href="/more">more</a>')

    web.other = other
    if not step:
        remove()
    assert run_crawl(database, source) == {}
    assert "/more" not in web.asked
    with database.session() as session:
        assert not documents_of(session, site_id)
