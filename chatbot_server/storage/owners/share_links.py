"""Links that show a site's figures to people without an account; only hashes are stored."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import BigInteger, ForeignKey, String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chatbot_server.errors import NotFound, UsageError
from chatbot_server.storage.base import DAY, Base, UnixSeconds, count_changed, hash_of_secret, now
from chatbot_server.storage.site.sites import Site

LASTING_DAYS = (7, 30, 90)
MOST_LINKS = 20  # of one site


class ShareLink(Base):
    """A link, and *who* created it."""

    __tablename__ = "share_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    who: Mapped[str] = mapped_column(String(80))
    created: Mapped[UnixSeconds] = mapped_column(default=now)
    expires: Mapped[int] = mapped_column(BigInteger)


def add_share_link(session: Session, site_id: int, who: str, days: int) -> str:
    """The token of a new link, which is not stored; expired links are deleted.

    Raises:
        UsageError: *days* is none of the three possible numbers, or there are too many links.
    """
    if days not in LASTING_DAYS:
        raise UsageError("field_missing", field="days", name="days")
    session.execute(delete(ShareLink).where(ShareLink.expires < now()))
    mine = select(func.count()).select_from(ShareLink).where(ShareLink.site_id == site_id)
    if (session.scalar(mine) or 0) >= MOST_LINKS:
        raise UsageError("share_many", field="days", limit=MOST_LINKS)
    token = secrets.token_urlsafe(24)
    expires = now() + days * DAY
    token_hash = hash_of_secret(token)
    session.add(ShareLink(site_id=site_id, token_hash=token_hash, who=who[:80], expires=expires))
    return token


def shared_site(session: Session, token: str) -> tuple[Site, int]:
    """The site whose figures the link with *token* shows, and until when.

    Raises:
        NotFound: there is no such link, or it has expired or was revoked.
    """
    link = session.scalar(select(ShareLink).where(ShareLink.token_hash == hash_of_secret(token)))
    if link is None or link.expires < now():
        raise NotFound("share_unknown")
    return session.get_one(Site, link.site_id), link.expires


def links_of(session: Session, site_id: int) -> Sequence[ShareLink]:
    """The valid links of the site, newest first."""
    return session.scalars(
        select(ShareLink)
        .where(ShareLink.site_id == site_id, ShareLink.expires >= now())
        .order_by(ShareLink.id.desc())
    ).all()


def revoke_link(session: Session, site_id: int, number: int) -> None:
    """Revoke the link.

    Raises:
        NotFound: the site has none of this number.
    """
    this = ShareLink.site_id == site_id, ShareLink.id == number
    if not count_changed(session, delete(ShareLink).where(*this)):
        raise NotFound("share_unknown")
