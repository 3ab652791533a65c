"""Who may ask how often; no address is ever stored."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
import secrets
import threading
import time
from dataclasses import dataclass
from functools import cache

from flask import request
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter, RateLimiter

from chatbot_server.config.sections import LimitsSection
from chatbot_server.errors import TooManyRequests
from chatbot_server.storage.counters import MEMORY, OPTIONS, counters_address

DAY = 24 * 3600
AWAY_SECONDS = 10.0  # in which a server that did not answer is not asked again
# Reading, feedback, and keys that do not exist. Not a setting: the widget sends a few of these
# in a minute, so that this only ends loops and guessing.
SMALL_REQUESTS = ("120 per minute",)
# Open panels that ask whether a person wrote; a school has many behind one address.
NEWS_REQUESTS = ("600 per minute",)
# Attempts to log in: of one address, and at one account from wherever.
LOGINS, LOGINS_OF_ACCOUNT = ("20 per 10 minutes",), ("30 per hour",)
# Nobody writes more letters than this; a network is a school, or an office.
CONTACT_REQUESTS = ("5 per hour", "20 per day")
NETWORK_CONTACT_REQUESTS = ("30 per hour", "100 per day")
# Visitors and networks whose requests are counted; as many take some 50 MB.
MOST_WINDOWS = 200_000
logger = logging.getLogger("chatbot_server")
rate_of = cache(parse)  # a configuration has a few


class VisitorKeys:
    """Names visitors without knowing them.

    The name is an HMAC of the address under random bytes that live in memory only and are
    replaced every day, so that yesterday's names cannot be computed again by anyone. An
    IPv6 visitor is known by the /64 that the provider gives to one household; many of them
    come from one network, an IPv4 /24 or an IPv6 /48.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._day = -1
        self._salt = b""

    def name(self, address: str) -> str:
        """Today's name of whoever calls from *address*."""
        return self._name(address, ipv4_bytes=4, ipv6_bytes=8)

    def network(self, address: str) -> str:
        """Today's name of the network of *address*."""
        return self._name(address, ipv4_bytes=3, ipv6_bytes=6)

    def _name(self, address: str, *, ipv4_bytes: int, ipv6_bytes: int) -> str:
        with self._lock:
            day = int(time.time()) // DAY
            if day != self._day:
                self._day, self._salt = day, secrets.token_bytes(32)
            salt = self._salt
        try:
            ip = ipaddress.ip_address(address)
            ipv4 = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else ip
            network = ipv4.packed[:ipv4_bytes] if ipv4 else ip.packed[:ipv6_bytes]
        except ValueError:
            network = address.encode()
        return hmac.new(salt, network, hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True)
class Window:
    """What was counted since a window began.

    Attributes:
        count: of the requests; no more than the limit is counted.
        is_full: this one was one too many.
        seconds: until the next window begins.
    """

    count: int
    is_full: bool
    seconds: int


