"""llama.cpp's own server as the engine's backend: slots, continuous batching, prompt cache."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from chatbot_server.engine.backend import (
    EngineSettings,
    require_fitting_prompt,
    require_known_tokens,
)
from chatbot_server.engine.base import Event, Queued, Sampling, Workload
from chatbot_server.engine.llamacpp.completion import Request, complete
from chatbot_server.engine.llamacpp.parameters import start
from chatbot_server.engine.llamacpp.schema import JSON_OBJECT, grammar_of
from chatbot_server.engine.llamacpp.tokens import Routes, Tokens
from chatbot_server.engine.process.address import reachable
from chatbot_server.engine.slot_queue import SlotQueue
from chatbot_server.errors import BadRequest
from chatbot_server.prompt.base import Prompt

# Long enough for a passage of a page, short enough for one piece.
EMBEDDING_TOKENS = 512
SOCKET, EMBEDDING_SOCKET = "llamacpp.sock", "embeddings.sock"


class LlamaCppBackend:
    """A model loaded into the engine's process. Every method may be called from any thread."""

    def __init__(self, settings: EngineSettings, run_dir: Path) -> None:
        self._settings = settings
        self._open_folder = ExitStack()
        # The longer of the two names decides.
        self._embedding_socket = self._open_folder.enter_context(
            reachable(run_dir / EMBEDDING_SOCKET)
        )
        self._queue = SlotQueue(settings.slots, settings.queue)
        self._last_heard = 0.0
        socket = self._embedding_socket.with_name(SOCKET)
        self._server, key = start(settings, socket)
        self._routes = Routes(socket, key)
        self._tokens = Tokens(self._routes)
        self._embedder: Any = None
        self._embedder_lock = threading.Lock()
        properties = self._routes.ask("GET", "/props")
        # Less than asked for where the model was made for less.
        self.context_length = int(properties["default_generation_settings"]["n_ctx"])
        self.slots = int(properties["total_slots"])

    def workload(self) -> Workload:
        """How many answers run, and how many wait."""
        return self._queue.workload()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, read as untrusted."""
        return [self._tokens.count(text) for text in texts]

    def tokenize(self, prompt: Prompt) -> list[int]:
        """The tokens of *prompt*; control tokens come from its trusted segments only."""
        if prompt.tokens:
            require_known_tokens(prompt.tokens, self._tokens.vocabulary_size)
            return list(prompt.tokens)
        return self._tokens.encode(prompt.segments, prompt.bos)

    def generate(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        conversation: str | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Complete *prompt*; see :class:`chatbot_server.engine.base.Engine`."""
        accepted_at = time.monotonic()
        grammar = JSON_OBJECT if sampling.json else ""
        if sampling.schema:
            grammar = grammar_of(sampling.schema)
        tokens = self.tokenize(prompt)
        require_fitting_prompt(len(tokens), self.context_length)
        length = sampling.length(self.context_length - len(tokens))
        sampling = replace(sampling, max_tokens=length)
        positions = self._queue.wait(cancelled)
        has_slot = False
        try:
            for position in positions:
                has_slot = position == 0
                yield Queued(position)
            if has_slot:
                queue_seconds = time.monotonic() - accepted_at
                seconds = self._settings.answer_seconds
                request = Request(tokens, prompt.stop, sampling, seconds, queue_seconds, grammar)
                yield from complete(self._call, request, cancelled)
        finally:
            positions.close()
            if has_slot:
                self._queue.release()

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text: the mean over its tokens, of length 1.

        A second server over the same mapped file makes them, started when first asked. The
        first one cannot do both: with embeddings switched on, llama.cpp computes the outputs
        of every token of every prompt.
        """
        with self._embedder_lock:
            if self._embedder is None:
                length = min(EMBEDDING_TOKENS, self.context_length)
                settings = replace(self._settings, context_length=length, slots=1, state_cache_mb=0)
                self._embedder, _ = start(settings, self._embedding_socket, embedding=True)
            embedder = self._embedder
        answer = embedder.handle_embeddings({"input": list(texts)})
        if "error" in answer:
            raise BadRequest("llamacpp_not_embedded", why=str(answer["error"].get("message"))[:200])
        rows = sorted(answer["data"], key=lambda row: int(row["index"]))
        return [[float(x) for x in row["embedding"]] for row in rows]

    def stalled_seconds(self) -> float:
        """Seconds since llama.cpp was last heard of while it has work; 0 without work."""
        return time.monotonic() - self._last_heard if self._queue.workload().busy else 0.0

    def warm(self, prompt: Prompt) -> None:
        """Evaluate *prompt*; llama.cpp's prompt cache keeps it for every slot."""
        for _event in self.generate(prompt, Sampling(max_tokens=1)):
            pass

    def _call(self, body: dict[str, Any], on_chunk: Callable[[Any], bool]) -> None:
        def note_and_pass_on(chunk: Any) -> bool:
            self._last_heard = time.monotonic()
            return on_chunk(chunk)

        self._last_heard = time.monotonic()
        self._server.handle_completions(body, note_and_pass_on)

    def close(self) -> None:
        """Release the model."""
        self._routes.close()
        self._server = self._embedder = None
        self._open_folder.close()
