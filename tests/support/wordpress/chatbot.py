"""The chatbot server that a WordPress site is connected to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx
from support.servers.owner_server import OwnerServer
from support.servers.visitor import Visitor

from chatbot_server.retrieval.curate.imports.push import new_secret, sign
from chatbot_server.storage.base import now
from chatbot_server.storage.knowledge.documents import (
    delete_documents,
    documents_of,
    documents_of_page,
)
from chatbot_server.storage.knowledge.site_state import push_secret
from chatbot_server.storage.site.sites import find_site


@dataclass(frozen=True)
class Chatbot:
    """A running server with one site."""

    server: OwnerServer
    url: str

    @property
    def key(self) -> str:
        """The key of its site."""
        return self.server.key

    @property
    def tag(self) -> str:
        """The line that an owner pastes."""
        tag = f'<script async src="{self.url}/widget.js" data-base="{self.url}/"'
        return f'{tag} data-site="{self.key}" data-position="bottom-left"></script>'

    def allow(self, *origins: str) -> None:
        """Let pages of these origins use the site, and no others."""
        with self.server.database.session() as session:
            find_site(session, self.key).origins = list(origins)

    def push_secret(self) -> str:
        """A new secret, with which pages are sent."""
        return new_secret(self.server.database, self.server.site_id)

    def send(self, message: dict[str, Any], *, seconds_ahead: int) -> None:
        """Tell it of a page, as a system whose clock is ahead."""
        with self.server.database.session() as session:
            secret = push_secret(session, self.server.site_id)
        assert secret is not None
        body, moment = json.dumps(message).encode(), now() + seconds_ahead
        headers = {
            "X-Chatbot-Timestamp": str(moment),
            "X-Chatbot-Signature": sign(secret, moment, body),
        }
        httpx.post(
            f"{self.url}/api/knowledge/{self.key}", content=body, headers=headers
        ).raise_for_status()

    def known(self) -> dict[str, str]:
        """What it has read: text by address."""
        with self.server.database.session() as session:
            return {found.url: found.text for found in documents_of(session, self.server.site_id)}

    def answer(self, question: str) -> str:
        """What a visitor is answered."""
        return str(Visitor(self.url, self.key).answer(question, locale="en")["text"])

    def forget_seen(self) -> None:
        """Forget that the chat was ever opened."""
        with self.server.database.session() as session:
            site = find_site(session, self.key)
            site.seen = site.seen_on = None

    def seen_on(self) -> str | None:
        """The origin of the page on which the chat was opened last."""
        with self.server.database.session() as session:
            return find_site(session, self.key).seen_on

    def forget(self, url: str) -> None:
        """Forget a page."""
        with self.server.database.session() as session:
            found = documents_of_page(session, self.server.site_id, url)
            delete_documents(session, self.server.site_id, [document.id for document in found])
