"""How many requests came in the current window: counted on a shared server, or in memory."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from limits import RateLimitItem
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter, RateLimiter

from chatbot_server.storage.counters import MEMORY, OPTIONS, counters_address

AWAY_SECONDS = 10.0  # after which a shared server that did not respond is asked again
# The most windows of visitors and networks in memory; they take some 50 MB.
MOST_WINDOWS = 200_000
logger = logging.getLogger("chatbot_server")


@dataclass(slots=True)  # not frozen: five are made for each question
class Window:
    """The requests of one visitor, network or site since the window began.

    Attributes:
        count: the number of requests, up to the limit.
        is_full: whether this request was one too many.
        seconds: the time until the next window begins.
    """

    count: int
    is_full: bool
    seconds: int


class MemoryWindows:
    """Windows in the memory of this process.

    The memory storage of the library ``limits`` starts a thread a hundred times a second, which
    walks over every visitor of the day.
    """

    def __init__(self, most: int = MOST_WINDOWS) -> None:
        self._most = most
        self._lock = threading.Lock()
        # Count and end of each window, in the order in which they began.
        self._windows: dict[tuple[str | int, ...], tuple[int, float]] = {}

    def __len__(self) -> int:
        return len(self._windows)

    def add(self, rate: RateLimitItem, *names: str) -> Window:
        """Count one request."""
        return self._window(1, rate, *names)

    def look(self, rate: RateLimitItem, *names: str) -> Window:
        """The current window, without counting a request."""
        return self._window(0, rate, *names)

    def _window(self, requests: int, rate: RateLimitItem, *names: str) -> Window:
        now, length = time.monotonic(), rate.get_expiry()
        key: tuple[str | int, ...] = (rate.amount, length, *names)
        with self._lock:
            count, end = self._windows.get(key, (0, 0.0))
            if end <= now:
                self._windows.pop(key, None)
                count, end = 0, now + length
            if requests:
                count += requests
                self._windows[key] = count, end
                if len(self._windows) > self._most:
                    self._make_room(now)
        is_full = bool(requests) and count > rate.amount
        return Window(min(count, rate.amount), is_full, max(1, int(end - now) + 1))

    def _make_room(self, now: float) -> None:
        """Drop the windows that have ended; if all still run, the oldest tenth of them."""
        running = {key: window for key, window in self._windows.items() if window[1] > now}
        if len(running) > self._most:
            running = dict(list(running.items())[len(running) // 10 :])
        self._windows = running


class SharedWindows:
    """Windows on a server that several processes or machines share."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter

    def add(self, rate: RateLimitItem, *names: str) -> Window:
        """Count one request."""
        is_within = self._limiter.hit(rate, *names)
        return self._window(rate, names, is_full=not is_within)

    def look(self, rate: RateLimitItem, *names: str) -> Window:
        """The current window, without counting a request."""
        return self._window(rate, names, is_full=False)

    def _window(self, rate: RateLimitItem, names: tuple[str, ...], *, is_full: bool) -> Window:
        stats = self._limiter.get_window_stats(rate, *names)
        seconds = max(1, int(stats.reset_time - time.time()) + 1)
        return Window(rate.amount - stats.remaining, is_full, seconds)


class RequestCounts:
    """Counts in *shared* windows, and in memory while their server is away or if there is none."""

    def __init__(self, shared: SharedWindows | None) -> None:
        self._shared = shared
        self._in_memory = MemoryWindows()
        self._away_until = 0.0

    @classmethod
    def at(cls, address: str) -> RequestCounts:
        """The counts at *address*, the setting ``limits.storage``."""
        if address == MEMORY:
            return cls(None)
        storage = storage_from_string(counters_address(address), **OPTIONS)
        return cls(SharedWindows(FixedWindowRateLimiter(storage)))

    def add(self, rate: RateLimitItem, *names: str) -> Window:
        """Count one request."""
        return self._ask(lambda windows: windows.add(rate, *names))

    def look(self, rate: RateLimitItem, *names: str) -> Window:
        """The current window, without counting a request."""
        return self._ask(lambda windows: windows.look(rate, *names))

    def _ask(self, operation: Callable[[SharedWindows | MemoryWindows], Window]) -> Window:
        if self._shared and time.monotonic() >= self._away_until:
            try:
                return operation(self._shared)
            except StorageError as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                logger.warning("limits.storage: %s", error.storage_error)
        return operation(self._in_memory)
