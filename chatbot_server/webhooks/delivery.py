"""Delivers events to webhooks: signed, with retries, and only to addresses a crawl may ask."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from chatbot_server.config import Config
from chatbot_server.errors import ChatbotError, UsageError
from chatbot_server.retrieval.crawl.addresses import PrivateHosts
from chatbot_server.retrieval.crawl.fetch import Fetcher, FetchError
from chatbot_server.retrieval.curate.imports.push import sign
from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.site.webhooks import (
    Webhook,
    WebhookDelivery,
    next_delivery,
    note_delivered,
    note_undelivered,
    take_due_deliveries,
)
from chatbot_server.storage.visitors.conversations import ChatMessage, Conversation
from chatbot_server.storage.visitors.feedback import (
    ContactRequest,
    Feedback,
    question_of,
    unread_counts,
)
from chatbot_server.storage.visitors.messages import history

MOST_AT_ONCE = 100
SECONDS = 15.0  # for one of them
LARGEST_ANSWER = 10_000  # bytes; nothing of it is kept
LONGEST_URL = 500
TEST = "test"  # the event that an owner sends to see whether it comes
REFUSED = "webhook_refused"  # it answered, with another status than 2xx


def make_fetcher(config: Config) -> Fetcher:
    """A client with limits, which asks private addresses only if the operator allows it."""
    return Fetcher(config.retrieval.contact, config.retrieval.private_hosts, LARGEST_ANSWER)


def webhook_address(url: str, config: Config) -> str:
    """*url*, if a webhook may be there.

    Raises:
        UsageError: no address of the web, or without encryption to another machine.
        FetchError: it leads inwards, or nowhere.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    is_private = host in PrivateHosts(config.retrieval.private_hosts)
    is_plain = host and parts.scheme == "http" and not is_private
    if not host or len(url) > LONGEST_URL or is_plain:
        raise UsageError("webhook_address", field="url", found=url[:100])
    fetcher = make_fetcher(config)
    try:
        fetcher.check(url)
    finally:
        fetcher.close()
    return url


def deliver_due(database: Database, config: Config) -> int | None:
    """Deliver what is due; returns when the next event is due, None if none waits."""
    with database.session() as session:
        deliveries = take_due_deliveries(session, MOST_AT_ONCE)
        outgoing = [
            (session.get_one(Webhook, delivery.webhook_id), delivery.id, body)
            for delivery in deliveries
            if (body := body_of(session, delivery)) is not None
        ]
    fetcher, silent = make_fetcher(config), set[int]()
    try:
        for webhook, number, body in outgoing:
            # Who does not take one is not asked again now; the others come when their lease ends.
            if webhook.id not in silent and not _deliver(database, fetcher, webhook, number, body):
                silent.add(webhook.id)
    finally:
        fetcher.close()
    with database.session() as session:
        return next_delivery(session)


def body_of(session: Session, delivery: WebhookDelivery) -> bytes | None:
    """The body of an event; None if its subject was erased meanwhile."""
    webhook = session.get_one(Webhook, delivery.webhook_id)
    message = session.get(ChatMessage, delivery.message_id) if delivery.message_id else None
    contact = session.get(ContactRequest, delivery.contact_id) if delivery.contact_id else None
    if message is None and contact is None:
        return None
    conversation_id = message.conversation_id if message else contact and contact.conversation_id
    body: dict[str, Any] = {
        "id": delivery.id,
        "event": delivery.event,
        "created": delivery.created,
        "site": session.get_one(Site, webhook.site_id).key,
        "conversation": conversation_id,
        "message": delivery.message_id,
        "contact": delivery.contact_id,
    }
    if contact is not None:
        body["unread"] = unread_counts(session).get(webhook.site_id, 0)
    elif conversation_id and session.get(Conversation, conversation_id):
        body["messages"] = len(history(session, conversation_id))
    if webhook.with_text:
        body["text"] = _text_of(session, message, contact)
    return _encode(body)


def _text_of(
    session: Session, message: ChatMessage | None, contact: ContactRequest | None
) -> dict[str, str]:
    """What was written, as it is stored: what is personal in it is masked there already."""
    if contact is not None:
        return {"name": contact.name, "email": contact.email, "message": contact.text}
    if message is None:
        return {}
    if message.role == "user":
        return {"question": message.text}
    thumb = session.get(Feedback, message.id)
    return {
        "question": question_of(session, message) or "",
        "answer": message.text,
        "reason": (thumb and thumb.reason) or "",
        "comment": (thumb and thumb.comment) or "",
    }


def send_test(config: Config, site_key: str, webhook: Webhook) -> int:
    """Send a signed event of no visitor; returns the status that *webhook* answered with.

    Raises:
        ChatbotError: it was not delivered; nothing is counted, and nothing tried again.
    """
    body: dict[str, Any] = {"id": 0, "event": TEST, "created": now(), "site": site_key}
    body |= dict.fromkeys(("conversation", "message", "contact"))
    if webhook.with_text:
        body["text"] = {}
    fetcher = make_fetcher(config)
    try:
        return _send(fetcher, webhook, _encode(body))
    finally:
        fetcher.close()


def _encode(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _deliver(
    database: Database, fetcher: Fetcher, webhook: Webhook, number: int, body: bytes
) -> bool:
    """Send *body*, and store the result; whether it was accepted."""
    try:
        status = _send(fetcher, webhook, body)
    except ChatbotError as error:
        values = {name: str(value) for name, value in error.values.items()}
        problem = {"code": error.code, "values": values}
        refusing_status = error.values.get("status") if error.code == REFUSED else None
        with database.session() as session:
            note_undelivered(session, webhook.id, number, refusing_status, problem)
        return False
    with database.session() as session:
        note_delivered(session, webhook.id, number, status)
    return True


def _send(fetcher: Fetcher, webhook: Webhook, body: bytes) -> int:
    """Send *body*, signed; returns the status of a delivery.

    Raises:
        ChatbotError: refused, unreachable or too slow.
    """
    moment = now()
    headers = {
        "Content-Type": "application/json",
        "X-Chatbot-Timestamp": str(moment),
        "X-Chatbot-Signature": sign(webhook.secret, moment, body),
    }
    status = fetcher.post(webhook.url, body, headers, SECONDS)
    if not 200 <= status < 300:
        raise FetchError(REFUSED, status=status)
    return status
