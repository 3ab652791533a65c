"""Whose request gets a thread next."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from chatbot_server.web.server.scheduling.fair_queue import AT_ONCE, COMPUTING_SECONDS, FairQueue
from chatbot_server.web.server.worker_settings import WorkerSettings

THREADS = 8


class Clock:
    """Stands still."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> FairQueue[str]:
    return FairQueue(THREADS, clock)


def next_ones(queue: FairQueue[str], count: int) -> list[str | None]:
    """What is worked on, one after the other."""
    works = []
    for _ in range(count):
        works.append(queue.take())
        queue.done(works[-1] or "")
    return works


def test_who_sends_hundreds_has_one_turn_and_then_others_have_theirs(queue: FairQueue[str]) -> None:
    for number in range(300):
        queue.add("loud", f"loud {number}")
    queue.add("quiet", "quiet 0")
    queue.add("other", "other 0")
    assert next_ones(queue, 5) == ["loud 0", "quiet 0", "other 0", "loud 1", "loud 2"]


def test_what_was_sent_before_an_answer_came_waits_until_nothing_else_does(
    queue: FairQueue[str],
) -> None:
    queue.add("hasty", "hasty 0", is_pipelined=True)
    queue.add("quiet", "quiet 0")
    queue.add("quiet", "quiet 1")
    assert next_ones(queue, 4) == ["quiet 0", "quiet 1", "hasty 0", None]


def test_what_was_sent_before_an_answer_came_takes_one_place_at_most(
    queue: FairQueue[str], clock: Clock
) -> None:
    queue.add("quiet", "quiet 0")
    for number in range(3):
        queue.add("hasty", f"hasty {number}", is_pipelined=True)
    assert [queue.take(), queue.take()] == ["quiet 0", None]
    assert queue.seconds_left(60) == pytest.approx(COMPUTING_SECONDS)
    clock.now += COMPUTING_SECONDS * 1.01
    assert [queue.take(), queue.take()] == ["hasty 0", None]
    clock.now += COMPUTING_SECONDS * 1.01
    assert queue.take() is None
    assert queue.seconds_left(60) == 60
    queue.add("quiet", "quiet 1")
    assert queue.take() == "quiet 1"
    assert next_ones(queue, 1) == [None]
    queue.done("hasty 0")
    assert queue.take() is None
    queue.done("quiet 1")
    assert queue.take() == "hasty 1"


def test_few_compute_at_once_and_who_waits_for_something_leaves_its_place(
    queue: FairQueue[str], clock: Clock
) -> None:
    works = [f"work {number}" for number in range(THREADS + 2)]
    for work in works:
        queue.add("one", work)
    assert [queue.take() for _ in range(AT_ONCE + 1)] == [*works[:AT_ONCE], None]
    assert queue.seconds_left(60) == pytest.approx(COMPUTING_SECONDS)
    queue.done(works[0])
    assert queue.take() == works[AT_ONCE]
    assert queue.take() is None
    clock.now += COMPUTING_SECONDS * 1.01
    assert queue.seconds_left(60) == 0
    assert [queue.take() for _ in range(AT_ONCE)] == works[AT_ONCE + 1 : THREADS + 1]


def test_no_more_is_in_hand_than_there_are_threads(queue: FairQueue[str], clock: Clock) -> None:
    for number in range(2 * THREADS):
        queue.add("one", f"work {number}")
    in_hand = []
    for _ in range(2 * THREADS):
        clock.now += COMPUTING_SECONDS
        in_hand += [queue.take()]
    assert in_hand[THREADS:] == [None] * THREADS
    assert queue.seconds_left(60) == 60
    queue.done("work 0")
    assert queue.take() == f"work {THREADS}"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "same_as"),
    [
        (0, ["198.51.100.7"], "192.0.2.1"),
        (1, ["198.51.100.7"], "198.51.100.7"),
        (1, ["203.0.113.1, 198.51.100.7"], "198.51.100.7"),
        (2, ["203.0.113.1", "198.51.100.7, 192.0.2.9"], "198.51.100.7"),
        (1, ["2001:db8::1"], "2001:db8::ffff"),
    ],
)
def test_behind_proxies_a_request_is_of_whom_they_name(
    proxies: int, forwarded: list[str], same_as: str
) -> None:
    head = SimpleNamespace(headers=[("X-FORWARDED-FOR", value) for value in forwarded])
    whose = WorkerSettings(proxies=proxies).household(head, ("192.0.2.1", 1))
    assert whose == WorkerSettings().household(head, (same_as, 2)) != ""


def test_where_a_proxy_names_nobody_all_requests_are_of_one() -> None:
    head = SimpleNamespace(headers=[])
    assert WorkerSettings(proxies=1).household(head, ("192.0.2.1", 1)) == ""
    assert WorkerSettings().household(head, "") == ""
