"""The memory of long bodies that come or wait, and who is refused once they take too much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from chatbot_server.web.server.connection import Connection
from chatbot_server.web.server.worker_settings import WorkerSettings

LONG = 131_072  # bytes; no body that a visitor sends has more
# Bytes that all long bodies may take in memory while they come, and while they wait for a thread.
LONG_TOGETHER = 64_000_000


def find_refusable(
    connections: Iterable[Connection], settings: WorkerSettings
) -> Connection | None:
    """The connection to refuse, because long bodies take too much memory together; else None.

    It is one of the household that takes most, so that nobody can keep out the others; of its
    bodies, the shortest, so that the others come to an end. Whoever is logged in is refused last.
    """
    long = [each for each in connections if each.body_size > LONG]
    if sum(each.body_size for each in long) <= LONG_TOGETHER:
        return None
    strangers = [each for each in long if not settings.is_logged_in(each.head)] or long
    households = {each: settings.household(each.head, each.client) for each in strangers}
    bytes_of = Counter[str]()
    for each, household in households.items():
        bytes_of[household] += each.body_size
    return min(strangers, key=lambda each: (-bytes_of[households[each]], each.body_size))
