"""Whether work grows with the length of a text only, in processor time of this process."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from types import FrameType

Work = Callable[[str], object]
Maker = Callable[[int], str]

# Each is four times as long as the one before: linear work takes 4 times as long, quadratic 16.
LENGTHS = (1_000, 4_000, 16_000)
MOST = 12
# What takes less on the longest text is in nobody's way.
NOTICEABLE = 0.05
# Quadratic work on the shortest text takes more: below, the longer ones need not be tried.
WORTH_A_SECOND_LOOK = 0.0003
WORTH_A_THIRD_LOOK = 6
# What doubles with each letter never comes back from a long text.
ENDLESS = 3.0


class EndlessError(BaseException):
    """Work took ``ENDLESS`` seconds; no ``except Exception`` of the work itself may catch it."""


def grows_too_fast(work: Work, text_of: Maker, most: int | None = None) -> bool:
    """Whether *work* on ``text_of(length)`` grows clearly faster than the length.

    Work that reads no more than *most* characters may grow as it likes, but not be noticeable.
    """
    try:
        with _limited():
            if most is not None:
                return min(_seconds(work, text_of(most)[:most]) for _ in range(3)) > NOTICEABLE
            return _grows(work, [text_of(length) for length in LENGTHS])
    except EndlessError:
        return True


def _grows(work: Work, texts: Sequence[str]) -> bool:
    former = _seconds(work, texts[0])
    if former < WORTH_A_SECOND_LOOK:
        return False
    for shorter, longer in pairwise(texts):
        seconds = _seconds(work, longer)
        if seconds > NOTICEABLE and _is_confirmed(work, shorter, longer):
            return True
        if seconds < WORTH_A_THIRD_LOOK * former:
            return False
        former = seconds
    return False


def _is_confirmed(work: Work, shorter: str, longer: str) -> bool:
    """The best of three: other work on the machine can only make it slower."""
    long = min(_seconds(work, longer) for _ in range(3))
    return long > NOTICEABLE and long > MOST * min(_seconds(work, shorter) for _ in range(3))


def _seconds(work: Work, text: str) -> float:
    start = time.thread_time()
    work(text)
    return time.thread_time() - start


@contextmanager
def _limited() -> Iterator[None]:
    """Patterns heed signals while they match; the clock stands while others use the processor."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise EndlessError

    former = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, ENDLESS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, former)


def repeated(head: str, part: str, tail: str) -> Maker:
    """Texts of *part*, again and again, between *head* and *tail*."""
    return lambda length: head + part * (length // len(part)) + tail


def runs(parts: Sequence[str]) -> Iterator[Maker]:
    """Texts that repeat each of *parts*; the end of some fits nothing."""
    for part in parts:
        yield repeated("", part, "")
        yield repeated("a", part, "\0a")


def mixtures(parts: Sequence[str]) -> Iterator[Maker]:
    """Texts that repeat each pair of *parts*, or one of them after the other."""
    for first in parts:
        for second in parts:
            if first != second:
                yield repeated(first, second, "\0a")
            if first < second:
                yield repeated("", first + second, "\0a")
