"""The log-ins that this process knows of, so that the server can tell an owner before it reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from werkzeug.http import parse_cookie

from chatbot_server.storage.base import hash_of_secret


class OpenSessions:
    """Hashes of the cookies of browsers that are logged in, in memory.

    The database decides who is logged in; this only tells it without a wait. A log-in that ended in
    another browser stays here until its cookie comes again.

    Args:
        cookie: the name of the cookie.
        hashes: those of the log-ins that are in the database.
    """

    def __init__(self, cookie: str, hashes: Iterable[str] = ()) -> None:
        self._cookie = cookie
        self._hashes = set(hashes)

    def note(self, token: str, *, is_open: bool) -> None:
        """Remember whether the database knows the log-in of this cookie's *token*."""
        if is_open:
            self._hashes.add(hash_of_secret(token))
        else:
            self._hashes.discard(hash_of_secret(token))

    def __contains__(self, token: str) -> bool:
        return hash_of_secret(token) in self._hashes

    def is_logged_in(self, head: Any) -> bool:
        """Whether gunicorn's request *head* has the cookie of one of them."""
        cookies = (value for name, value in head.headers if name == "COOKIE")
        return any(parse_cookie(each).get(self._cookie, "") in self for each in cookies)
