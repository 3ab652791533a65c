"""Any server that speaks the OpenAI API, as an engine. No native code runs here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import httpx

from chatbot_server.config.sections import EngineSection
from chatbot_server.engine.base import Completion, EngineInfo, EngineStatus, Sampling
from chatbot_server.engine.openai.completion import RemoteCompletion, estimate
from chatbot_server.engine.openai.endpoint import CHECK_SECONDS, Server, open_server
from chatbot_server.engine.openai.escape_control import neutral
from chatbot_server.engine.openai.pool import Pool
from chatbot_server.engine.openai.wire import MAX_LINE, reason
from chatbot_server.engine.slot_queue import SlotQueue
from chatbot_server.errors import BadRequest, ConfigError, EngineError
from chatbot_server.models.base import tier_by_size
from chatbot_server.prompt.base import Prompt

# Answers at once for each endpoint where ``engine.slots`` is 0; servers have a queue themselves.
SLOTS = 16
EMBEDDING_SECONDS = 60.0


class OpenAIEngine:
    """See :class:`chatbot_server.engine.base.Engine`.

    Raises:
        ConfigError: no endpoints, or a key that cannot be read.
    """

    def __init__(self, settings: EngineSection) -> None:
        if not settings.endpoints:
            raise ConfigError("openai_no_endpoints", field="engine.endpoints")
        slots = settings.slots or SLOTS
        self._settings = settings
        self._pool = Pool([open_server(endpoint) for endpoint in settings.endpoints], slots=slots)
        self._queue = SlotQueue(slots * len(self._pool), settings.queue)

    def info(self) -> EngineInfo:
        """What the endpoints say of their model; asks them first where nobody has yet."""
        self._pool.wait_checked(CHECK_SECONDS)
        known = [server.facts for server in self._pool if server.facts]
        if not known:
            raise self._pool.nobody()
        first = next(server for server in self._pool if server.facts)
        lengths = [facts.context_length for facts in known if facts.context_length]
        parameters = known[0].parameters
        return EngineInfo(
            model=first.model,
            engine="openai",
            family=None,
            context_length=min([self._settings.context_length, *lengths]),
            slots=(self._settings.slots or SLOTS) * len(self._pool),
            parameters=parameters,
            # A server that does not tell its size is taken for one worth asking.
            tier=tier_by_size(parameters) if parameters else "write",
            local=all(server.facts is not None and server.facts.local for server in self._pool),
        )

    def status(self) -> EngineStatus:
        """Ready while one endpoint is well."""
        self._pool.watch()
        busy, waiting = self._queue.workload()
        if not any(server.facts for server in self._pool):
            ill = all(server.resting() for server in self._pool)
            reason_, values = self._reason() if ill else (None, {})
            return EngineStatus("failed" if ill else "starting", reason_, values)
        if all(server.resting() for server in self._pool):
            return EngineStatus("restarting", *self._reason(), busy=busy, waiting=waiting)
        return EngineStatus("ready", busy=busy, waiting=waiting)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """An estimate, rather too high: the API has no route for it."""
        return [estimate(text) for text in texts]

    def generate(
        self, prompt: Prompt, sampling: Sampling, *, conversation: str | None = None
    ) -> Completion:
        """Complete the prompt's messages; the endpoint applies the chat format."""
        return RemoteCompletion(
            self._pool,
            self._queue,
            _body(prompt, sampling),
            conversation=conversation,
            seconds=self._settings.answer_seconds,
        )

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Vectors of the first endpoint that makes them."""
        for server in self._pool.in_order(None):
            vectors = _embed_or_fail(server, texts)
            if vectors is not None:
                return vectors
        raise self._pool.nobody()

    def close(self) -> None:
        """Stop watching the endpoints."""
        self._pool.close()

    def _reason(self) -> tuple[str, dict[str, str]]:
        error: EngineError = self._pool.nobody()
        return error.code, {key: str(value) for key, value in error.values.items()}


def _body(prompt: Prompt, sampling: Sampling) -> dict[str, Any]:
    """The request as OpenAI, llama-server and vLLM understand it."""
    stop = tuple(dict.fromkeys(text for text in (*sampling.stop, *prompt.stop) if text))
    messages = [{"role": turn.role, "content": neutral(turn.content)} for turn in prompt.messages]
    if not messages:
        raise BadRequest("openai_only_chat")
    body: dict[str, Any] = {
        "messages": messages,
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k or -1,
        "repeat_penalty": sampling.repetition_penalty,  # llama-server's word
        "repetition_penalty": sampling.repetition_penalty,  # vLLM's
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    optional = {
        "seed": sampling.seed,
        "stop": list(stop[:4]) or None,  # OpenAI takes no more
        "response_format": _format(sampling),
    }
    return body | {key: value for key, value in optional.items() if value is not None}


def _format(sampling: Sampling) -> dict[str, Any] | None:
    if sampling.schema:
        schema = {"name": "answer", "strict": True, "schema": json.loads(sampling.schema)}
        return {"type": "json_schema", "json_schema": schema}
    return {"type": "json_object"} if sampling.json else None


def _embed_or_fail(server: Server, texts: Sequence[str]) -> list[list[float]] | None:
    try:
        return _embed(server, texts)
    except (httpx.HTTPError, OSError, ValueError, RecursionError) as error:
        server.failed(str(error)[:200] or type(error).__name__)
        return None


def _embed(server: Server, texts: Sequence[str]) -> list[list[float]]:
    body = {"model": server.model, "input": list(texts), "encoding_format": "float"}
    with (
        server.client(EMBEDDING_SECONDS) as client,
        client.stream("POST", f"{server.url}/embeddings", json=body) as response,
    ):
        data = b""
        for chunk in response.iter_raw():
            data += chunk
            if len(data) > MAX_LINE * (1 + len(texts) // 20):
                raise ValueError("embeddings of no sensible size")
        if 400 <= response.status_code < 500:
            words = f"{response.status_code} {_words(data)}".strip()
            raise BadRequest("openai_refused", endpoint=server.name, why=words)
        response.raise_for_status()
    return _vectors(data, len(texts))


def _vectors(data: bytes, count: int) -> list[list[float]]:
    try:
        rows = sorted(json.loads(data)["data"], key=lambda row: int(row["index"]))
        vectors = [[float(number) for number in row["embedding"]] for row in rows]
    except (KeyError, TypeError):
        raise ValueError("no embeddings in the answer") from None
    if len(vectors) != count:
        raise ValueError(f"{len(vectors)} embeddings for {count} texts")
    return vectors


def _words(data: bytes) -> str:
    try:
        return reason(json.loads(data))
    except (ValueError, RecursionError):
        return ""
