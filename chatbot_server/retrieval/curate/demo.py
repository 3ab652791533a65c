"""The texts of the demo site: about this product, in French and English."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from chatbot_server.messages import typeset_french
from chatbot_server.resources import read_yaml
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.site_state import index_version
from chatbot_server.storage.site.sites import Site, demo_site, playground_site


def prepare_demo(database: Database) -> None:
    """Create the sites of the demo page; the first gets its texts, unless it ever had any."""
    with database.session() as session:
        playground_site(session)
        site = demo_site(session)
        if index_version(session, site.id):
            return
        _fill(session, site)


def _fill(session: Session, site: Site) -> None:
    # Imported here: that takes half a second, and only a server's first start needs them.
    from chatbot_server.retrieval.base import Draft
    from chatbot_server.retrieval.curate.library import faq_draft
    from chatbot_server.retrieval.index import indexing
    from chatbot_server.retrieval.index.analysis import analyse
    from chatbot_server.storage.knowledge.sources import open_source

    demo = _typeset(read_yaml("chatbot_server.retrieval.curate", "demo.yaml"))
    site.suggestions = site.suggestions or demo["suggestions"]
    source = open_source(session, site.id, "note")
    for number, text in enumerate(demo["texts"], 1):
        draft = Draft(f"note:demo-{number}", text["title"], text["text"], text["language"])
        indexing.put(session, source, analyse(draft))
    entries = open_source(session, site.id, "faq")
    for entry in demo["entries"]:
        draft = faq_draft(
            entry["question"], entry["answer"].strip(), entry["wordings"].split(" | ")
        )
        indexing.put(session, entries, analyse(replace(draft, language=entry["language"])))


def _typeset(demo: dict[str, Any]) -> dict[str, Any]:
    """*demo* with its French texts typeset: with fixed spaces before “?” and the like."""
    suggestions = demo["suggestions"]
    suggestions["fr"] = [typeset_french(text) for text in suggestions["fr"]]
    for row in (*demo["texts"], *demo["entries"]):
        if row["language"] == "fr":
            row |= {name: typeset_french(text) for name, text in row.items()}
    return demo
