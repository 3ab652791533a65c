"""The people who may use the owner's pages: accounts, their sessions, and one-time tokens."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Sequence
from typing import Literal

from sqlalchemy import ForeignKey, String, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from chatbot_server.errors import NotFound, Unauthorized, UsageError
from chatbot_server.storage.base import (
    DAY,
    HOUR,
    Base,
    UnixSeconds,
    count_changed,
    hash_of_secret,
    now,
)

Role = Literal["owner", "editor", "reader"]
ROLES: tuple[Role, ...] = ("owner", "editor", "reader")
TokenPurpose = Literal["setup", "invitation", "reset", "second"]

SESSION_SECONDS = 14 * DAY  # from the log-in, as browsers keep the cookie
TOKEN_SECONDS: dict[TokenPurpose, int] = {
    "setup": 30 * DAY,
    "invitation": 7 * DAY,
    "reset": HOUR,
    "second": 600,  # between the password and the second factor
}
# Not written more often than this: every page would be a write otherwise.
SEEN_SECONDS = 300


class Account(Base):
    """One person.

    Attributes:
        name: the name for logging in; any text, an e-mail address or not.
        password_hash: argon2id, with its parameters.
        role: ``owner`` may do everything; ``editor`` may change answers and knowledge; ``reader``
            may only look.
        public_name: the name under which the person last wrote to a visitor.
        totp_secret: the secret of the second factor, in base 32; None: the password is enough.
        totp_step: the last time step whose digits were used.
    """

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(10))
    created: Mapped[UnixSeconds] = mapped_column(default=now)
    public_name: Mapped[str | None] = mapped_column(String(40))
    totp_secret: Mapped[str | None] = mapped_column(String(32))
    totp_step: Mapped[UnixSeconds | None]


class RecoveryCode(Base):
    """A recovery code, which replaces a lost second factor once."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), index=True
    )


class AccountSession(Base):
    """A browser in which a person is logged in; ``token_hash`` is the hash of its cookie.

    Attributes:
        browser, system: their kinds, such as “Firefox” and “Linux”; empty where not known.
        seen: the last request, or up to five minutes before it.
    """

    __tablename__ = "account_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    created: Mapped[UnixSeconds] = mapped_column(default=now)
    seen: Mapped[UnixSeconds] = mapped_column(default=now)
    browser: Mapped[str] = mapped_column(String(20), default="")
    system: Mapped[str] = mapped_column(String(20), default="")

    @property
    def name(self) -> str:
        """What tells it from others on a page; of no use to log in."""
        return self.token_hash[:16]


class OneTimeToken(Base):
    """A one-time token to choose a password: for the first set-up, an invitation or a reset."""

    __tablename__ = "one_time_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(10), index=True)
    role: Mapped[str] = mapped_column(String(10))
    account_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    expires: Mapped[UnixSeconds]


def has_accounts(session: Session) -> bool:
    """Whether anybody has an account, so that set-up is over."""
    return session.scalar(select(Account.id).limit(1)) is not None


def all_accounts(session: Session) -> Sequence[Account]:
    """Every account, oldest first."""
    return session.scalars(select(Account).order_by(Account.id)).all()


def find_account(session: Session, name: str) -> Account:
    """The account with this name, ignoring case.

    Raises:
        NotFound: there is none.
    """
    namesakes = _namesakes(session, name)
    if not namesakes:
        raise NotFound("account_unknown", field="name", name=name[:80])
    return next((account for account in namesakes if account.name == name), namesakes[0])


def _namesakes(session: Session, name: str) -> list[Account]:
    """The accounts of this name, however it is typed; SQLite's ``lower`` knows no “É”."""
    search_key = folded_name(name)
    accounts = all_accounts(session)
    return [account for account in accounts if folded_name(account.name) == search_key]


