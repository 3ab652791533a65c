"""Several prompts of one request, answered one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from chatbot_server.engine.base import Completion, Event, Finished


class CompletionSeries:
    """A :class:`~chatbot_server.engine.base.Completion` with a ``Finished`` for each prompt.

    Args:
        begin: for each prompt, a function that begins its completion. The first is called at
            once, so that a refusal is raised to the caller.
    """

    def __init__(self, begin: Sequence[Callable[[], Completion]]) -> None:
        self._begin = iter(begin)
        self._closed = threading.Event()
        self._current: Completion | None = next(self._begin)()

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        if self._current is None:
            self._current = next(self._begin)()
        if self._closed.is_set():
            self._current.close()
            raise StopIteration
        event = next(self._current)
        if isinstance(event, Finished):
            self._current.close()
            self._current = None
        return event

    def close(self) -> None:
        """Cancel the current completion, and begin no other; from any thread."""
        self._closed.set()
        if current := self._current:
            current.close()
