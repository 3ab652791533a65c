"""A stream that a thread produces, so that its reader can limit how long it waits."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")
Put = Callable[[Item], bool]


class StreamSilent(TimeoutError):
    """Nothing came within the reader's time limit."""


class ThreadedStream(Generic[Item]):
    """The items that *produce* puts into it; to be closed by whoever reads it.

    Args:
        produce: runs in the thread with a function that takes an item and returns whether
            more are wanted. The queue has no bound: what produces an answer bounds its length.
        wake: called in the thread when there is an item, or the end, for readers that do not wait.
    """

    def __init__(
        self, produce: Callable[[Put[Item]], None], wake: Callable[[], None] = lambda: None
    ) -> None:
        self._produce = produce
        self._wake = wake
        self._queue: queue.SimpleQueue[Item | _Failure | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @classmethod
    def of(
        cls, items: Iterable[Item], wake: Callable[[], None] = lambda: None
    ) -> ThreadedStream[Item]:
        """The *items*, iterated by the thread."""

        def produce(put: Put[Item]) -> None:
            for item in items:
                if not put(item):
                    return

        return cls(produce, wake)

    def next(self, seconds: float) -> Item | None:
        """The next item; None at the end, or when it was closed.

        Raises:
            StreamSilent: nothing came within *seconds*.
            Exception: what *produce* raised.
        """
        try:
            item = self._queue.get(timeout=max(0.0, seconds))
        except queue.Empty:
            raise StreamSilent from None
        if isinstance(item, _Failure):
            raise item.error
        return item

    def close(self, patience: float = 0.0) -> None:
        """Wake the reader; wait *patience* seconds for the thread, which ends at its next item."""
        self._closed.set()
        self._queue.put(None)
        if patience:
            self._thread.join(patience)

    def _run(self) -> None:
        try:
            self._produce(self._put)
        except Exception as error:  # raised where it is read
            self._queue.put(_Failure(error))
        finally:
            self._queue.put(None)
            self._wake()

    def _put(self, item: Item) -> bool:
        self._queue.put(item)
        self._wake()
        return not self._closed.is_set()


class _Failure:
    def __init__(self, error: Exception) -> None:
        self.error = error