def folded_name(name: str) -> str:
    """*name* in the one form that all ways to type it share."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def add_account(session: Session, name: str, password_hash: str, role: Role) -> Account:
    """A new account.

    Raises:
        UsageError: the name is taken.
    """
    if _namesakes(session, name):
        raise UsageError("account_name_taken", field="name", name=name)
    account = Account(name=name, password_hash=password_hash, role=role)
    session.add(account)
    session.flush()
    return account


def change_role(session: Session, account_id: int, role: Role) -> Account:
    """Give the account *role*.

    Raises:
        NotFound: there is no such account.
        UsageError: nobody would be owner any more.
    """
    account = _account(session, account_id)
    if role != "owner":
        _keep_one_owner(session, account)
    account.role = role
    return account


def delete_account(session: Session, account_id: int) -> Account:
    """Delete the account with its sessions.

    Raises:
        NotFound, UsageError: as :func:`change_role`.
    """
    account = _account(session, account_id)
    _keep_one_owner(session, account)
    session.delete(account)
    session.flush()
    return account


def _account(session: Session, account_id: int) -> Account:
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound("account_unknown", field="account", name=account_id)
    return account


def _keep_one_owner(session: Session, account: Account) -> None:
    others = select(Account.id).where(Account.role == "owner", Account.id != account.id).limit(1)
    if account.role == "owner" and session.scalar(others) is None:
        raise UsageError("account_last_owner", field="account", name=account.name)


def start_session(session: Session, account: Account, browser: str = "", system: str = "") -> str:
    """Log a browser in; returns its cookie, of which only a hash is stored."""
    is_over = AccountSession.created < now() - SESSION_SECONDS
    session.execute(delete(AccountSession).where(is_over))
    token = secrets.token_urlsafe(32)
    session.add(
        AccountSession(
            token_hash=hash_of_secret(token),
            account_id=account.id,
            browser=browser[:20],
            system=system[:20],
        )
    )
    return token


def account_of_session(session: Session, token: str) -> Account | None:
    """The account that is logged in with this cookie, if it is still valid."""
    browser = session.get(AccountSession, hash_of_secret(token)) if token else None
    moment = now()
    if browser is None or browser.created < moment - SESSION_SECONDS:
        return None
    if browser.seen < moment - SEEN_SECONDS:
        browser.seen = moment
    return session.get(Account, browser.account_id)


def session_hashes(session: Session) -> Sequence[str]:
    """The hashes of the cookies of all browsers that are logged in."""
    is_valid = AccountSession.created >= now() - SESSION_SECONDS
    return session.scalars(select(AccountSession.token_hash).where(is_valid)).all()


def sessions_of(session: Session, account_id: int, token: str) -> list[tuple[AccountSession, bool]]:
    """Where the person is logged in, last seen first, and whether *token* is the cookie there."""
    mine = AccountSession.account_id == account_id
    is_valid = AccountSession.created >= now() - SESSION_SECONDS
    newest_first = (AccountSession.seen.desc(), AccountSession.created.desc())
    rows = session.scalars(select(AccountSession).where(mine, is_valid).order_by(*newest_first))
    return [(row, row.token_hash == hash_of_secret(token)) for row in rows]


def end_named_session(session: Session, account_id: int, name: str) -> None:
    """Log the person out of the browser of this :attr:`AccountSession.name`.

    Raises:
        NotFound: it is none of the person's, or has ended.
    """
    for browser, _ in sessions_of(session, account_id, ""):
        if browser.name == name:
            session.delete(browser)
            return
    raise NotFound("session_unknown", field="session")


def end_session(session: Session, token: str) -> None:
    """Log one browser out."""
    this = AccountSession.token_hash == hash_of_secret(token)
    session.execute(delete(AccountSession).where(this))


def end_sessions(session: Session, account: Account, *, except_token: str = "") -> int:
    """Log the person out of all browsers except one; returns the number of these."""
    others = AccountSession.token_hash != hash_of_secret(except_token)
    mine = AccountSession.account_id == account.id
    return count_changed(session, delete(AccountSession).where(mine, others))


def end_tokens(session: Session, account: Account) -> None:
    """Let no link for another password, and no log-in that waits for its code, go on."""
    mine = OneTimeToken.account_id == account.id
    session.execute(delete(OneTimeToken).where(mine))


# Made once: every open panel asks.
_WRITERS_SINCE = (
    select(Account.id)
    .join(AccountSession, AccountSession.account_id == Account.id)
    .where(AccountSession.seen > bindparam("since"), Account.role != "reader")
    .limit(1)
)


def is_somebody_here(session: Session) -> bool:
    """Whether anybody who may answer visitors was at the owner's pages a moment ago."""
    return session.scalar(_WRITERS_SINCE, {"since": now() - 2 * SEEN_SECONDS}) is not None


