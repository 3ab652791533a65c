"""One thread leads at a time, and another takes over from one that is held up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.patience import LONG

from chatbot_server.web.server.scheduling.leadership import Leadership


class Loop:
    """A loop whose first leader makes one answer, and whose next leaders make none."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(4)
        self.leadership = Leadership(self.lead, self.threads)
        self.may_end = threading.Event()
        self.second_leads = threading.Event()
        self.has_ended = threading.Event()
        self.kept_lead: bool | None = None
        self.waits = False

    def lead(self, number: int) -> None:
        """As the worker's: one answer, then rounds without any."""
        if number > 1:
            self.second_leads.set()
            return
        self.leadership.begin_answer()
        if self.waits:
            self.leadership.give_away()
        self.may_end.wait(LONG)
        self.kept_lead = self.leadership.end_answer(number)
        self.has_ended.set()


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.may_end.set()
    loop.threads.shutdown()


def test_a_quick_answer_keeps_the_lead(loop: Loop) -> None:
    loop.may_end.set()
    loop.leadership.pass_on()
    assert loop.has_ended.wait(LONG)
    loop.leadership.watch(0)
    assert loop.kept_lead is True
    assert not loop.second_leads.is_set()


def test_another_leads_while_an_answer_takes_long(loop: Loop) -> None:
    loop.leadership.pass_on()
    while not loop.second_leads.is_set():
        loop.leadership.watch(LONG)
    loop.may_end.set()
    assert loop.has_ended.wait(LONG)
    assert loop.kept_lead is False


def test_who_is_about_to_wait_gives_the_lead_away_at_once(loop: Loop) -> None:
    loop.waits = True
    loop.leadership.pass_on()
    assert loop.second_leads.wait(LONG)  # nobody watches
    assert not loop.has_ended.is_set()


def test_a_thread_that_does_not_lead_gives_nothing_away(loop: Loop) -> None:
    loop.leadership.pass_on()
    loop.leadership.give_away()
    loop.may_end.set()
    assert loop.has_ended.wait(LONG)
    assert loop.kept_lead is True
    assert not loop.second_leads.is_set()


def test_whoever_takes_the_lead_shares_it_with_nobody(loop: Loop) -> None:
    loop.leadership.pass_on()
    loop.leadership.take()  # once the leader is held up by its answer
    loop.may_end.set()
    assert loop.has_ended.wait(LONG)
    assert loop.kept_lead is False
    assert not loop.leadership.lasts(1)
    assert not loop.second_leads.is_set()


def test_the_error_that_ends_the_loop_is_told() -> None:
    def lead(number: int) -> None:
        raise ValueError("the selector failed")

    with ThreadPoolExecutor(1) as threads:
        leadership = Leadership(lead, threads)
        leadership.pass_on()
        threads.submit(lambda: None).result(LONG)
        with pytest.raises(ValueError, match="the selector failed"):
            leadership.watch(0)
