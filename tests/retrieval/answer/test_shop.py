"""Visitors of a small shop ask in their own words, and get what its pages say, or an honest no."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.curate.jobs import embed_all
from chatbot_server.retrieval.curate.library import add_faq
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.index.embedder import make_embedder
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.site.sites import add_site

pytestmark = pytest.mark.xdist_group("live")
SHOP: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("shop.yaml").read_text(encoding="utf-8")
)


class Shop:
    """What the shop's pages answer."""

    def __init__(self, base: KnowledgeBase, site_id: int) -> None:
        self._base, self._site_id = base, site_id

    def ask(self, question: str, history: tuple[str, ...] = ()) -> tuple[str, str]:
        """Status and answer, with ordinary blanks."""
        told = self._base.ground(self._site_id, question, history)
        return told.status, told.answer.replace("\u00a0", " ")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, encoder_dir: Path) -> Iterator[Shop]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('shop')}/shop.db")
    database.migrate()
    with database.session() as session:
        site_id = add_site(session, "Cycles Martin").id
        source = open_source(session, site_id, "file", "pages")
        for path, page in SHOP["pages"].items():
            url = f"https://cycles-martin.example/{path}"
            indexing.put(session, source, analyse(Draft(url, page["title"], page["text"])))
    for entry in SHOP["faq"]:
        add_faq(database, site_id, entry["question"], entry["answer"])
    embedder = make_embedder("on", encoder_dir)
    assert embedder is not None
    embed_all(database, embedder)
    base = KnowledgeBase(database, embedder=embedder)
    yield Shop(base, site_id)
    base.close()
    database.close()


@pytest.mark.parametrize(("question", "held"), SHOP["answered"])
def test_what_the_pages_say_is_told(shop: Shop, question: str, held: str) -> None:
    status, answer = shop.ask(question)
    assert (status in ("faq", "quoted"), held in answer) == (True, True), (status, answer)


@pytest.mark.parametrize("question", SHOP["refused"])
def test_what_they_do_not_say_is_not_invented(shop: Shop, question: str) -> None:
    assert shop.ask(question)[1] == ""


@pytest.mark.parametrize(("before", "question", "held"), SHOP["follow_ups"])
def test_a_follow_up_is_answered_for_itself(
    shop: Shop, before: list[str], question: str, held: str | None
) -> None:
    answer = shop.ask(question, tuple(before))[1]
    assert (held in answer) if held else answer == ""


@pytest.mark.parametrize("question", SHOP["not_from_faq"])
def test_an_entry_about_another_thing_is_not_the_answer(shop: Shop, question: str) -> None:
    answer = shop.ask(question)[1]
    assert not [entry["answer"] for entry in SHOP["faq"] if entry["answer"] in answer]
