"""Pages that a CMS sends: ``{"url", "title", "html" | "text"}``, or ``"deleted": true``.

The body is signed with the site's secret (HMAC-SHA256 over ``timestamp.body``), so that only the
owner's CMS can change what the chatbot says.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from chatbot_server.errors import BadRequest, Unauthorized
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.read import urls
from chatbot_server.retrieval.read.extractor import ExtractError, Extractor
from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import delete_documents, documents_of_page
from chatbot_server.storage.knowledge.pages import forget_validators
from chatbot_server.storage.knowledge.readings import forget_reading
from chatbot_server.storage.knowledge.site_state import push_secret, set_push_secret
from chatbot_server.storage.knowledge.sources import open_source, sources_of
from chatbot_server.storage.knowledge.tables import KnowledgeSource

# How long a signature is valid.
WINDOW_SECONDS = 300
# In bytes: with the name of a part (``#faq-12``) after it, the address of a document still fits
# into an index of PostgreSQL.
MAX_URL = 1980

PushStatus = Literal["indexed", "unchanged", "deleted", "outdated"]


def new_secret(database: Database, site_id: int) -> str:
    """Create a new secret for the site; the old one is no longer accepted."""
    secret = secrets.token_hex(32)
    with database.session() as session:
        set_push_secret(session, site_id, secret)
    return secret


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The signature of *body* sent at *timestamp*, in hexadecimal."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def check_signature(
    database: Database, site_id: int, timestamp: str, signature: str, body: bytes
) -> int:
    """Check the signature of *body*; returns when it was sent, in Unix seconds.

    Raises:
        Unauthorized: the site has no secret, or the signature is wrong or too old.
    """
    with database.session() as session:
        secret = push_secret(session, site_id)
    try:
        sent_at = int(timestamp)
    except ValueError:
        raise Unauthorized("push_signature", field="X-Chatbot-Timestamp") from None
    valid_signature = sign(secret or secrets.token_hex(32), sent_at, body)
    is_fresh = abs(now() - sent_at) <= WINDOW_SECONDS
    if not hmac.compare_digest(valid_signature.encode(), signature.encode()) or not is_fresh:
        raise Unauthorized("push_signature", field="X-Chatbot-Signature")
    return sent_at


class PushReceiver:
    """Receives pushed pages; what was sent of one page counts in the order of sending.

    A message older than the last one about its page is ignored: it was overtaken, or was recorded
    by somebody and sent again while its signature is valid.
    """

    def __init__(self, database: Database, extractor: Extractor) -> None:
        self._database = database
        self._extractor = extractor
        self._lock = threading.Lock()
        self._latest: dict[tuple[int, str], int] = {}

    def receive(self, site_id: int, sent_at: int, body: bytes) -> PushStatus:
        """Index the page in *body*, or delete it.

        Raises:
            BadRequest: a field is missing or wrong; names it.
        """
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            raise BadRequest("push_json")
        url = urls.canonical(str(message.get("url", "")))
        if url is None or len(url.encode()) > MAX_URL:
            raise BadRequest("push_url", field="url")
        drafts = () if message.get("deleted") is True else self._drafts(message, url)
        with self._lock:
            if sent_at < self._latest.get((site_id, url), sent_at):
                return "outdated"
            # Older messages are refused for their age. Clocks may be ahead by as much as behind.
            limit = now() - 2 * WINDOW_SECONDS
            self._latest = {page: moment for page, moment in self._latest.items() if moment > limit}
            self._latest[site_id, url] = sent_at
            return _replace_page(self._database, site_id, url, drafts)

    def _drafts(self, message: dict[str, Any], url: str) -> Sequence[Draft]:
        """The documents of a page; none if it asks not to be indexed."""
        title, text, html = message.get("title"), message.get("text"), message.get("html")
        if isinstance(html, str) and html.strip():
            try:
                page = self._extractor.read(html.encode("utf-8", "replace"), "html", url, url)
            except ExtractError as error:
                raise BadRequest(error.code, field="html", **error.values) from None
            drafts = [] if page.noindex else list(page.drafts)
            if drafts and title and isinstance(title, str):
                drafts[0] = replace(drafts[0], title=title)
            return drafts
        if isinstance(text, str) and isinstance(title, str) and text.strip():
            return [Draft(url, title, text)]
        raise BadRequest("push_content", field="html")


def _replace_page(
    database: Database, site_id: int, url: str, drafts: Sequence[Draft]
) -> PushStatus:
    """Replace all documents of the page by *drafts*."""
    urls_of_drafts = {draft.url for draft in drafts}
    analysed_drafts = [analyse(draft) for draft in drafts]
    with database.session() as session:
        former = documents_of_page(session, site_id, url)
        if former:
            source = session.get_one(KnowledgeSource, former[0].source_id)
        else:  # as part of the crawl of its site, if there is one, so that it is not found twice
            sources = sources_of(session, site_id)
            crawls = (s for s in sources if s.kind == "site" and urls.same_site(url, s.address))
            source = next(crawls, None) or open_source(session, site_id, "push")
        outdated_ids = [
            document.id
            for document in former
            if document.url not in urls_of_drafts or document.source_id != source.id
        ]
        delete_documents(session, site_id, outdated_ids)
        forget_reading(session, source.id, url)
        changes = [indexing.put(session, source, analysis) for analysis in analysed_drafts]
        if not drafts:  # if the page comes back unchanged, a crawl must read it again
            forget_validators(session, source.id, url)
            return "deleted"
    return "indexed" if outdated_ids or any(changes) else "unchanged"
