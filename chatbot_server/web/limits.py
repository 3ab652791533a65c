"""Who may ask how often; no address is ever stored."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
import secrets
import threading
import time

from flask import request
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter, RateLimiter

from chatbot_server.config.sections import LimitsSection
from chatbot_server.errors import TooManyRequests
from chatbot_server.storage.counters import OPTIONS, counters_address

DAY = 24 * 3600
AWAY_SECONDS = 10.0  # in which a server that did not answer is not asked again
# Reading, feedback, and keys that do not exist. Not a setting: the widget sends a few of these
# in a minute, so that this only ends loops and guessing.
SMALL_REQUESTS = ("120 per minute",)
# Attempts to log in: of one address, and at one account from wherever.
LOGINS, LOGINS_OF_ACCOUNT = ("20 per 10 minutes",), ("30 per hour",)
logger = logging.getLogger("chatbot_server")


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
        with self._lock:
            day = int(time.time()) // DAY
            if day != self._day:
                self._day, self._salt = day, secrets.token_bytes(32)
            salt = self._salt
        try:
            ip = ipaddress.ip_address(address)
            ipv4 = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
            network = (ipv4 or ip).packed[:8]
        except ValueError:
            network = address.encode()
        return hmac.new(salt, network, hashlib.sha256).hexdigest()[:32]


class Counters:
    """Counts where *shared* does; in memory, so that limits hold, while its server is away."""

    def __init__(self, shared: RateLimiter) -> None:
        self._shared = shared
        self._in_memory = FixedWindowRateLimiter(MemoryStorage())
        self._away_until = 0.0

    def count(self, rate: RateLimitItem, *names: str) -> int:
        """Count one request; the seconds to wait where it is one too many, else 0."""
        if time.monotonic() >= self._away_until:
            try:
                return _seconds_to_wait(self._shared, rate, *names)
            except StorageError as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                logger.warning("limits.storage: %s", error.storage_error)
        return _seconds_to_wait(self._in_memory, rate, *names)


def _seconds_to_wait(counters: RateLimiter, rate: RateLimitItem, *names: str) -> int:
    if counters.hit(rate, *names):
        return 0
    return max(1, int(counters.get_window_stats(rate, *names).reset_time - time.time()) + 1)


class RateLimits:
    """The limits of ``config.limits`` on the questions of one visitor and of one site."""

    def __init__(self, limits: LimitsSection) -> None:
        self._visitors = VisitorKeys()
        self._limits = limits
        storage = storage_from_string(counters_address(limits.storage), **OPTIONS)
        self._counters = Counters(FixedWindowRateLimiter(storage))

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
        self._check("small", SMALL_REQUESTS, self.visitor())

    def check_key(self, key: str) -> None:
        """Count one request of an application with the API key *key*."""
        self._check("api_key", self._limits.api_key, key)

    def check_login(self, account: str = "") -> None:
        """Count one attempt to log in, or to use a one-time token."""
        self._check("login", LOGINS, self.visitor())
        if account:
            self._check("login", LOGINS_OF_ACCOUNT, account.casefold())

    def _check(self, scope: str, rates: tuple[str, ...], name: str) -> None:
        for rate in rates:
            if wait := self._counters.count(parse(rate), scope, name):
                raise TooManyRequests(f"limit_{scope}", retry_after=wait, seconds=wait)
