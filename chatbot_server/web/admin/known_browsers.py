"""Browsers in which somebody has logged in before: strangers cannot use up their attempts."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from contextlib import suppress

from flask import Response, request
from sqlalchemy.orm import Session

from chatbot_server.errors import NotFound
from chatbot_server.storage.base import DAY
from chatbot_server.storage.owners.accounts import Account, find_account
from chatbot_server.web.admin.access import PATH

COOKIE = "chatbot_known_browser"


def remember_browser(account: Account, response: Response) -> None:
    """Set on *response* the cookie of a browser that has shown the password of *account*.

    It logs nobody in. It is signed under the hash of the password, so that another password ends
    it, also in a browser that somebody copied it from.
    """
    browser = f"{account.id}.{secrets.token_urlsafe(12)}"
    response.set_cookie(
        COOKIE,
        f"{browser}.{_signature(account, browser)}",
        max_age=365 * DAY,
        path=PATH,
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )


def known_browser(session: Session, name: str) -> str:
    """The browser of this request, if the account called *name* has been used in it; else empty."""
    browser, _, signature = request.cookies.get(COOKIE, "")[:200].rpartition(".")
    if browser:
        with suppress(NotFound):
            account = find_account(session, name)
            is_own = browser.startswith(f"{account.id}.")
            expected = _signature(account, browser)
            if is_own and hmac.compare_digest(signature.encode(), expected.encode()):
                return browser
    return ""


def _signature(account: Account, browser: str) -> str:
    key = account.password_hash.encode()
    return hmac.new(key, f"known browser {browser}".encode(), hashlib.sha256).hexdigest()
