"""The history of a site's settings: who changed them, from what to what, and undoing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chatbot_server.errors import Conflict, NotFound
from chatbot_server.storage.base import Base, JsonObject, UnixSeconds, now
from chatbot_server.storage.site.settings import settings_of
from chatbot_server.storage.site.sites import Site

MOST_CHANGES = 100  # of one site


class SiteChange(Base):
    """Settings of a site that were changed at once.

    Attributes:
        who: the account's name; empty: at the terminal.
        before, after: the old and new values by column, of settings that differ.
    """

    __tablename__ = "site_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), index=True)
    created: Mapped[UnixSeconds] = mapped_column(default=now)
    who: Mapped[str] = mapped_column(String(80))
    before: Mapped[JsonObject]
    after: Mapped[JsonObject]


def note_change(
    session: Session, site: Site, before: dict[str, Any], who: str = ""
) -> SiteChange | None:
    """Store what differs from *before*, an earlier result of ``settings_of``."""
    after = settings_of(site)
    columns = [column for column in after if _differ(after[column], before[column])]
    if not columns:
        return None
    change = SiteChange(
        site_id=site.id,
        who=who,
        before={column: before[column] for column in columns},
        after={column: after[column] for column in columns},
    )
    session.add(change)
    session.flush()
    newest_first = _of_site(site.id).with_only_columns(SiteChange.id)
    oldest = session.scalar(newest_first.offset(MOST_CHANGES).limit(1))
    if oldest is not None:
        mine = SiteChange.site_id == site.id
        session.execute(delete(SiteChange).where(mine, SiteChange.id <= oldest))
    return change


def changes_of(session: Session, site_id: int) -> Sequence[SiteChange]:
    """The newest changes of the site, the last one first."""
    return session.scalars(_of_site(site_id).limit(MOST_CHANGES)).all()


def undo_change(session: Session, site: Site, number: int, who: str = "") -> SiteChange | None:
    """Undo a change, which is itself stored as a change.

    Raises:
        NotFound: the site has no such change.
        Conflict: one of its settings was changed again since.
    """
    change = session.get(SiteChange, number)
    if change is None or change.site_id != site.id:
        raise NotFound("change_unknown", number=number)
    present = settings_of(site)
    if any(_differ(present[column], value) for column, value in change.after.items()):
        raise Conflict("change_again", number=number)
    for column, value in change.before.items():
        setattr(site, column, value)
    return note_change(session, site, present, who)


def value_in_words(value: Any) -> str:
    """A setting's value as text, with one line per item of a list or language of a mapping."""
    if isinstance(value, dict):
        parts = ((name, value_in_words(part)) for name, part in value.items())
        return "\n".join(text if name == "*" else f"{name}: {text}" for name, text in parts if text)
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)


def _differ(value: Any, other: Any) -> bool:
    """Whether both values differ; an empty mapping of texts is equal to none."""
    return value_in_words(value) != value_in_words(other)


def _of_site(site_id: int) -> Any:
    return select(SiteChange).where(SiteChange.site_id == site_id).order_by(SiteChange.id.desc())
