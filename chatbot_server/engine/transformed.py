"""A completion whose events are replaced by others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator

from chatbot_server.engine.base import Completion, Event


class TransformedCompletion(ABC):
    """A :class:`~chatbot_server.engine.base.Completion` made of the events of another one."""

    def __init__(self, completion: Completion) -> None:
        self._completion = completion
        self._events: deque[Event] = deque()

    @abstractmethod
    def transform(self, event: Event) -> Iterable[Event]:
        """The events that take the place of *event*, the next one; none if it is held back."""

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        while not self._events:
            self._events += self.transform(next(self._completion))
        return self._events.popleft()

    def close(self) -> None:
        """See :class:`chatbot_server.engine.base.Completion`."""
        self._completion.close()
