"""What people do with accounts, in the browser and at the terminal."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sqlalchemy.orm import Session

from chatbot_server.accounts.passwords import NOBODY, hash_password, is_password
from chatbot_server.errors import NotFound, Unauthorized
from chatbot_server.storage.database import Database
from chatbot_server.storage.owners.accounts import (
    Account,
    Role,
    add_account,
    end_sessions,
    end_tokens,
    find_account,
    has_accounts,
    make_token,
    use_token,
)
from chatbot_server.storage.site.settings import name_of

SETUP_FILE = "setup-token"


def log_in(session: Session, name: str, password: str) -> Account:
    """The account with this name and password.

    Raises:
        Unauthorized: name or password is wrong; which of them is not told.
    """
    account = None
    with suppress(NotFound):
        account = find_account(session, name)
    if not is_password(password, account.password_hash if account else NOBODY) or account is None:
        raise Unauthorized("login_wrong", field="password")
    return account


def create_owner(session: Session, name: str, password: str) -> Account:
    """Create an owner's account from the terminal.

    Raises:
        UsageError: the name is taken or none, or the password too weak.
    """
    return add_account(session, name_of(name), hash_password(password), "owner")


def accept_setup(session: Session, token: str, name: str, password: str) -> Account:
    """Create the first account, given the set-up token.

    Raises:
        Unauthorized: the token is wrong, old or used.
        UsageError: as :func:`create_owner`.
    """
    if has_accounts(session):
        raise Unauthorized("token_wrong", field="token")
    use_token(session, token, "setup")
    return create_owner(session, name, password)


def check_setup(session: Session, token: str) -> None:
    """Check the set-up *token*, without spending it.

    Raises:
        Unauthorized: as :func:`accept_setup`.
    """
    if has_accounts(session):
        raise Unauthorized("token_wrong", field="token")
    use_token(session, token, "setup")
    session.rollback()


def accept_invitation(session: Session, token: str, name: str, password: str) -> Account:
    """Create the account of an invitation, or set a new password, given a one-time token.

    Raises:
        Unauthorized, UsageError: as :func:`accept_setup`.
    """
    invitation = use_token(session, token, "invitation", "reset")
    if invitation.account_id is not None:
        account = session.get_one(Account, invitation.account_id)
        set_password(session, account, password)
        return account
    role: Role = "owner" if invitation.role == "owner" else "editor"
    if invitation.role == "reader":
        role = "reader"
    return add_account(session, name_of(name), hash_password(password), role)


def set_password(
    session: Session, account: Account, password: str, *, except_token: str = ""
) -> None:
    """Give *account* another password, log it out everywhere else, and end its one-time tokens.

    Raises:
        UsageError: the password is too weak.
    """
    account.password_hash = hash_password(password)
    end_sessions(session, account, except_token=except_token)
    end_tokens(session, account)


def reset_token(session: Session, name: str) -> str:
    """A one-time token with which a person can choose another password.

    Raises:
        NotFound: there is no such account.
    """
    return make_token(session, "reset", "reader", find_account(session, name))


def open_setup(database: Database, data_dir: Path) -> str | None:
    """The set-up token of a server without accounts, created on first use; None if it has some.

    It is in ``data_dir/setup-token``, which only the server's user may read; the database
    has its hash alone.
    """
    file = data_dir / SETUP_FILE
    with database.session() as session:
        if has_accounts(session):
            with suppress(OSError):
                file.unlink(missing_ok=True)
            return None
    with suppress(OSError):
        if token := file.read_text(encoding="ascii").strip():
            return token
    return renew_setup(database, data_dir)


def renew_setup(database: Database, data_dir: Path) -> str | None:
    """A new set-up token in place of the former one; None if set-up is over.

    Raises:
        OSError: the file cannot be written.
    """
    with database.session() as session:
        if has_accounts(session):
            return None
        token = make_token(session, "setup", "owner")
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = data_dir / SETUP_FILE
        file.touch(mode=0o600)
        file.chmod(0o600)
        file.write_text(token + "\n", encoding="ascii")
    return token
