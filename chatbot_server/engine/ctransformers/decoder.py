"""One instance of the ctransformers library, called only in ways that are safe.

Every guard here prevents a crash or a wrong result that was reproduced with ctransformers 0.2.27:
ids outside the vocabulary, top_k above its size, batches over 64, an overrun context, an
evaluation by two threads at once, and its own tokeniser, which is never called.
"""

from __future__ import annotations

import copy
import ctypes
import time
from collections.abc import Sequence
from typing import Any

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.base import Sampling
from chatbot_server.engine.ctransformers.library import import_llm, library_variant
from chatbot_server.engine.ctransformers.native_state import NativeState
from chatbot_server.engine.ctransformers.shared_model import SharedModel
from chatbot_server.engine.ctransformers.threads import ThreadGovernor
from chatbot_server.errors import ModelError
from chatbot_server.models.base import PreparedModel

LEGACY_BATCH = 8  # 128 tokens at once end in a segmentation fault on deep models
MAX_BATCH = 64  # the library's buffers hold 512; 1,024 abort


class CtDecoder:
    """A :class:`~chatbot_server.engine.scheduling.slot.Decoder` of ctransformers.

    Raises:
        ModelError: the library refuses the file.
    """

    def __init__(
        self, model: PreparedModel, settings: EngineSettings, governor: ThreadGovernor
    ) -> None:
        module, path = import_llm(), str(model.path)
        config = module.Config(context_length=settings.context_length, threads=settings.threads)
        variant = library_variant()
        try:
            # `LLM`, as `AutoModelForCausalLM` goes to a model hub for a missing file.
            self._llm: Any = module.LLM(path, model.file.architecture, config=config, lib=variant)
        except (RuntimeError, OSError, ValueError) as error:
            raise ModelError("engine_load_refused", file=model.path.name) from error
        self._library = self._llm._lib
        self._handle = ctypes.c_void_p(self._llm._llm)
        self.vocab_size = int(self._llm.vocab_size)
        self.context_length = int(self._llm.context_length)
        self.tokens: list[int] = []
        self._path = path
        self._governor = governor
        self._is_gguf = model.file.format == "gguf"
        # Falcon's old format cannot be rewound: the library lays out its values by the length
        # read last, and silently misreads them at another length.
        self._can_rewind = model.file.format != "ggcc"
        self._batch = min(settings.batch_size, MAX_BATCH if self._is_gguf else LEGACY_BATCH)
        self._native: NativeState | None = None
        self._shared: SharedModel | None = None
        self._context = 0
        if not self._is_gguf:
            # The first evaluation sizes a static buffer by its tokens: it must be one token.
            self._evaluate_trial([0])
            self.rewind(0)

    def enable_state(self, *, check: bool) -> bool:
        """Save and restore states from now on, if that is possible.

        *check* also tries it, which is needed once for all instances of a model.
        """
        self._take_turn()
        native = NativeState.find(self._llm, self.context_length) if self._is_gguf else None
        if native is None or (check and not self._restores_exactly(native)):
            return False
        self._native = native
        return True

    def share(self, count: int) -> list[CtDecoder]:
        """*count* decoders over one mapping of the file, to use in place of this one.

        Empty if the library cannot share it, or if the logits of a new context differ in any bit;
        this decoder then stays as it was.
        """
        if not self._is_gguf or NativeState.find(self._llm, self.context_length) is None:
            return []
        model = SharedModel.over(self._llm, self._path, self.context_length)
        contexts = [model.context() for _ in range(count)] if model else []
        if model is None or not all(contexts):
            return []
        own_logits = self._trial_logits()
        decoders = [copy.copy(self) for _ in contexts]
        for decoder, context in zip(decoders, contexts, strict=True):
            decoder.tokens, decoder._shared, decoder._context = [], model, context
            decoder._take_turn()
            native = NativeState.find(self._llm, self.context_length)
            if native is None or decoder._trial_logits() != own_logits:
                model.give_back()
                return []
        return decoders

    def _evaluate_trial(self, tokens: Sequence[int]) -> None:
        """Read *tokens* while the server starts, with one thread.

        Other processes need the cores then, and threads of the library spin while they wait for
        each other: with two, a start took two seconds longer on a busy machine.
        """
        self.evaluate(tokens, exact=True, threads=1)

    def _trial_logits(self) -> list[float]:
        """The logits after a few trial tokens."""
        self._evaluate_trial([token % self.vocab_size for token in range(7, 13)])
        logits = self.logits()
        self.rewind(0)
        return logits

    def _take_turn(self) -> None:
        if self._shared:
            self._shared.turn(self._context)

    def evaluate(self, tokens: Sequence[int], *, exact: bool = False, threads: int = 0) -> None:
        """See :class:`~chatbot_server.engine.scheduling.slot.Decoder`; *threads* 0: as governed."""
        for token in tokens:
            if not 0 <= token < self.vocab_size:
                raise ValueError(f"token {token} is not in the vocabulary")
        if len(self.tokens) + len(tokens) > self.context_length:
            raise ValueError("the context is full")
        start = 0
        while start < len(tokens):
            # The governor tries a number of threads on a single token: it may be slow.
            size = 1 if self._governor.is_trial_due and not exact else self._batch
            batch = tokens[start : start + size]
            start += size
            self._take_turn()
            array = (ctypes.c_int * len(batch))(*batch)
            thread_count, began_at = threads or self._governor.threads(), time.monotonic()
            if not self._library.ctransformers_llm_batch_eval(
                self._handle, array, len(batch), len(self.tokens), self._batch, thread_count
            ):
                raise RuntimeError("the library could not evaluate")
            if len(batch) == 1 and not threads:
                self._governor.report(thread_count, time.monotonic() - began_at)
            self.tokens.extend(batch)

    def rewind(self, length: int) -> int:
        if length < len(self.tokens) and not self._can_rewind:
            length = 0
        del self.tokens[length:]
        return length

    def sample(self, sampling: Sampling, seed: int, recent: Sequence[int]) -> int:
        self._take_turn()
        greedy = sampling.temperature == 0  # temperature 0 is not the maximum on legacy models
        top_k = 1 if greedy else sampling.top_k or self.vocab_size
        token: int = self._library.ctransformers_llm_sample(
            self._handle,
            (ctypes.c_int * len(recent))(*recent),
            len(recent),
            min(top_k, self.vocab_size),
            1.0 if greedy else sampling.top_p,
            1.0 if greedy else sampling.temperature,
            sampling.repetition_penalty,
            seed,
        )
        return token

    def save(self) -> bytes | None:
        return self._native.save() if self._native and self.tokens else None

    def restore(self, state: bytes, tokens: Sequence[int]) -> None:
        if self._native is None or not self._native.restore(state):
            raise RuntimeError("the state was refused")
        self.tokens = list(tokens)

    def logits(self) -> list[float]:
        """The model's score of every token as the next one."""
        self._take_turn()
        size = self._library.ctransformers_llm_logits_size(self._handle)
        return list(self._library.ctransformers_llm_logits_data(self._handle)[:size])

    def _restores_exactly(self, native: NativeState) -> bool:
        """Whether the logits are the same after saving, reading on, and restoring."""
        probe = [token % self.vocab_size for token in range(7, 13)]
        try:
            self._evaluate_trial(probe[:-1])
            state = native.save()
            self._evaluate_trial(probe[-1:])
            next_logits = self.logits()
            self.rewind(0)
            self._evaluate_trial(probe[::-1])
            if not native.restore(state):
                return False
            self.tokens = probe[:-1]
            self._evaluate_trial(probe[-1:])
            return self.logits() == next_logits
        finally:
            self.rewind(0)
