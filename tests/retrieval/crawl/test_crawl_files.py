"""A crawl reads the files that a site links to."""

from __future__ import annotations

import pytest
from support.files.office_files import opendocument, pptx, xlsx
from support.servers.web_site import WebSite
from support.sites.crawling import run_crawl

from chatbot_server.retrieval.curate.library import add_site
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of

SHAPE = "<p:sp><p:txBody><a:p><a:r><a:t>Dogs are welcome.</a:t></a:r></a:p></p:txBody></p:sp>"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_files_are_read_also_where_the_server_does_not_know_them(
    database: Database, site_id: int, web: WebSite
) -> None:
    files = {
        "/a.xlsx": xlsx([["Bread costs 3 €."]]),
        "/b.pptx": pptx(SHAPE),
        "/c.odt": opendocument("<text:p>We open at nine.</text:p>"),
    }
    web.put("/", "Home", "".join(f'<a href="{name}">file</a>' for name in files))
    for name, data in files.items():
        web.pages[name] = (200, {"Content-Type": "application/octet-stream"}, data)
    run_crawl(database, add_site(database, site_id, web.address))
    with database.session() as session:
        texts = {one.text for one in documents_of(session, site_id)}
    assert texts >= {"Bread costs 3 €.", "Dogs are welcome.", "We open at nine."}
