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
        certain = len(self._held) - self._possible_stop()
        text, self._held = self._held[:certain], self._held[certain:]
        return text

    def flush(self) -> str:
        """What was held back, now that nothing follows; half a character is dropped."""
        text, self._held = self._held, ""
        return text

    def _possible_stop(self) -> int:
        """Length of the longest end of the held text that begins a stop string."""
        longest = 0
        for text in self._stop:
            for length in range(min(len(text) - 1, len(self._held)), longest, -1):
                if self._held.endswith(text[:length]):
                    longest = length
                    break
        return longest
