"""Any server that speaks the OpenAI API, as an engine. No native code runs here."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

import httpx

from chatbot_server.config.sections import EngineSection
from chatbot_server.engine.base import Completion, EngineInfo, EngineStatus, Sampling, Workload
from chatbot_server.engine.openai.completion import RemoteCompletion, estimate
from chatbot_server.engine.openai.endpoints import (
    CHECK_SECONDS,
    MAX_LINE,
    EndpointPool,
    RemoteEndpoint,
    failure_text,
    open_endpoint,
)
from chatbot_server.engine.openai.exchange import error_text
from chatbot_server.engine.openai.request import chat_request
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
        endpoints = [open_endpoint(section) for section in settings.endpoints]
        self._pool = EndpointPool(endpoints, slots=slots)
        self._queue = SlotQueue(slots * len(self._pool), settings.queue)

    def info(self) -> EngineInfo:
        """What the endpoints say about their model; asks them if that was not done yet."""
        self._pool.wait_checked(CHECK_SECONDS)
        answering = [endpoint for endpoint in self._pool if endpoint.facts]
        facts = [endpoint.facts for endpoint in self._pool if endpoint.facts]
        if not facts:
            raise self._pool.unavailable_error()
        lengths = [fact.context_length for fact in facts if fact.context_length]
        parameters = facts[0].parameters
        return EngineInfo(
            model=answering[0].model,
            engine="openai",
            family=None,
            context_length=min([self._settings.context_length, *lengths]),
            slots=(self._settings.slots or SLOTS) * len(self._pool),
            parameters=parameters,
            # A server that does not tell its size is taken for one worth asking.
            tier=tier_by_size(parameters) if parameters else "write",
            local=len(facts) == len(self._pool) and all(fact.local for fact in facts),
        )

    def status(self) -> EngineStatus:
        """Ready while at least one endpoint works."""
        self._pool.watch()
        if not any(endpoint.facts for endpoint in self._pool):
            ill = all(endpoint.rest_seconds() for endpoint in self._pool)
            code, values = self._reason() if ill else (None, {})
            return EngineStatus("failed" if ill else "starting", code, values)
        if all(endpoint.rest_seconds() for endpoint in self._pool):
            return EngineStatus("restarting", *self._reason())
        return EngineStatus("ready")

    def workload(self) -> Workload:
        return self._queue.workload()

    def pids(self) -> Collection[int]:
        return ()

    def is_answering(self) -> bool:
        return self.status().state == "ready"

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """An estimate, rather too high: the API has no route for it."""
        return [estimate(text) for text in texts]

    def count_prompt(self, prompt: Prompt) -> int:
        """An estimate, rather too high, as for :meth:`count_tokens`."""
        return sum(estimate(message.content) for message in prompt.messages)

    def generate(
        self, prompt: Prompt, sampling: Sampling, *, conversation: str | None = None
    ) -> Completion:
        """Complete the prompt's messages; the endpoint applies the chat format."""
        return RemoteCompletion(
            self._pool,
            self._queue,
            chat_request(prompt, sampling),
            conversation=conversation,
            seconds=self._settings.answer_seconds,
        )

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text, from the first endpoint that can."""
        for endpoint in self._pool.in_order(None):
            try:
                return _embed(endpoint, texts)
            except (httpx.HTTPError, OSError, ValueError, RecursionError) as error:  # noqa: PERF203
                endpoint.mark_failed(failure_text(error))
        raise self._pool.unavailable_error()

    def close(self) -> None:
        """Stop watching the endpoints."""
        self._pool.close()

    def _reason(self) -> tuple[str, dict[str, str]]:
        error: EngineError = self._pool.unavailable_error()
        return error.code, {key: str(value) for key, value in error.values.items()}


def _embed(endpoint: RemoteEndpoint, texts: Sequence[str]) -> list[list[float]]:
    body = {"model": endpoint.model, "input": list(texts), "encoding_format": "float"}
    with (
        endpoint.client(EMBEDDING_SECONDS) as client,
        client.stream("POST", f"{endpoint.url}/embeddings", json=body) as response,
    ):
        data = b""
        for chunk in response.iter_raw():
            data += chunk
            if len(data) > MAX_LINE * (1 + len(texts) // 20):
                raise ValueError("embeddings of no sensible size")
        if 400 <= response.status_code < 500:
            why = f"{response.status_code} {error_text(data)}".strip()
            raise BadRequest("openai_refused", endpoint=endpoint.name, why=why)
        response.raise_for_status()
    try:
        rows = sorted(json.loads(data)["data"], key=lambda row: int(row["index"]))
        vectors = [[float(number) for number in row["embedding"]] for row in rows]
    except (KeyError, TypeError):
        raise ValueError("no embeddings in the answer") from None
    if len(vectors) != len(texts):
        raise ValueError(f"{len(vectors)} embeddings for {len(texts)} texts")
    return vectors
