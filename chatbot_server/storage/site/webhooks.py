"""Webhooks of a site, and the deliveries of its events.

What visitors wrote is copied nowhere: a delivery names the message, and goes with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Literal, get_args

from sqlalchemy import JSON, ForeignKey, String, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from chatbot_server.errors import NotFound, UsageError
from chatbot_server.storage.base import (
    Base,
    JsonObject,
    Texts,
    UnitOfWork,
    UnixSeconds,
    find_of_site,
    lease_due,
    now,
)
from chatbot_server.storage.direct import DirectStatement

WebhookEvent = Literal["contact.message", "question.unanswered", "person.message", "feedback.down"]
EVENTS: tuple[WebhookEvent, ...] = get_args(WebhookEvent)
MOST_WEBHOOKS = 10  # of one site
MOST_DELIVERIES = 200  # of one webhook, which are remembered
# After each failure; after the last of them nothing more is tried by itself.
RETRY_SECONDS = (60, 300, 1800, 2 * 3600, 6 * 3600, 24 * 3600)
MOST_FAILURES = 20  # in a row; then the webhook pauses
# Whoever took a delivery ends within this time, or has died.
LEASE_SECONDS = 300


class Webhook(Base):
    """An address that gets events of one site.

    Attributes:
        secret: the key that signs deliveries; shown once, when it was made.
        with_text: whether deliveries contain what visitors wrote.
        failures: the number of failed attempts since the last successful one.
        paused: since when nothing is sent; None: it is not paused.
    """

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(String(80))
    events: Mapped[Texts] = mapped_column(default=list)
    with_text: Mapped[bool] = mapped_column(default=False)
    created: Mapped[UnixSeconds] = mapped_column(default=now)
    failures: Mapped[int] = mapped_column(default=0)
    paused: Mapped[UnixSeconds | None]


class WebhookDelivery(Base):
    """One event on its way to a webhook.

    Attributes:
        due: when it is sent next; None: it was sent, or is not tried again by itself.
        status: the status of the last HTTP answer; None: there was none.
        problem: why it failed, as ``{"code": …, "values": {…}}`` of a sentence.
    """

    __tablename__ = "webhook_delivery"

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(
        ForeignKey("webhook.id", ondelete="CASCADE"), index=True
    )
    event: Mapped[str] = mapped_column(String(20))
    created: Mapped[UnixSeconds] = mapped_column(default=now)
    message_id: Mapped[str | None] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), index=True
    )
    contact_id: Mapped[int | None] = mapped_column(
        ForeignKey("contact_request.id", ondelete="CASCADE"), index=True
    )
    due: Mapped[UnixSeconds | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    status: Mapped[int | None]
    problem: Mapped[JsonObject | None] = mapped_column(JSON(none_as_null=True))
    delivered: Mapped[UnixSeconds | None]


_WEBHOOKS = Base.metadata.tables[Webhook.__tablename__]
_DELIVERIES = Base.metadata.tables[WebhookDelivery.__tablename__]
# Made once: each question without an answer asks for them.
_LISTENING = (
    select(_WEBHOOKS.c.id, _WEBHOOKS.c.events)
    .where(_WEBHOOKS.c.site_id == bindparam("site"), _WEBHOOKS.c.paused.is_(None))
    .order_by(_WEBHOOKS.c.id)
)
_ANY_LISTENING = DirectStatement(_LISTENING.limit(1))


def add_webhook(
    session: Session, site_id: int, url: str, events: Sequence[str], *, with_text: bool
) -> Webhook:
    """A new webhook, with a secret of its own.

    Raises:
        UsageError: no event was chosen, one does not exist, or there are too many webhooks.
    """
    if not events or not set(events) <= set(EVENTS):
        raise UsageError("webhook_events", field="events", events=", ".join(EVENTS))
    if len(webhooks_of(session, site_id)) >= MOST_WEBHOOKS:
        raise UsageError("webhook_many", limit=MOST_WEBHOOKS)
    secret = f"whsec_{secrets.token_urlsafe(32)}"
    webhook = Webhook(
        site_id=site_id, url=url, secret=secret, events=list(events), with_text=with_text
    )
    session.add(webhook)
    session.flush()
    return webhook


def webhooks_of(session: Session, site_id: int) -> Sequence[Webhook]:
    """The webhooks of the site, oldest first."""
    mine = select(Webhook).where(Webhook.site_id == site_id)
    return session.scalars(mine.order_by(Webhook.id)).all()


def find_webhook(session: Session, site_id: int, number: int) -> Webhook:
    """A webhook of the site.

    Raises:
        NotFound: it has none of this number.
    """
    return find_of_site(session, Webhook, site_id, number, "webhook_unknown")


def queue_event(
    unit: UnitOfWork,
    site_id: int,
    event: WebhookEvent,
    *,
    message_id: str | None = None,
    contact_id: int | None = None,
) -> bool:
    """Queue *event* for the webhooks that want it; whether any does."""
    if _ANY_LISTENING.first(unit, {"site": site_id}) is None:
        return False
    listening = unit.execute(_LISTENING, {"site": site_id}).all()
    wanting = [webhook for webhook, events in listening if event in events]
    columns = _DELIVERIES.c
    for webhook in wanting:
        same = (
            select(columns.id)
            .where(columns.webhook_id == webhook, columns.event == event)
            .where(columns.due.is_not(None), columns.message_id == message_id)
        )
        if message_id is None or unit.scalar(same.limit(1)) is None:
            _queue(unit, webhook, event, message_id, contact_id)
    return bool(wanting)


def resend(session: Session, webhook: Webhook, number: int) -> None:
    """Send a delivery again now.

    Raises:
        NotFound: the webhook has none of this number.
    """
    delivery = session.get(WebhookDelivery, number)
    if delivery is None or delivery.webhook_id != webhook.id:
        raise NotFound("delivery_unknown", number=number)
    delivery.due, delivery.attempts = now(), 0


def resume(webhook: Webhook) -> None:
    """Resume a webhook, for events from now on."""
    webhook.paused, webhook.failures = None, 0


def deliveries_of(session: Session, webhook_id: int, most: int) -> Sequence[WebhookDelivery]:
    """The newest deliveries, the last one first."""
    mine = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    return session.scalars(mine.order_by(WebhookDelivery.id.desc()).limit(most)).all()


def has_paused_webhook(session: Session, site_id: int) -> bool:
    """Whether one of the site's webhooks gave up."""
    query = select(Webhook.id).where(Webhook.site_id == site_id, Webhook.paused.is_not(None))
    return session.scalar(query.limit(1)) is not None


