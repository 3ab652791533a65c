"""The processes that read files and make vectors, of a server with very many open files."""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.patience import LONG, wait_for

from chatbot_server.processes.json_line_child import ChildFailed
from chatbot_server.retrieval.index.embedder import ChildEmbedder, make_embedder
from chatbot_server.retrieval.index.embedder_queue import (
    QUESTIONS_AT_ONCE,
    EmbedderQueue,
    TurnPatience,
)
from chatbot_server.retrieval.read.extractor import Extractor

pytestmark = pytest.mark.xdist_group("live")
BEYOND_SELECT = 1100
PATIENT = TurnPatience(LONG, loading_seconds=LONG)


@pytest.fixture(autouse=True)
def many_files() -> Iterator[None]:
    """Files up to a number that ``select`` does not know are open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(BEYOND_SELECT)]
    yield
    for file in held:
        os.close(file)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_file_is_read() -> None:
    extractor = Extractor()
    read = extractor.read(b"We open at nine.", "text", "hours.txt", "file:hours.txt")
    extractor.close()
    assert read.drafts[0].text == "We open at nine."


def test_each_question_gets_its_own_vector(encoder_dir: Path) -> None:
    embedder = make_embedder("on", encoder_dir)
    assert embedder is not None
    found = [embedder.query(text) for text in ("opening hours", "parking", "opening hours")]
    embedder.close()
    first, other, again = (vectors.whole.tolist() for vectors in found if vectors)
    assert first == again
    assert first != other


def test_a_process_that_fails_is_tried_again_after_a_second_then_less_and_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment, tries = 0.0, []

    class Failing:
        is_running = False

        def ask(self, _request: object, *_seconds: float) -> None:
            tries.append(moment)
            self.is_running = moment == 7.0
            if not self.is_running:
                raise ChildFailed

    embedder = ChildEmbedder()
    failing = Failing()
    embedder._process.child = failing  # type: ignore[assignment]
    clock = SimpleNamespace(monotonic=lambda: moment)
    monkeypatch.setattr("chatbot_server.retrieval.index.embedder_process.time", clock)
    for seconds in (0.0, 0.9, 1.0, 2.9, 3.0, 6.9, 7.0, 7.1, 8.0, 8.2):
        moment, failing.is_running = seconds, False
        embedder.count(["hello"], query=False)
    # It loads and answers at 7; what fails after that is tried again a second later.
    assert tries == [0.0, 1.0, 3.0, 7.0, 7.0, 7.1, 8.2]


def test_questions_that_wait_are_computed_together() -> None:
    embedder = ChildEmbedder()
    texts = ["opening hours", "parking", "prices", "lost property"]
    alone = [embedder.query(text) for text in texts]
    sizes: list[int] = []
    ask = embedder._process.child.ask
    is_free = threading.Event()

    def noting_ask(request: Any, seconds: float, most_seconds: float = 0.0) -> Any:
        sizes.append(len(request["questions"]))
        is_free.wait(LONG)
        return ask(request, seconds, most_seconds)

    embedder._process.child.ask = noting_ask  # type: ignore[method-assign]
    with ThreadPoolExecutor(len(texts) + 1) as visitors:
        first = visitors.submit(embedder.query, "who is there?")
        wait_for(lambda: sizes == [1])
        answers = [visitors.submit(embedder.query, text) for text in texts]
        wait_for(lambda: embedder._queue._arrivals.qsize() == len(texts))
        is_free.set()
        together = [answer.result() for answer in answers]
        assert first.result() is not None
    embedder.close()
    assert sizes == [1, len(texts)]
    for one, other in zip(alone, together, strict=True):
        assert one is not None
        assert other is not None
        assert np.allclose(one.whole, other.whole, atol=1e-5)
        assert one.words.keys() == other.words.keys()


@pytest.fixture
def child() -> Iterator[SlowChild]:
    """Answers when it is told to."""
    child = SlowChild()
    yield child
    child.is_loaded = True
    child.may_load.set()
    child.is_free.set()
    child.queue.close()


class SlowChild:
    """What an :class:`EmbedderQueue` asks: it notes its requests, and echoes questions."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.is_free, self.may_load = threading.Event(), threading.Event()
        self.is_loaded = True
        self.queue = EmbedderQueue(self)

    def load(self) -> bool:
        self.is_loaded = self.may_load.wait(LONG)
        return self.is_loaded

    def ask(self, request: dict[str, Any], _seconds: float) -> Any:
        self.requests.append(request)
        self.is_free.wait(LONG)
        if "fail" in request:
            raise RuntimeError("broken")
        return request.get("questions", request)

    def wait_until_asked(self, count: int) -> None:
        wait_for(lambda: len(self.requests) == count)

    def wait_until_waiting(self, count: int) -> None:
        wait_for(lambda: self.queue._arrivals.qsize() == count)


