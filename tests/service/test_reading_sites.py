"""A new site is read soon: neither other sites' vectors nor their pages of yesterday go first."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.servers.web_site import WebSite

from chatbot_server.config import Config
from chatbot_server.retrieval.curate import jobs as reading
from chatbot_server.retrieval.curate.library import add_site as add_site_to_read
from chatbot_server.service import jobs
from chatbot_server.storage.base import DAY, now
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.knowledge.tables import KnowledgeSource
from chatbot_server.storage.site.sites import add_site


def test_a_new_site_waits_for_no_vectors_and_for_one_site_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"semantic": "off", "private_hosts": ("127.0.0.1",), "requests_per_second": 50}
    config = Config.model_validate({"data_dir": tmp_path, "retrieval": limits})
    database, web = Database(config.database_url), WebSite()
    database.migrate()
    config.run_dir.mkdir()
    with database.session() as session:
        site_id = add_site(session, "Bakery").id
    for path in ("/yesterday", "/too", "/new"):
        web.put(path, path, f"What stands on {path}.")
    for path in ("/yesterday", "/too"):
        number = add_site_to_read(database, site_id, web.address + path, single=True)
        with database.session() as session:
            session.get_one(KnowledgeSource, number).finished = now() - 2 * DAY
    crawl_source = reading.crawl_source

    def crawl_as_one_is_added(*arguments: object) -> object:
        if "/yesterday" not in web.asked:
            add_site_to_read(database, site_id, web.address + "/new", single=True)
        return crawl_source(*arguments)  # type: ignore[arg-type]

    def hold_up(*_: object) -> None:
        raise AssertionError("vectors hold the reading up")

    monkeypatch.setattr(reading, "crawl_source", crawl_as_one_is_added)
    monkeypatch.setattr(jobs, "embed_waiting", hold_up)
    jobs.read(config, database)
    with database.session() as session:
        titles = [document.title for document in documents_of(session, site_id)]
    assert [path for path in web.asked if path in titles] == ["/yesterday", "/new", "/too"]
    assert (config.run_dir / "jobs-embed.called").exists(), "their vectors are made next"
    database.close()
    web.close()
