"""A CMS tells of a page that changed: ``{"url", "title", "html" | "text"}``, or ``"deleted": true``.

The body is signed with the site's secret (HMAC-SHA256 over ``timestamp.body``), so
that only the owner's CMS can put words into the chatbot's mouth.
"""  # noqa: E501

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from typing import Any

from sqlalchemy import select

from chatbot_server.errors import BadRequest, Unauthorized
from chatbot_server.retrieval import indexing, urls
from chatbot_server.retrieval.extract import Extractor
from chatbot_server.retrieval.indexing import Draft
from chatbot_server.storage import knowledge_index
from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge import KnowledgeDocument, open_source

# A signature caught on the way is worthless after this long.
WINDOW_SECONDS = 300


def new_secret(database: Database, site_id: int) -> str:
    """A fresh secret of the site; the old one is no longer accepted."""
    secret = secrets.token_hex(32)
    with database.session() as session:
        knowledge_index.state(session, site_id).push_secret = secret
    return secret


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The signature of *body* sent at *timestamp*: hexadecimal."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def check(database: Database, site_id: int, timestamp: str, signature: str, body: bytes) -> None:
    """Whether the site's CMS sent *body* just now.

    Raises:
        Unauthorized: no secret was made, the signature is another's, or too old.
    """
    with database.session() as session:
        secret = knowledge_index.state(session, site_id).push_secret
    try:
        sent = int(timestamp)
    except ValueError:
        raise Unauthorized("push_signature", field="X-Chatbot-Timestamp") from None
    expected = sign(secret or secrets.token_hex(32), sent, body)
    fresh = abs(now() - sent) <= WINDOW_SECONDS
    if not hmac.compare_digest(expected.encode(), signature.encode()) or not fresh:
        raise Unauthorized("push_signature", field="X-Chatbot-Signature")


def receive(database: Database, extractor: Extractor, site_id: int, body: bytes) -> str:
    """Index what *body* tells, or forget it; returns ``indexed``, ``unchanged`` or ``deleted``.

    Raises:
        BadRequest: names the field that is missing or wrong.
        ExtractError: the HTML cannot be read.
    """
    told = _parsed(body)
    url = urls.canonical(str(told.get("url", "")))
    if url is None:
        raise BadRequest("push_url", field="url")
    if told.get("deleted") is True:
        return _forget(database, site_id, url)
    title, text = told.get("title"), told.get("text")
    if isinstance(told.get("html"), str):
        read = extractor.read(told["html"].encode("utf-8", "replace"), "html", url, url)
        drafts = list(read.drafts) if not read.noindex else []
        if isinstance(title, str) and drafts:
            drafts[0] = Draft(url, title, drafts[0].text, drafts[0].language)
    elif isinstance(text, str) and isinstance(title, str):
        drafts = [Draft(url, title, text)]
    else:
        raise BadRequest("push_content", field="html")
    with database.session() as session:
        source = open_source(session, site_id, "push")
        changed = [indexing.put(session, source, draft) for draft in drafts]
    return "indexed" if any(changed) else "unchanged"


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("push_json") from None
    if not isinstance(told, dict):
        raise BadRequest("push_json")
    return told


def _forget(database: Database, site_id: int, url: str) -> str:
    with database.session() as session:
        ids = session.scalars(
            select(KnowledgeDocument.id).where(
                KnowledgeDocument.site_id == site_id,
                (KnowledgeDocument.url == url)
                | KnowledgeDocument.url.startswith(url + "#", autoescape=True),
            )
        ).all()
        if ids:
            indexing.remove(session, site_id, ids)
    return "deleted"
