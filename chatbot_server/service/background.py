"""Work that a thread of the parent does beside the server, until it is stopped."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod


class BackgroundWork(ABC):
    """A thread that does :meth:`_repeat` until :attr:`_stop` is set."""

    def __init__(self, name: str) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the work and wait until it has ended; also if it was never started."""
        self._stop.set()
        if self._thread.ident:
            self._thread.join()

    @abstractmethod
    def _repeat(self) -> None:
        """Work again and again, and return soon after :attr:`_stop` is set."""
