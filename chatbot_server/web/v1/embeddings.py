"""``/v1/embeddings``: vectors from the model that searches the site's pages, or from the engine.

The model for search (extra ``semantic``) was trained for this, and works beside every engine. The
vectors of a chat model are poor, and ctransformers makes none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Any, Protocol

from chatbot_server.engine.base import Engine, EngineInfo
from chatbot_server.engine.slot_queue import SlotQueue
from chatbot_server.errors import BadRequest, EngineBusy, EngineError, NotFound

Rows = list[list[float]]

# The tokens that multilingual-e5-small reads at once, with prefix and marks; longer texts are
# refused.
MOST_TOKENS = 512
MOST_CHARS = 6000
# Texts in one request to the embedder, about 0.5 s. Between two, the texts of other applications
# have their turn, and it is noticed if the client has left.
TEXTS_AT_ONCE = 4
REQUESTS_AT_ONCE = 4
# A request that waits occupies a thread of the web server; visitors need the others.
REQUESTS_WAITING = 16


class TextEmbedder(Protocol):
    """An embedder; its methods return None if it is not available now."""

    model: str

    def vectors(self, texts: Sequence[str], *, query: bool) -> Any:
        """One row of numbers per text."""
        ...

    def count(self, texts: Sequence[str], *, query: bool) -> list[int] | None:
        """Tokens of each text."""
        ...


class Vectors(Protocol):
    """A model that turns texts into vectors."""

    @property
    def name(self) -> str:
        """The name that applications use."""
        ...

    def make(
        self, texts: Sequence[str], *, query: bool, has_left: Callable[[], bool]
    ) -> tuple[Rows, int]:
        """One vector per text, and the number of tokens of all texts.

        Fewer vectors if *has_left* returns true in between: nobody reads them.
        """
        ...


@dataclass(frozen=True)
class EngineVectors:
    """Vectors of the engine, which makes no difference between questions and passages.

    Attributes:
        beside: the name of the model for search, if there is one.
    """

    engine: Engine
    name: str
    beside: str | None = None

    def make(
        self, texts: Sequence[str], *, query: bool, has_left: Callable[[], bool]
    ) -> tuple[Rows, int]:
        """See :class:`Vectors`."""
        try:
            rows = self.engine.embed(texts)
        except BadRequest as error:
            if error.code == "engine_no_embeddings" and self.beside:
                raise BadRequest(
                    "api_no_vectors", field="model", model=self.name, served=self.beside
                ) from None
            raise
        return rows, sum(self.engine.count_tokens(texts))


@dataclass(frozen=True)
class ModelVectors:
    """Vectors of the model for search, from *embedder*."""

    embedder: TextEmbedder
    _queue: SlotQueue = field(default_factory=lambda: SlotQueue(REQUESTS_AT_ONCE, REQUESTS_WAITING))

    @property
    def name(self) -> str:
        """The name that applications use."""
        return self.embedder.model.rpartition("/")[2]

    @property
    def aliases(self) -> frozenset[str]:
        """All names that it may be called by, in lower case."""
        return frozenset({self.name.casefold(), self.embedder.model.casefold(), "default"})

    def make(
        self, texts: Sequence[str], *, query: bool, has_left: Callable[[], bool]
    ) -> tuple[Rows, int]:
        """See :class:`Vectors`.

        Raises:
            BadRequest: a text is longer than the model reads.
            EngineBusy: too many requests wait already.
            EngineError: the model does not answer.
        """
        positions = self._queue.wait(has_left)
        try:
            if 0 not in positions:  # the client left while its request waited
                return [], 0
        except EngineBusy as busy:
            # At random, so that refused clients do not all come back at the same moment.
            busy.retry_after = 1 + SystemRandom().randrange(5)
            raise
        try:
            return self._make(texts, query=query, has_left=has_left)
        finally:
            self._queue.release()

    def _make(
        self, texts: Sequence[str], *, query: bool, has_left: Callable[[], bool]
    ) -> tuple[Rows, int]:
        tokens = 0
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            batch = texts[start : start + TEXTS_AT_ONCE]
            counts: list[int] = _require(self.embedder.count(batch, query=query))
            for at, (text, count) in enumerate(zip(batch, counts, strict=True), start):
                if len(text) > MOST_CHARS or count > MOST_TOKENS:
                    raise BadRequest(
                        "api_embedding_too_long", field=f"input.{at}", name=f"input.{at}",
                        limit=MOST_TOKENS, chars=MOST_CHARS,
                    )  # fmt: skip
            tokens += sum(counts)
        rows: Rows = []
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            if has_left():
                break
            batch = texts[start : start + TEXTS_AT_ONCE]
            rows += _require(self.embedder.vectors(batch, query=query)).tolist()
        return rows, tokens


def embedding_entry(maker: ModelVectors, created: int) -> dict[str, Any]:
    """The entry of the model for search in ``/v1/models``."""
    return {
        "id": maker.name,
        "object": "model",
        "created": created,
        "owned_by": "chatbot-server",
        "max_model_len": MOST_TOKENS,
    }


def choose_vectors(
    model: str,
    embedder: ModelVectors | None,
    engine: Engine,
    find_model: Callable[[str], EngineInfo],
) -> Vectors:
    """What makes vectors under the name *model*; ``default`` is the model for search.

    Raises:
        NotFound: no model has that name.
    """
    if embedder and model.casefold() in embedder.aliases:
        return embedder
    try:
        name = find_model(model).model
    except NotFound as error:
        if embedder:  # name this one in the error, not the language model
            error.values["served"] = embedder.name
        raise
    return EngineVectors(engine, name, embedder.name if embedder else None)


def require_width(rows: Rows, dimensions: int) -> None:
    """Refuse a number of *dimensions* that *rows* do not have: they cannot be shortened.

    Raises:
        BadRequest: they have another number.
    """
    if rows and len(rows[0]) != dimensions:
        raise BadRequest("api_dimensions", field="dimensions", width=len(rows[0]))


def _require(answer: Any) -> Any:
    if answer is None:
        raise EngineError("api_no_vectors_now", retry_after=30)
    return answer
