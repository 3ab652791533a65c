"""Who may ask how often. Counters are kept by Flask-Limiter; no address is ever stored."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time

from flask import Flask, request
from flask_limiter import Limiter

from chatbot_server.config.sections import Limits
from chatbot_server.errors import TooManyRequests

DAY = 24 * 3600


class VisitorKeys:
    """Names visitors without knowing them.

    The name is an HMAC of the address under random bytes that live in memory only and are
    replaced every day, so that yesterday's names cannot be computed again by anyone. An
    IPv6 visitor is known by the /64 that the provider gives to one household.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._day = -1
        self._salt = b""

    def name(self, address: str) -> str:
        """Today's name of whoever calls from *address*."""
        return hmac.new(self._todays_salt(), _network(address), hashlib.sha256).hexdigest()[:32]

    def _todays_salt(self) -> bytes:
        with self._lock:
            day = int(time.time()) // DAY
            if day != self._day:
                self._day, self._salt = day, secrets.token_bytes(32)
            return self._salt


def _network(address: str) -> bytes:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address.encode()
    if isinstance(parsed, ipaddress.IPv6Address):
        return (parsed.ipv4_mapped or parsed).packed[:8]
    return parsed.packed


class RateLimits:
    """The limits of ``config.limits`` on the questions of one visitor and of one site."""

    def __init__(self, app: Flask, limits: Limits) -> None:
        self._visitors = VisitorKeys()
        self._limits = limits
        self._limiter = Limiter(
            self.visitor, app=app, storage_uri=limits.storage, default_limits=[]
        )

    def visitor(self) -> str:
        """Today's name of the visitor of this request."""
        return self._visitors.name(request.remote_addr or "")

    def check_question(self, site: str) -> None:
        """Count one question.

        Raises:
            TooManyRequests: with the seconds to wait.
        """
        self._check("visitor", self._limits.visitor, self.visitor())
        self._check("site", self._limits.site, site)

    def check_small(self) -> None:
        """Count one request that costs little (reading, feedback, contact)."""
        self._check("small", ("120 per minute",), self.visitor())

    def check_key(self, key: str) -> None:
        """Count one request of an application with the API key *key*."""
        self._check("api_key", self._limits.api_key, key)

    def _check(self, scope: str, rates: tuple[str, ...], name: str) -> None:
        from limits import parse

        for rate in rates:
            item = parse(rate)
            if not self._limiter.limiter.hit(item, scope, name):
                window = self._limiter.limiter.get_window_stats(item, scope, name)
                wait = max(1, int(window.reset_time - time.time()) + 1)
                raise TooManyRequests(f"limit_{scope}", retry_after=wait, seconds=wait)
