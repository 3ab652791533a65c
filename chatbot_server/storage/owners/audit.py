"""The audit log: who did what, when and to which site, without any text of visitors or pages."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chatbot_server.storage.base import Base, JsonObject, UnixSeconds, count_changed, now
from chatbot_server.storage.site.history import SiteChange, value_in_words

MOST_ENTRIES = 10_000
KEPT_SECONDS = 365 * 24 * 3600
LONGEST_VALUE = 200  # of a setting, before and after


class AuditEntry(Base):
    """One entry of the audit log.

    Attributes:
        who: the account's name; empty: at the terminal.
        action: the name of the view on the owner's pages, or the command at the terminal.
        site: the site's name at the time; empty: it concerns no single site.
        about: what it was done to: an account's name, a number, a file.
        changes: changed settings, ``{name: [before, after]}`` as text.
    """

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    created: Mapped[UnixSeconds] = mapped_column(default=now, index=True)
    who: Mapped[str] = mapped_column(String(80), default="")
    action: Mapped[str] = mapped_column(String(40))
    site: Mapped[str] = mapped_column(String(80), default="")
    about: Mapped[str] = mapped_column(String(100), default="")
    changes: Mapped[JsonObject] = mapped_column(default=dict)


def note_action(session: Session, entry: AuditEntry) -> None:
    """Store *entry*; the oldest is deleted if there are too many."""
    entry.about = (entry.about or "")[:100]
    session.add(entry)
    session.flush()
    session.execute(delete(AuditEntry).where(AuditEntry.id <= entry.id - MOST_ENTRIES))


def entries_before(session: Session, number: int = 0, most: int = 50) -> Sequence[AuditEntry]:
    """The newest entries, or those before the one with *number*, newest first."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(most)
    return session.scalars(query.where(AuditEntry.id < number) if number else query).all()


def erase_old_entries(session: Session) -> int:
    """Erase what is older than a year; returns how many."""
    is_old = AuditEntry.created < now() - KEPT_SECONDS
    return count_changed(session, delete(AuditEntry).where(is_old))


def changes_in(change: SiteChange | None) -> JsonObject:
    """The old and new value of each setting in *change*, shortened."""
    if change is None:
        return {}
    return {
        name: [_cut(value_in_words(change.before[name])), _cut(value_in_words(change.after[name]))]
        for name in change.before
    }


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
