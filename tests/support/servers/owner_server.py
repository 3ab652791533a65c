"""A whole application, and people at its owner's pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from support.configured import make_config
from support.scripted_chat import ScriptedModel

from chatbot_server.accounts.passwords import hash_password
from chatbot_server.app import create_app
from chatbot_server.retrieval.curate.listing import describe_entries
from chatbot_server.storage.database import Database
from chatbot_server.storage.owners.accounts import Role, add_account, all_accounts
from chatbot_server.storage.site.sites import add_site

ORIGIN = {"Origin": "http://localhost"}
PASSWORD = "four words for sleeping"
# What the addresses of pages may contain: of things that are not there.
ADDRESS_PARTS = {
    "identifier": "none",
    "number": 4711,
    "group": "none",
    "kind": "csv",
    "name": "none",
    "document": 4711,
    "rest": "nothing/here",
}


class OwnerServer:
    """A server with one site of the owner's, and browsers that open its pages."""

    def __init__(
        self,
        folder: Path,
        mail: dict[str, Any] | None = None,
        database: Database | None = None,
        private_hosts: tuple[str, ...] = (),
        **server: str,
    ) -> None:
        self.folder = folder
        self.database = database or Database(f"sqlite:///{folder / 'chatbot.db'}")
        self.database.migrate()
        reading = {"private_hosts": private_hosts}
        self.config = make_config(folder, retrieval=reading, server=server, mail=mail or {})
        self.model = ScriptedModel("quote", ["Hello."])
        self.app: Flask = create_app(self.config, self.model, self.database)
        with self.database.session() as session:
            site = add_site(session, "Bakery")
            self.key, self.site_id = site.key, site.id

    def browser(self, role: Role | None) -> FlaskClient:
        """A browser in which somebody of this role is logged in; None: nobody."""
        client = self.app.test_client()
        if role is not None:
            name = f"the {role}"
            with self.database.session() as session:
                if name not in {account.name for account in all_accounts(session)}:
                    add_account(session, name, hash_password(PASSWORD), role)
            form = {"name": name, "password": PASSWORD}
            answer = client.post("/admin/login", data=form, headers=ORIGIN)
            assert answer.status_code == 303, answer.text
        return client

    def own_answers(self) -> list[dict[str, Any]]:
        """The owner's own answers, as the pages and exports describe them."""
        with self.database.session() as session:
            return describe_entries(session, self.site_id)

    def routes(self) -> Iterator[tuple[str, str, str]]:
        """Endpoint, method and path of every route, about things that are not there."""
        adapter = self.app.url_map.bind("localhost")
        for rule in self.app.url_map.iter_rules():
            if rule.endpoint.startswith("admin."):
                values = {name: ADDRESS_PARTS.get(name, self.key) for name in rule.arguments}
                for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                    yield rule.endpoint, method, adapter.build(rule.endpoint, values)