def test_sections_are_read_in_their_turn_among_questions(child: SlowChild) -> None:
    with ThreadPoolExecutor(QUESTIONS_AT_ONCE + 3) as visitors:
        visitors.submit(child.queue.ask, {"texts": []}, LONG)
        child.wait_until_asked(1)
        texts = [f"question {number}" for number in range(QUESTIONS_AT_ONCE + 1)]
        asked = []
        for place, text in enumerate(texts, 1):
            asked.append(visitors.submit(child.queue.ask_question, text, LONG, PATIENT))
            child.wait_until_waiting(place)
        reading = visitors.submit(child.queue.ask, {"sections": []}, LONG)
        child.wait_until_waiting(len(texts) + 1)
        child.is_free.set()
        assert [each.result() for each in asked] == texts
        assert reading.result() == {"sections": []}
    assert [sorted(request) for request in child.requests] == [
        ["texts"],
        ["questions"],
        ["questions"],
        ["sections"],
    ]
    assert [len(request["questions"]) for request in child.requests[1:3]] == [QUESTIONS_AT_ONCE, 1]


def test_a_question_waits_for_one_section_not_for_those_that_came_before_it(
    child: SlowChild,
) -> None:
    with ThreadPoolExecutor(4) as visitors:
        for place in range(3):
            visitors.submit(child.queue.ask, {"compared": str(place)}, LONG)
            child.wait_until_asked(1)
            child.wait_until_waiting(place)
        asked = visitors.submit(child.queue.ask_question, "next", LONG, PATIENT)
        child.wait_until_waiting(3)
        child.is_free.set()
        assert asked.result() == "next"
    assert [[*request] for request in child.requests] == [
        ["compared"],
        ["questions"],
        ["compared"],
        ["compared"],
    ]


def test_who_waits_too_long_gets_none_and_nothing_is_computed_for_them(child: SlowChild) -> None:
    with ThreadPoolExecutor(1) as visitors:
        visitors.submit(child.queue.ask, {"texts": []}, LONG)
        child.wait_until_asked(1)
        assert child.queue.ask_question("too late", LONG, TurnPatience(0.01)) is None
        assert child.queue.ask({"sections": []}, LONG, TurnPatience(0.01)) is None
        child.is_free.set()
    assert child.queue.ask_question("next", LONG, PATIENT) == "next"
    assert child.requests[1:] == [{"questions": ["next"]}]


def test_who_waits_as_others_get_their_answers_waits_longer(child: SlowChild) -> None:
    with ThreadPoolExecutor(1) as visitors:
        visitors.submit(child.queue.ask, {"texts": []}, LONG)
        child.wait_until_asked(1)
        child.queue._answered_at = time.monotonic() + LONG  # somebody gets theirs all the time
        began = time.monotonic()
        assert child.queue.ask_question("", LONG, TurnPatience(0.1, most_seconds=0.6)) is None
        assert time.monotonic() - began >= 0.6
        child.is_free.set()


def test_who_waits_too_long_for_an_answer_that_is_being_made_gets_none(child: SlowChild) -> None:
    assert child.queue.ask_question("slow", 0.01, TurnPatience(0.01)) is None
    child.is_free.set()
    assert child.queue.ask_question("next", LONG, PATIENT) == "next"


def test_while_it_is_loaded_visitors_leave_in_time_and_others_wait(child: SlowChild) -> None:
    child.is_loaded = False
    hurried, late = TurnPatience(LONG, loading_seconds=0.5), TurnPatience(LONG, loading_seconds=0)
    with ThreadPoolExecutor(2) as callers:
        first = callers.submit(child.queue.ask_question, "first", LONG, hurried)
        wait_for(lambda: child.queue._loading_since)
        assert child.queue.ask_question("late", LONG, late) is None
        patient = callers.submit(child.queue.ask, {"texts": []}, LONG, PATIENT)
        assert first.result() is None
        assert child.requests == []
        child.is_free.set()
        child.may_load.set()
        assert patient.result() == {"texts": []}
    assert child.requests == [{"texts": []}]


def test_an_error_is_told_to_who_asked_and_the_next_is_answered(child: SlowChild) -> None:
    child.is_free.set()
    with pytest.raises(RuntimeError, match="broken"):
        child.queue.ask({"fail": True}, LONG)
    assert child.queue.ask_question("next", LONG, PATIENT) == "next"


def test_who_waits_when_it_is_closed_gets_none_and_it_can_be_used_again(child: SlowChild) -> None:
    with ThreadPoolExecutor(3) as visitors:
        begun = visitors.submit(child.queue.ask_question, "begun", LONG, PATIENT)
        child.wait_until_asked(1)
        closing = visitors.submit(child.queue.close)
        child.wait_until_waiting(1)
        late = visitors.submit(child.queue.ask_question, "late", LONG, PATIENT)
        child.wait_until_waiting(2)
        child.is_free.set()
        closing.result()
        assert begun.result() == "begun"
        assert late.result() is None
    assert child.queue.ask_question("again", LONG, PATIENT) == "again"


def test_who_waits_for_an_answer_tells_it_before(encoder_dir: Path) -> None:
    callers = list[int]()
    embedder = make_embedder("on", encoder_dir, LONG, lambda: callers.append(threading.get_ident()))
    assert embedder is not None
    assert embedder.query("opening hours") is not None
    embedder.close()
    assert callers == [threading.get_ident()]