def make_token(
    session: Session, purpose: TokenPurpose, role: Role, account: Account | None = None
) -> str:
    """A new one-time token; one for set-up replaces former ones."""
    session.execute(delete(OneTimeToken).where(OneTimeToken.expires < now()))
    if purpose == "setup":
        session.execute(delete(OneTimeToken).where(OneTimeToken.purpose == purpose))
    token = secrets.token_urlsafe(18)
    session.add(
        OneTimeToken(
            token_hash=hash_of_secret(token),
            purpose=purpose,
            role=role,
            account_id=account.id if account else None,
            expires=now() + TOKEN_SECONDS[purpose],
        )
    )
    return token


def account_of_token(session: Session, token: str) -> Account:
    """The account of *token*, which was given for a password and waits for the second factor.

    The token is not spent.

    Raises:
        Unauthorized: as :func:`use_token`.
    """
    row = session.get(OneTimeToken, hash_of_secret(token.strip()))
    if row is None or row.purpose != "second" or row.expires < now():
        raise Unauthorized("token_wrong", field="token")
    return session.get_one(Account, row.account_id)


def use_token(session: Session, token: str, *purposes: TokenPurpose) -> OneTimeToken:
    """Spend *token* in this unit of work: of two who use it at once, one waits and is refused.

    Raises:
        Unauthorized: there is none, it was used, or it is too old.
    """
    row = session.get(OneTimeToken, hash_of_secret(token.strip()))
    if row is not None and row.purpose in purposes and row.expires >= now():
        session.expunge(row)
        statement = delete(OneTimeToken).where(OneTimeToken.token_hash == row.token_hash)
        if count_changed(session, statement):
            return row
    raise Unauthorized("token_wrong", field="token")


def replace_recovery_codes(session: Session, account_id: int, codes: Sequence[str]) -> None:
    """*codes*, of which only hashes are stored, instead of the former ones."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    session.add_all(
        RecoveryCode(code_hash=_hash_of_code(account_id, code), account_id=account_id)
        for code in codes
    )


def spend_recovery_code(session: Session, account_id: int, code: str) -> bool:
    """Spend a recovery code; whether *code* was one of the account's."""
    this = RecoveryCode.code_hash == _hash_of_code(account_id, code)
    return count_changed(session, delete(RecoveryCode).where(this)) > 0


def recovery_code_count(session: Session, account_id: int) -> int:
    """How many recovery codes the account has left."""
    mine = RecoveryCode.account_id == account_id
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(mine)) or 0


def _hash_of_code(account_id: int, code: str) -> str:
    return hash_of_secret(f"{account_id}:{code}")


def spend_time_step(session: Session, account: Account, step: int) -> bool:
    """Spend the time step of a code; whether it is later than the last one used."""
    session.flush()
    is_later = or_(Account.totp_step.is_(None), Account.totp_step < step)
    statement = update(Account).where(Account.id == account.id, is_later).values(totp_step=step)
    return count_changed(session, statement) > 0


def open_invitations(session: Session) -> Sequence[OneTimeToken]:
    """The invitations that have not been used yet."""
    return session.scalars(
        select(OneTimeToken)
        .where(OneTimeToken.purpose == "invitation", OneTimeToken.expires >= now())
        .order_by(OneTimeToken.expires)
    ).all()


def withdraw_invitations(session: Session) -> int:
    """End every open invitation; returns how many."""
    return count_changed(session, delete(OneTimeToken).where(OneTimeToken.purpose == "invitation"))
