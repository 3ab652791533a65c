"""Keys of applications that use ``/v1``; only their digests are stored."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from typing import Literal, get_args

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chatbot_server.errors import NotFound, UsageError
from chatbot_server.storage.base import DAY, Base, UnixSeconds, hash_of_secret, now

# 256 random bits need no slow hash: guessing one is out of reach however fast it is checked.
SECRET_BYTES = 32
SHOWN = 10  # characters of a key that may be seen again
# Not written more often than this: every request would be a write otherwise.
USE_SECONDS = 60
LONGEST_DAYS = 3650


Scope = Literal["all", "chat", "embeddings"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
LONGEST_NAME = 80


class ApiKey(Base):
    """An API key.

    Attributes:
        scope: the requests that it is valid for: texts of the model (``chat``), ``embeddings``, or
            ``all``.
        site_id: the site whose application uses it, with which it is erased; None: no single one.
        expires: when it expires; None: it is valid until it is revoked.
        prefix: its first characters, to tell it from others.
        digest: SHA-256 of the key, in hexadecimal.
        used: when it was last used, to the minute.
    """

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    prefix: Mapped[str] = mapped_column(String(SHOWN))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created: Mapped[UnixSeconds] = mapped_column(default=now)
    used: Mapped[UnixSeconds | None]
    scope: Mapped[str] = mapped_column(String(10), default="all")
    expires: Mapped[UnixSeconds | None]
    site_id: Mapped[int | None] = mapped_column(
        ForeignKey("site.id", ondelete="CASCADE"), index=True
    )

    def allows(self, scope: Scope) -> bool:
        """Whether it is valid for *scope*."""
        return self.scope in ("all", scope)


def create_key(
    session: Session,
    name: str,
    scope: Scope = "all",
    *,
    site_id: int | None = None,
    days: int | None = None,
) -> tuple[ApiKey, str]:
    """A new key that is valid for *days*, and its text, which is not stored.

    Raises:
        UsageError: the name is empty or holds control characters.
    """
    name = name.strip()
    if not name or not name.isprintable():
        raise UsageError("api_key_name", field="name")
    secret = f"sk-{secrets.token_urlsafe(SECRET_BYTES)}"
    key = ApiKey(
        name=name[:LONGEST_NAME],
        prefix=secret[:SHOWN],
        digest=hash_of_secret(secret),
        scope=scope,
        site_id=site_id,
        expires=now() + days * DAY if days else None,
    )
    session.add(key)
    session.flush()
    return key, secret


def find_key(session: Session, secret: str) -> ApiKey | None:
    """The valid key whose text is *secret*; notes that it was used."""
    digest = hash_of_secret(secret)
    key = session.scalar(select(ApiKey).where(ApiKey.digest == digest))
    if key is None or not hmac.compare_digest(key.digest, digest):
        return None
    moment = now()
    if key.expires is not None and key.expires <= moment:
        return None
    if key.used is None or key.used <= moment - USE_SECONDS:
        key.used = moment
    return key


def all_keys(session: Session) -> Sequence[ApiKey]:
    """Every key, oldest first."""
    return session.scalars(select(ApiKey).order_by(ApiKey.id)).all()


def revoke_key(session: Session, number: int) -> ApiKey:
    """Revoke the key with this number.

    Raises:
        NotFound: there is none.
    """
    key = session.get(ApiKey, number)
    if key is None:
        raise NotFound("api_key_unknown", number=number)
    session.delete(key)
    return key