def take_due_deliveries(session: Session, most: int) -> list[WebhookDelivery]:
    """Due deliveries, leased to the caller."""
    return lease_due(session, WebhookDelivery.due, most, LEASE_SECONDS)


def next_delivery(session: Session) -> int | None:
    """When the next delivery is due; None if none waits."""
    return session.scalar(select(func.min(WebhookDelivery.due)))


def note_delivered(session: Session, webhook_id: int, number: int, status: int) -> None:
    """Mark the delivery as accepted."""
    values = {"due": None, "status": status, "problem": None, "delivered": now()}
    session.execute(update(WebhookDelivery).where(WebhookDelivery.id == number).values(values))
    session.execute(update(Webhook).where(Webhook.id == webhook_id).values(failures=0))


def note_undelivered(
    session: Session, webhook_id: int, number: int, status: int | None, problem: JsonObject
) -> None:
    """Note a failure: schedule a retry, or give up the delivery, or the webhook."""
    delivery, webhook = session.get(WebhookDelivery, number), session.get(Webhook, webhook_id)
    if delivery is None or webhook is None:  # erased meanwhile
        return
    is_last = delivery.attempts >= len(RETRY_SECONDS)
    delivery.due = None if is_last else now() + RETRY_SECONDS[delivery.attempts]
    delivery.attempts += 1
    delivery.status, delivery.problem = status, problem
    webhook.failures += 1
    if webhook.failures >= MOST_FAILURES and webhook.paused is None:
        webhook.paused = now()
        mine = WebhookDelivery.webhook_id == webhook_id
        session.flush()
        session.execute(update(WebhookDelivery).where(mine).values(due=None))


def _queue(
    unit: UnitOfWork,
    webhook: int,
    event: WebhookEvent,
    message_id: str | None,
    contact_id: int | None,
) -> None:
    subject = {"message_id": message_id, "contact_id": contact_id}
    moment = {"created": now(), "due": now(), "attempts": 0}
    unit.execute(insert(_DELIVERIES), {"webhook_id": webhook, "event": event} | subject | moment)
    mine = _DELIVERIES.c.webhook_id == webhook
    newest = select(_DELIVERIES.c.id).where(mine).order_by(_DELIVERIES.c.id.desc())
    oldest = unit.scalar(newest.offset(MOST_DELIVERIES).limit(1))
    if oldest is not None:
        unit.execute(delete(_DELIVERIES).where(mine, _DELIVERIES.c.id <= oldest))
