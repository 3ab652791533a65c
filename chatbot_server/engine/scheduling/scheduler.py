"""Answers take turns on the slots of one model, token by token.

One thread owns the model: ggml's threads already use every core, so parallel answers would only
slow each other down. Each round gives every running answer one step: preparing its slot, reading a
piece of its prompt, or writing one token.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Sequence

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.base import FinishReason, Workload
from chatbot_server.engine.scheduling.answer import Answer
from chatbot_server.engine.scheduling.cache import Entry, StateCache
from chatbot_server.engine.scheduling.slot import Slot, choose_slot, prepare_slot
from chatbot_server.engine.tokenizers.base import Tokenizer
from chatbot_server.engine.tokenizers.prompts import PromptEncoder
from chatbot_server.errors import EngineBusy, EngineError

logger = logging.getLogger(__name__)

# How many tokens of the answer the repetition penalty covers. If it covered the question as well,
# as in llama.cpp, a model would avoid the very words that an answer needs.
PENALTY_TOKENS = 64


class Scheduler:
    """A bounded queue, first come first served, that reports each change of position."""

    def __init__(
        self,
        slots: Sequence[Slot],
        tokenizer: Tokenizer,
        encoder: PromptEncoder,
        settings: EngineSettings,
        cache: StateCache | None,
    ) -> None:
        self.slots = tuple(slots)
        self.cache = cache
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._settings = settings
        self._waiting: deque[Answer] = deque()
        self._running: list[Slot] = []
        self._changed = threading.Condition()
        self._stopping = False
        self._step_start: float | None = None
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)
        self._thread.start()

    def submit(self, answer: Answer) -> None:
        """Accept *answer*.

        Raises:
            EngineBusy: the queue is full.
        """
        with self._changed:
            if self._stopping:
                raise EngineError("engine_none")
            waiting, capacity = len(self._waiting), len(self.slots) + self._settings.queue
            if len(self._running) + waiting >= capacity:
                raise EngineBusy("engine_busy", retry_after=5, waiting=waiting)
            self._waiting.append(answer)
            self._tell_positions()
            self._changed.notify()

    def workload(self) -> Workload:
        """How many answers run, and how many wait."""
        with self._changed:
            return Workload(len(self._running), len(self._waiting))

    def stalled_seconds(self) -> float:
        """How long the current step has taken; 0 between steps, infinite if none will come."""
        if not self._thread.is_alive():
            return math.inf
        start = self._step_start
        return time.monotonic() - start if start else 0.0

    def close(self) -> None:
        """Stop after the current step; unfinished answers end with an error."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    # -- the scheduler's thread ---------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._stopping or self._waiting or self._running):
                    self._changed.wait()
                if self._stopping:
                    break
            self._admit_waiting()
            for slot in tuple(self._running):
                self._step_start = time.monotonic()
                self._step(slot)
                self._step_start = None
        for answer in [slot.answer for slot in self._running] + list(self._waiting):
            if answer:
                answer.fail(EngineError("engine_none"))

    def _admit_waiting(self) -> None:
        """Give free slots to the answers that have waited longest, and drop cancelled ones."""
        with self._changed:
            for answer in [answer for answer in self._waiting if answer.cancelled()]:
                self._waiting.remove(answer)
                answer.events.put(None)
            while self._waiting and len(self._running) < len(self.slots):
                answer = self._waiting.popleft()
                slot = choose_slot(self.slots, answer)
                slot.answer = answer
                self._running.append(slot)
            self._tell_positions()

    def _tell_positions(self) -> None:
        free = len(self.slots) - len(self._running)
        for index, answer in enumerate(self._waiting):
            if index >= free:
                answer.tell_position(index - free + 1)

    def _step(self, slot: Slot) -> None:
        answer = slot.answer
        assert answer is not None  # noqa: S101 - a running slot has one
        try:
            if answer.cancelled():
                answer.events.put(None)
                self._release(slot)
            elif not answer.started:
                self._prepare(slot, answer)
            elif time.monotonic() - answer.started > self._settings.answer_seconds:
                self._finish(slot, "time")
            elif answer.read < len(answer.prompt):
                self._read_piece(slot, answer)
            else:
                self._write_token(slot, answer)
        except Exception:
            logger.exception("a step failed")
            slot.decoder.rewind(0)
            self._release(slot)
            answer.fail(EngineError("engine_step_failed"))

    def _prepare(self, slot: Slot, answer: Answer) -> None:
        """Prepare *slot*; if a state cannot be saved or restored, the whole prompt is read."""
        answer.started = time.monotonic()
        answer.tell_position(0)
        try:
            answer.read = prepare_slot(slot, answer, self.cache, self.slots)
        except (RuntimeError, OSError, MemoryError):
            logger.exception("the slot could not be made ready")
            answer.read = slot.decoder.rewind(0)
        answer.cached = answer.read
        slot.conversation = answer.conversation

    def _read_piece(self, slot: Slot, answer: Answer) -> None:
        """Evaluate the next piece of the prompt."""
        piece = answer.prompt[answer.read : answer.read + self._settings.batch_size]
        slot.decoder.evaluate(piece, exact=answer.exact)
        answer.read += len(piece)
        if answer.read < len(answer.prompt):
            return
        answer.prompt_read = time.monotonic()
        if answer.limit:
            return
        # A prompt read in advance is kept for good, and copied to empty slots.
        if self.cache and (state := slot.decoder.save()):
            tokens = tuple(slot.decoder.tokens)
            self.cache.pin(Entry(tokens, state))
            for other in self.slots:
                if other.is_free and not other.decoder.tokens:
                    other.decoder.restore(state, tokens)
        self._finish(slot, "length")

    def _write_token(self, slot: Slot, answer: Answer) -> None:
        """Pick, show and evaluate one token."""
        recent = answer.written[-PENALTY_TOKENS:]
        token = slot.decoder.sample(answer.sampling, answer.random.getrandbits(31), recent)
        if token in answer.ends:
            self._finish(slot, "stop")
            return
        answer.written.append(token)
        answer.show(answer.text.feed(self._tokenizer.piece(token)))
        if answer.text.stopped:
            self._finish(slot, "stop")
        elif len(answer.written) >= answer.limit:
            self._finish(slot, "length")
        else:
            slot.decoder.evaluate([token])

    def _finish(self, slot: Slot, reason: FinishReason) -> None:
        answer = slot.answer
        assert answer is not None  # noqa: S101 - a running slot has one
        self._encoder.remember(answer.written)
        self._release(slot)
        answer.finish(reason)

    def _release(self, slot: Slot) -> None:
        with self._changed:
            slot.answer = None
            slot.last_used = time.monotonic()
            self._running.remove(slot)
