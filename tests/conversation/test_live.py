"""An answer is made once, read by whoever holds on, and ends with its last reader."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from support.patience import LONG, wait_for

from chatbot_server.conversation.events import Ended, Event, Failed, TextPiece
from chatbot_server.conversation.live import LiveAnswer, LiveAnswers, fitting_streams
from chatbot_server.errors import EngineBusy, EngineCrashed, NotFound, TooManyRequests, Unavailable


class Script:
    """A turn whose pieces the test lets out one by one."""

    is_settled = False

    def __init__(self, *, pieces: int = 3, error: Exception | None = None) -> None:
        self.pieces = pieces
        self.error = error
        self.gate = threading.Semaphore(0)
        self.cancelled = threading.Event()

    def events(self) -> Iterator[Event]:
        for number in range(self.pieces):
            self.gate.acquire()
            if self.cancelled.is_set():
                yield Ended("model", "stopped")
                return
            yield TextPiece(str(number))
        if self.error:
            raise self.error
        yield Ended("model")

    def cancel(self) -> None:
        self.cancelled.set()
        self.gate.release()


def live(script: Script, *, grace: float = 0.0, released: int = 1) -> LiveAnswer:
    answer = LiveAnswer("m", "c", script, grace=grace)
    for _ in range(released):
        script.gate.release()
    answer.start()
    return answer


def texts(events: list[tuple[int, Event] | None]) -> list[str]:
    return [entry[1].text for entry in events if entry and isinstance(entry[1], TextPiece)]


def test_two_readers_see_the_same_events_with_the_same_numbers() -> None:
    answer = live(Script(), released=3)
    first, second = list(answer.follow()), list(answer.follow())
    assert first == second
    assert [entry[0] for entry in first if entry] == [1, 2, 3, 4]
    assert isinstance(first[-1][1], Ended)  # type: ignore[index]


def test_an_answer_is_taken_up_after_the_last_event_that_was_seen() -> None:
    answer = live(Script(), released=3)
    assert texts(list(answer.follow(after=2))) == ["2"]


def test_what_is_there_at_once_needs_no_thread_of_its_own() -> None:
    script = Script()
    script.is_settled = True
    answer = live(script, released=3)
    assert answer.ended_at is not None
    assert f"answer-{answer.identifier}" not in {t.name for t in threading.enumerate()}
    assert texts(list(answer.follow())) == ["0", "1", "2"]


def test_a_refusal_before_the_first_event_is_raised_to_who_asked() -> None:
    script = Script(pieces=0, error=EngineBusy("engine_busy", waiting=1))
    with pytest.raises(EngineBusy):
        live(script)


def test_a_failure_in_the_middle_is_the_last_event() -> None:
    script = Script(pieces=1, error=EngineCrashed("engine_no_answer"))
    *_, last = list(live(script).follow())
    assert last is not None
    assert isinstance(last[1], Failed)
    assert last[1].error.code == "engine_no_answer"


def test_an_unexpected_failure_says_nothing_of_its_inside() -> None:
    script = Script(pieces=1, error=RuntimeError("secret path"))
    *_, last = list(live(script).follow())
    assert last is not None
    assert isinstance(last[1], Failed)
    assert "secret" not in last[1].error.sentence()


def test_the_work_stops_when_the_last_reader_leaves() -> None:
    script = Script()
    answer = live(script)
    one, two = answer.follow(), answer.follow()
    next(one), next(two)
    one.close()
    assert not script.cancelled.is_set()
    two.close()
    assert script.cancelled.is_set()
    assert answer.wait_ended(LONG)


def test_with_grace_a_reader_may_come_back() -> None:
    script = Script()
    answer = live(script, grace=10 * LONG)
    reader = answer.follow()
    next(reader)
    reader.close()
    assert not script.cancelled.is_set()
    script.gate.release()
    script.gate.release()
    assert texts(list(answer.follow(after=1))) == ["1", "2"]


def test_after_the_grace_an_answer_nobody_reads_is_stopped() -> None:
    script = Script()
    answer = live(script, grace=0.05)
    reader = answer.follow()
    next(reader)
    reader.close()
    assert script.cancelled.wait(LONG)


def test_a_reader_whose_connection_is_closed_is_noticed_without_an_event() -> None:
    script = Script()
    answer = live(script)
    reader = answer.follow(has_left=lambda: True)
    next(reader)
    assert list(reader) == []
    assert script.cancelled.is_set()


def test_silence_is_filled_with_pings() -> None:
    script = Script()
    answer = live(script)
    reader = answer.follow(ping=0.01)
    next(reader)
    assert next(reader) is None
    reader.close()


def test_no_more_answers_than_allowed_are_in_the_making() -> None:
    answers = LiveAnswers(1, 1)
    script = Script()
    answers.add(live(script))
    with pytest.raises(Unavailable) as caught:
        answers.add(LiveAnswer("other", "c", Script(), grace=0))
    assert caught.value.retry_after
    script.cancel()


@pytest.mark.parametrize(
    ("free_memory", "streams"), [(0, 24), (10**8, 24), (10**9, 125), (2**40, 400)]
)
def test_more_memory_holds_more_answers(free_memory: int, streams: int) -> None:
    assert fitting_streams(free_memory) == streams


def test_who_does_not_wait_is_woken_for_what_there_is() -> None:
    script, rings = Script(pieces=2), threading.Semaphore(0)
    answer = live(script)
    reader = answer.open_reader(0, rings.release)
    assert texts(list(reader.take() or ())) == ["0"]
    assert reader.take() == []
    script.gate.release()
    assert rings.acquire(timeout=LONG)
    wait_for(lambda: answer.wait_ended(0))
    entries = reader.take() or []
    assert [number for number, _ in entries] == [2, 3]
    assert reader.take() is None
    reader.close()
    reader.close()


def test_one_visitor_leaves_room_for_others() -> None:
    answers = LiveAnswers(9, 2)
    script = Script()
    for name, visitor in zip("123456", ("ada", "ada", "bob", "", "", ""), strict=True):
        answers.add(LiveAnswer(name, "c", script, grace=0, visitor=visitor))
    more = LiveAnswer("more", "c", Script(), grace=0, visitor="ada")
    with pytest.raises(TooManyRequests):
        answers.add(more)
    ended = answers.get("1")
    script.gate.release()
    script.cancel()
    ended.start()
    assert ended.wait_ended(LONG)
    answers.add(more)


def test_a_third_reader_takes_the_place_of_the_first() -> None:
    script = Script(pieces=2)
    answer = live(script)
    first, second, third = (answer.follow() for _ in range(3))
    for reader in (first, second, third):
        assert texts([next(reader)]) == ["0"]
    assert list(first) == []
    assert not script.cancelled.is_set()
    script.gate.release()
    assert texts(list(second)) == texts(list(third)) == ["1"]


def test_answers_are_found_while_they_run_and_unknown_ones_are_not() -> None:
    answers = LiveAnswers(2, 2)
    script = Script()
    answer = live(script)
    answers.add(answer)
    assert answers.get("m") is answer
    assert answers.running_in("c") == [answer]
    script.cancel()
    assert answer.wait_ended(LONG)
    assert answers.running_in("c") == []
    assert answers.get("m") is answer
    with pytest.raises(NotFound):
        answers.get("other")
