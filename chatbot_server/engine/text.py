"""From the bytes of tokens to text that may be shown."""

from __future__ import annotations

import codecs
import math
import time
from collections.abc import Callable, Sequence

# Text that comes faster than this is passed on together: each piece takes the web process some
# tenths of a millisecond, which would slow a fast model down.
GATHER_SECONDS = 0.015


class TextStream:
    """Yields whole characters only, and never a part of a stop string.

    Characters and stop strings may be spread over several tokens: text that could still become
    one is held back until the next bytes decide.
    """

    def __init__(self, stop: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stop = tuple(text for text in stop if text)
        self._held = self._certain = ""
        self._clock = clock
        self._given_at = -math.inf
        self.stopped = False

    def feed(self, piece: bytes) -> str:
        """The text that is certain after *piece*; empty while text is gathered.

        Sets ``stopped`` if a stop string has ended the text.
        """
        self._held += self._decoder.decode(piece)
        stops = [start for text in self._stop if (start := self._held.find(text)) >= 0]
        if stops:
            self.stopped = True
            self._held = self._held[: min(stops)]
            return self.flush()
        possible_stops = [
            length
            for text in self._stop
            for length in range(1, min(len(text), len(self._held) + 1))
            if self._held.endswith(text[:length])
        ]
        certain = len(self._held) - max(possible_stops, default=0)
        self._certain += self._held[:certain]
        self._held = self._held[certain:]
        now = self._clock()
        if not self._certain or now - self._given_at < GATHER_SECONDS:
            return ""
        text, self._certain, self._given_at = self._certain, "", now
        return text

    def flush(self) -> str:
        """The rest of the text at its end; half a character is dropped."""
        text, self._certain, self._held = self._certain + self._held, "", ""
        return text
