"""A database with something in every table, and what a backup of it holds."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path

from support.conversations import start_conversation

from chatbot_server.accounts.passwords import hash_password
from chatbot_server.backup.service import back_up
from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.storage.database import Database
from chatbot_server.storage.owners.accounts import add_account
from chatbot_server.storage.site.sites import add_site
from chatbot_server.storage.visitors.feedback import add_contact_request, save_feedback
from chatbot_server.storage.visitors.internal_notes import add_internal_note
from chatbot_server.storage.visitors.learning import put_golden
from chatbot_server.storage.visitors.messages import (
    add_message,
)

PASSWORD = "four words for sleeping"


def filled(url: str) -> tuple[Database, str]:
    """A database with something in every table; the key of its site."""
    database = Database(url)
    database.migrate()
    with database.session() as session:
        add_account(session, "Ann", hash_password(PASSWORD), "owner")
        site = add_site(session, "Bakery « Le Pétrin » \u2028 🥖")
        site.words, site.origins = {"greeting": {"fr": "Bonjour"}}, ["https://example.org"]
        thread, _ = start_conversation(session, site.id, locale="fr", page=None, keep=True)
        thread.extend(30)
        add_message(session, thread, "user", "Livrez-vous ?")
        answer = add_message(session, thread, "assistant", "Oui.")
        answer.sources = [{"title": "T", "url": "https://example.org", "quote": ""}]
        answer.finish = "stop"
        save_feedback(session, answer, "down", "wrong", "non")
        add_contact_request(session, site, thread, name="B", email="b@example.org", text="Help")
        add_internal_note(session, thread, "Ann", "Rappelée.")
        put_golden(session, site.id, "Livrez-vous ?", "Oui")
        key, site_id = site.key, site.id
    add_faq(database, site_id, "Do you deliver?", "Yes, in Hull.", ["delivery"])
    for price in ("costs 1 euro", "is free"):
        add_note(database, site_id, "Parking", f"Parking {price} on Sundays.")
    return database, key


def everything(database: Database, folder: Path) -> dict[str, list[dict[str, object]]]:
    """All rows by member, as a backup has them."""
    file = folder / f"all-{random.random()}"
    back_up(database, file)
    with zipfile.ZipFile(file) as archive:
        return {
            name: [json.loads(line) for line in archive.read(name).splitlines()]
            for name in archive.namelist()
            if name.endswith(".jsonl")
        }
