"""A site in Paris whose questions are asked on a Thursday at half past four."""

from __future__ import annotations

from datetime import datetime, timezone

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import Site

NOW = datetime(2026, 11, 26, 15, 30, tzinfo=timezone.utc)
HOURS = "Open Monday to Friday 9am to 5pm, Saturday 10am to 4pm, Sunday closed."


def base_of(database: Database, site_id: int, *notes: tuple[str, str]) -> KnowledgeBase:
    """The knowledge of the site, which is these titles and texts."""
    with database.session() as session:
        session.get_one(Site, site_id).time_zone = "Europe/Paris"
    for title, text in notes:
        add_note(database, site_id, title, text)
    return KnowledgeBase(database, clock=lambda: NOW)
