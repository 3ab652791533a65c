"""Messages to a person that wait to be sent by e-mail, or could not be sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import Update

from chatbot_server.storage.base import JsonObject, count_changed, lease_due, now
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.feedback import ContactRequest

# After each failure; after the last of them nothing more is tried by itself.
RETRY_SECONDS = (300, 900, 3600, *([6 * 3600] * 4), *([24 * 3600] * 5))
# Whoever took a message sends it within this time, or has died.
LEASE_SECONDS = 900
DAILY_HOUR = 8


@dataclass(frozen=True)
class Undelivered:
    """Messages that could not be sent by e-mail.

    Attributes:
        problem: why the newest failed, as ``{"code": …, "values": {…}}`` of a sentence.
        next_try: when they are tried again; None: not by itself.
    """

    count: int
    problem: JsonObject
    next_try: int | None


def first_due(site: Site) -> int | None:
    """When a new message is to be sent by e-mail; None if it is not."""
    if site.contact_mail == "off":
        return None
    if site.contact_mail == "each":
        return now()
    moment = datetime.now(ZoneInfo(site.time_zone) if site.time_zone else None)
    morning = moment.replace(hour=DAILY_HOUR, minute=0, second=0, microsecond=0)
    if morning <= moment:
        morning += timedelta(days=1)
    return int(morning.timestamp())


def take_due(session: Session, most: int) -> list[ContactRequest]:
    """Due messages, oldest first, leased to the caller."""
    return lease_due(session, ContactRequest.mail_due, most, LEASE_SECONDS)


def mark_sent(session: Session, letters: Iterable[ContactRequest]) -> None:
    """Mark *letters* as sent, or as not to be sent."""
    values = {"mail_due": None, "mail_problem": None}
    session.execute(_those(letters).values(values))


def mark_failed(session: Session, letters: Sequence[ContactRequest], problem: JsonObject) -> None:
    """Note that *letters* failed because of *problem*; schedule a retry, or give up."""
    moment = now()
    for attempts in {letter.mail_attempts for letter in letters}:
        alike = [letter for letter in letters if letter.mail_attempts == attempts]
        wait = RETRY_SECONDS[attempts] if attempts < len(RETRY_SECONDS) else None
        values = {
            "mail_due": None if wait is None else moment + wait,
            "mail_attempts": attempts + 1,
            "mail_problem": problem,
        }
        session.execute(_those(alike).values(values))


def next_due(session: Session) -> int | None:
    """When the next message is due; None if none waits."""
    return session.scalar(select(func.min(ContactRequest.mail_due)))


def undelivered(session: Session, site_id: int | None = None) -> Undelivered | None:
    """What could not be sent, of one site or of all; None: nothing failed."""
    with_problem = [ContactRequest.mail_attempts > 0, ContactRequest.mail_problem.is_not(None)]
    if site_id is not None:
        with_problem.append(ContactRequest.site_id == site_id)
    figures = select(func.count(), func.min(ContactRequest.mail_due)).where(*with_problem)
    count, due = session.execute(figures).one()
    newest = (
        select(ContactRequest.mail_problem).where(*with_problem).order_by(ContactRequest.id.desc())
    )
    problem = session.scalar(newest.limit(1))
    return Undelivered(count, problem, due) if problem else None


def try_again(session: Session) -> int:
    """Schedule all messages that could not be sent for now; returns their number."""
    with_problem = (ContactRequest.mail_attempts > 0, ContactRequest.mail_problem.is_not(None))
    statement = update(ContactRequest).where(*with_problem)
    return count_changed(session, statement.values(mail_due=now(), mail_attempts=0))


def _those(letters: Iterable[ContactRequest]) -> Update:
    return update(ContactRequest).where(ContactRequest.id.in_([letter.id for letter in letters]))
