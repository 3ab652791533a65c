"""The embedder's child process as its queue asks it: loaded first, and left alone after failures.

Its side is :mod:`.embedder_child`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from chatbot_server.processes.json_line_child import ChildFailed, JsonLineChild
from chatbot_server.processes.native_libraries import ONE_THREAD

# Loading takes a second or two of processor time, on a busy machine minutes.
START_SECONDS, LONGEST_START = 30.0, 300.0
# How long the child is not started after a failure, doubled for each further one: a start takes
# two seconds of processor time.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# The environment variable that tells the child *quantized_in*.
QUANTIZED_IN = "CHATBOT_QUANTIZED_IN"
# What a child that makes progress is given for an answer. Whoever asked has left by then, but a
# new one would have to be loaded.
LONGEST_ANSWER = 60.0
IDLE_SECONDS = 600

logger = logging.getLogger(__name__)


class EmbedderProcess:
    """Asks the child; it is started on demand, and killed when it makes no progress.

    Args:
        quantized_in: the folder of the encoder with 8-bit weights, see :class:`~.e5.E5`.
    """

    def __init__(self, quantized_in: Path | None) -> None:
        folder = {QUANTIZED_IN: str(quantized_in.resolve())} if quantized_in else {}
        self.child = JsonLineChild(
            "chatbot_server.retrieval.index.embedder_child",
            idle_seconds=IDLE_SECONDS,
            variables={**ONE_THREAD, **folder},
            shares_stderr=True,
        )
        self._not_before = 0.0
        self._pause = FIRST_PAUSE

    @property
    def is_loaded(self) -> bool:
        """Whether it need not be loaded."""
        return self.child.is_running

    def load(self) -> bool:
        """Start it, and give it time to load its model; whether it can be asked."""
        if self.is_loaded:
            return True
        if time.monotonic() < self._not_before:
            return False
        try:
            self.child.ask({}, START_SECONDS, LONGEST_START)
        except ChildFailed:
            self._rest()
            return False
        return True

    def ask(self, request: dict[str, Any], seconds: float) -> Any:
        """The answer to *request*; None if there is none now."""
        for _attempt in (1, 2):  # the second, if the child had just ended because it was idle
            if not self.load():
                return None
            with suppress(ChildFailed):
                answer = self.child.ask(request, seconds, LONGEST_ANSWER)
                self._pause = FIRST_PAUSE
                return answer
        self._rest()
        logger.warning("the process that searches by meaning does not answer; searching by words")
        return None

    def pids(self) -> Collection[int]:
        """Its number, if it runs."""
        return self.child.pids()

    def close(self) -> None:
        """End it."""
        self.child.close()

    def _rest(self) -> None:
        self._not_before = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
