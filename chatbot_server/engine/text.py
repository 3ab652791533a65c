"""From the bytes of tokens to text that may be shown."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class TextStream:
    """Whole characters only, and never a part of a stop string.

    A character may be spread over tokens, and so may a stop string: what could still
    become one is held back until the next bytes tell.
    """

    def __init__(self, stop: Sequence[str]) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stop = tuple(text for text in stop if text)
        self._held = ""
        self.stopped = False

    def feed(self, piece: bytes) -> str:
        """The text that became certain; ``stopped`` is set where a stop string ended it."""
        self._held += self._decoder.decode(piece)
        stops = [start for text in self._stop if (start := self._held.find(text)) >= 0]
        if stops:
            self.stopped = True
            text, self._held = self._held[: min(stops)], ""
            return text
        possible_stops = [
            length
            for text in self._stop
            for length in range(1, min(len(text), len(self._held) + 1))
            if self._held.endswith(text[:length])
        ]
        certain = len(self._held) - max(possible_stops, default=0)
        text, self._held = self._held[:certain], self._held[certain:]
        return text

    def flush(self) -> str:
        """What was held back, now that nothing follows; half a character is dropped."""
        text, self._held = self._held, ""
        return text