class MemoryWindows:
    """Counts in the memory of this process.

    The storage of ``limits`` for this starts a thread a hundred times a second, which looks at
    every visitor of the day.
    """

    def __init__(self, most: int = MOST_WINDOWS) -> None:
        self._most = most
        self._lock = threading.Lock()
        # Count and end of each, in the order in which they began.
        self._windows: dict[tuple[str | int, ...], tuple[int, float]] = {}

    def __len__(self) -> int:
        return len(self._windows)

    def window(self, counts: bool, rate: RateLimitItem, *names: str) -> Window:
        """What was counted; *counts*: with one request more."""
        now, length = time.monotonic(), rate.get_expiry()
        key: tuple[str | int, ...] = (rate.amount, length, *names)
        with self._lock:
            count, end = self._windows.get(key, (0, 0.0))
            if end <= now:
                self._windows.pop(key, None)
                count, end = 0, now + length
            if counts:
                count += 1
                self._windows[key] = count, end
                if len(self._windows) > self._most:
                    self._forget(now)
        is_full = counts and count > rate.amount
        return Window(min(count, rate.amount), is_full, max(1, int(end - now) + 1))

    def _forget(self, now: float) -> None:
        """Make room: what has ended goes, else the tenth that began first."""
        running = {key: window for key, window in self._windows.items() if window[1] > now}
        if len(running) > self._most:
            running = dict(list(running.items())[len(running) // 10 :])
        self._windows = running


class Counters:
    """Counts where *shared* does; in memory, so that limits hold, while its server is away.

    None: only in memory.
    """

    def __init__(self, shared: RateLimiter | None) -> None:
        self._shared = shared
        self._in_memory = MemoryWindows()
        self._away_until = 0.0

    def count(self, rate: RateLimitItem, *names: str) -> Window:
        """Count one request."""
        return self._window(True, rate, *names)

    def look(self, rate: RateLimitItem, *names: str) -> Window:
        """What was counted until now."""
        return self._window(False, rate, *names)

    def _window(self, counts: bool, rate: RateLimitItem, *names: str) -> Window:
        if self._shared and time.monotonic() >= self._away_until:
            try:
                return _shared_window(self._shared, counts, rate, *names)
            except StorageError as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                logger.warning("limits.storage: %s", error.storage_error)
        return self._in_memory.window(counts, rate, *names)


def _shared_window(counters: RateLimiter, counts: bool, rate: RateLimitItem, *names: str) -> Window:
    is_within = counters.hit(rate, *names) if counts else True
    stats = counters.get_window_stats(rate, *names)
    seconds = max(1, int(stats.reset_time - time.time()) + 1)
    return Window(rate.amount - stats.remaining, not is_within, seconds)


def _shared_counters(address: str) -> RateLimiter | None:
    """Those at *address*; None: it is this process's memory."""
    if address == MEMORY:
        return None
    return FixedWindowRateLimiter(storage_from_string(counters_address(address), **OPTIONS))


class RateLimits:
    """The limits of ``config.limits`` on the questions of one visitor and of one site."""

    def __init__(self, limits: LimitsSection) -> None:
        self._visitors = VisitorKeys()
        self._limits = limits
        self._counters = Counters(_shared_counters(limits.storage))

    def visitor(self) -> str:
        """Today's name of the visitor of this request."""
        return self._visitors.name(request.remote_addr or "")

    def check_question(self, site: str) -> None:
        """Count one question.

        Raises:
            TooManyRequests: with the seconds to wait.
        """
        self._check("visitor", self._limits.visitor, self.visitor())
        for rate in map(rate_of, self._limits.site):
            self._check_share(rate, site)

    def check_contact(self) -> None:
        """Count one message to a person.

        Raises:
            TooManyRequests: with the seconds to wait.
        """
        self._check("contact", CONTACT_REQUESTS, self.visitor())
        self._check("contact_network", NETWORK_CONTACT_REQUESTS, self._network())

    def check_small(self) -> None:
        """Count one request that costs little (reading, feedback, contact)."""
        self._check("small", SMALL_REQUESTS, self.visitor())

    def check_news(self) -> None:
        """Count one look whether a person wrote to the visitor."""
        self._check("news", NEWS_REQUESTS, self.visitor())

    def check_key(self, key: str) -> None:
        """Count one request of an application with the API key *key*."""
        self._check("api_key", self._limits.api_key, key)

    def check_login(self, account: str = "") -> None:
        """Count one attempt to log in, or to use a one-time token."""
        self._check("login", LOGINS, self.visitor())
        if account:
            self._check("login", LOGINS_OF_ACCOUNT, account.casefold())

    def _network(self) -> str:
        return self._visitors.network(request.remote_addr or "")

    def _check_share(self, rate: RateLimitItem, site: str) -> None:
        """Refuse the networks that ask most, once *site* is asked more than *rate* allows.

        Each network has the same share: a few that ask all the time keep no other visitor out.
        """
        own = self._counters.count(rate, "network", site, self._network())
        count_network = self._counters.count if own.count == 1 else self._counters.look
        active = count_network(rate, "networks", site).count
        if not self._counters.count(rate, "site", site).is_full:
            return
        if own.is_full or own.count > max(1, rate.amount // max(1, active)):
            raise TooManyRequests("limit_site", retry_after=own.seconds, seconds=own.seconds)

    def _check(self, scope: str, rates: tuple[str, ...], name: str) -> None:
        for rate in rates:
            window = self._counters.count(rate_of(rate), scope, name)
            if window.is_full:
                code = f"limit_{scope.removesuffix('_network')}"
                raise TooManyRequests(code, retry_after=window.seconds, seconds=window.seconds)
