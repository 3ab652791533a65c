"""A cache of answers to first questions: the same question gets the same answer at once.

Answers are kept only in the memory of the web worker. An answer to a visitor's question is
personal data: what is never on the disk need not be erased there, and is gone with the process.
Questions are not kept at all, only their digests under a key drawn when the process starts.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from chatbot_server.conversation.events import AnswerStatus, Ended
from chatbot_server.engine.base import Timings, Usage
from chatbot_server.retrieval.base import Grounding, Source

# Of an answer and its prompt. 500 answers (the default) of 2,000 characters take 1 MB.
MAX_CHARS = 30_000
MOST_REJECTED = 10_000
# How long the conversation of an answer is trusted to exist still.
EXISTENCE_SECONDS = 1.0
FINAL_PUNCTUATION = " .?!…。؟"


@dataclass(frozen=True)
class CacheKey:
    """Digests of what an answer depends on.

    Attributes:
        question: of the site and the question alone.
        whole: of everything.
    """

    question: bytes
    whole: bytes


@dataclass(frozen=True)
class CachedAnswer:
    """A whole answer.

    Attributes:
        prompt: the question as the model read it, for later turns.
        conversation: the id of the conversation that it was made in; the answer is used only as
            long as this exists.
    """

    text: str
    sources: tuple[Source, ...]
    ended: Ended
    status: AnswerStatus
    grounding: Grounding | None = None
    prompt: str | None = None
    conversation: str = ""

    def ended_again(self) -> Ended:
        """The end of the repeated answer: of the same origin, without any work."""
        return replace(
            self.ended,
            usage=self.ended.usage and Usage(0, 0),
            timings=self.ended.timings and Timings(0, 0, 0),
            cached=True,
        )


class AnswerCache:
    """The answers that were used last.

    Args:
        limit: the number of answers kept; 0 turns the cache off.
        seconds: how long an answer is kept at most.
        clock: returns Unix seconds.
    """

    def __init__(
        self, limit: int = 0, seconds: float = 0, clock: Callable[[], float] = time.time
    ) -> None:
        self.limit = limit
        self._seconds, self._clock = seconds, clock
        self._secret = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._answers: OrderedDict[CacheKey, tuple[float, CachedAnswer]] = OrderedDict()
        self._checked_at: dict[CacheKey, float] = {}
        # Questions whose answer was rejected → when a model's answer may be kept again.
        self._rejected: OrderedDict[bytes, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def key(self, site: str, question: str, *context: object) -> CacheKey:
        """The key of *question* on *site*, with everything else its answer depends on."""
        digest = self._question_digest(site, question)
        return CacheKey(digest, self._digest(digest, *context))

    def get(self, key: CacheKey) -> CachedAnswer | None:
        """The answer kept under *key*, if it is still fresh."""
        with self._lock:
            until, answer = self._answers.get(key, (0.0, None))
            if answer is not None and until <= self._clock():
                del self._answers[key]
                return None
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def is_due(self, key: CacheKey) -> bool:
        """Whether it is time to check that the conversation of an answer still exists.

        Another process may have erased it; it is looked up at most once a second.
        """
        moment = self._clock()
        with self._lock:
            if 0 <= moment - self._checked_at.get(key, 0.0) < EXISTENCE_SECONDS:
                return False
            if len(self._checked_at) >= self.limit:
                self._checked_at.clear()
            self._checked_at[key] = moment
            return True

    def put(self, key: CacheKey, answer: CachedAnswer, until: float) -> None:
        """Keep *answer*, at most *until* (Unix seconds)."""
        if len(answer.text) + len(answer.prompt or "") > MAX_CHARS:
            return
        moment = self._clock()
        with self._lock:
            if answer.ended.origin == "model" and self._rejected.get(key.question, 0) > moment:
                return
            self._answers[key] = (min(until, moment + self._seconds), answer)
            self._answers.move_to_end(key)
            while len(self._answers) > self.limit:
                self._answers.popitem(last=False)

    def forget(self, site: str, question: str) -> None:
        """Drop every answer to *question*, in any language and from any model."""
        digest = self._question_digest(site, question)
        with self._lock:
            for key in [key for key in self._answers if key.question == digest]:
                del self._answers[key]

    def reject(self, site: str, question: str) -> None:
        """Drop the answers to *question* because a visitor rejected them.

        A model's next answers to it are not kept either, for as long as one would have been:
        otherwise a visitor could ask until an answer pleases, and choose it for everybody.
        """
        self.forget(site, question)
        with self._lock:
            digest = self._question_digest(site, question)
            self._rejected[digest] = self._clock() + self._seconds
            self._rejected.move_to_end(digest)
            while len(self._rejected) > MOST_REJECTED:
                self._rejected.popitem(last=False)

    def _question_digest(self, site: str, question: str) -> bytes:
        return self._digest(site, normalized(question))

    def _digest(self, *parts: object) -> bytes:
        return hashlib.blake2b(repr(parts).encode(), key=self._secret).digest()


def normalized(question: str) -> str:
    """*question* without case, repeated blanks and final punctuation."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", question).casefold())
    words = " ".join(text.split())
    return words.rstrip(FINAL_PUNCTUATION) or words
