"""Sites in Spanish and German: visitors get what the pages say, or an honest no."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.curate.jobs import embed_all
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.index.embedder import make_embedder
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.site.sites import add_site

pytestmark = pytest.mark.xdist_group("live")
SITES: dict[str, Any] = {
    file.stem: yaml.safe_load(file.read_text(encoding="utf-8"))
    for file in sorted(Path(__file__).parent.glob("site_*.yaml"))
}


def cases(field: str) -> list[Any]:
    """Every case under *field* of every site, behind the site's name."""
    return [
        pytest.param(name, *(case if isinstance(case, list) else [case]))
        for name, site in SITES.items()
        for case in site[field]
    ]


class Sites:
    """The pages of all sites, each site for itself."""

    def __init__(self, database: Database, encoder_dir: Path) -> None:
        self.database, self.ids = database, {}
        embedder = make_embedder("on", encoder_dir)
        assert embedder is not None
        self.base = KnowledgeBase(database, embedder=embedder)
        for name, site in SITES.items():
            with database.session() as session:
                self.ids[name] = add_site(session, name).id
                source = open_source(session, self.ids[name], "file", "pages")
                for path, page in site["pages"].items():
                    url = f"https://{name}.example/{path}"
                    indexing.put(session, source, analyse(Draft(url, page["title"], page["text"])))
        embed_all(database, embedder)

    def ask(self, name: str, question: str, history: tuple[str, ...] = ()) -> tuple[str, str]:
        """Status and answer."""
        grounding = self.base.ground(self.ids[name], question, history)
        return grounding.status, grounding.answer


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory, encoder_dir: Path) -> Iterator[Sites]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('sites')}/sites.db")
    database.migrate()
    sites = Sites(database, encoder_dir)
    yield sites
    sites.base.close()
    database.close()


@pytest.mark.parametrize("name", SITES)
def test_each_page_is_indexed_in_its_language(sites: Sites, name: str) -> None:
    with sites.database.session() as session:
        languages = [page.language for page in documents_of(session, sites.ids[name])]
    assert languages == [SITES[name]["language"]] * len(languages)


@pytest.mark.parametrize(("name", "question", "held"), cases("answered"))
def test_what_the_pages_say_is_told(sites: Sites, name: str, question: str, held: str) -> None:
    status, answer = sites.ask(name, question)
    assert (status, held in answer) == ("quoted", True), answer


@pytest.mark.parametrize(("name", "question"), cases("refused"))
def test_what_they_do_not_say_is_not_invented(sites: Sites, name: str, question: str) -> None:
    assert sites.ask(name, question)[1] == ""


@pytest.mark.parametrize(("name", "before", "question", "held"), cases("follow_ups"))
def test_a_follow_up_is_answered_for_itself(
    sites: Sites, name: str, before: list[str], question: str, held: str
) -> None:
    assert held in sites.ask(name, question, tuple(before))[1]
