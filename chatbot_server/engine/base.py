"""What the rest of the server may ask of a language model."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, Protocol

from chatbot_server.errors import EngineError
from chatbot_server.models.base import Tier
from chatbot_server.prompt.base import Prompt

FinishReason = Literal["stop", "length", "time", "content_filter", "tool_calls"]
EngineState = Literal["starting", "ready", "restarting", "idle", "waking", "failed", "none"]
# The model has left memory because nobody asked; the next question brings it back.
ASLEEP: tuple[EngineState, ...] = ("idle", "waking")


@dataclass(frozen=True)
class Sampling:
    """How the tokens of one completion are picked.

    Attributes:
        max_tokens: the longest completion, in tokens; 0: as long as the context allows.
        temperature: 0 always takes the most probable token.
        top_k: 0 means all.
        seed: the same seed, prompt and model give the same completion; None is random.
        stop: further stop strings, besides the prompt's own.
        json: the completion must be one JSON object. Engines that cannot do this refuse it.
        frequency_penalty, presence_penalty: as defined by OpenAI. Engines without them refuse.
        tools: JSON text of OpenAI's ``tools`` and ``tool_choice``, for remote servers; for other
            engines, tools are written into the prompt.
        schema: JSON text of a JSON Schema that the completion must satisfy, where *json* can be
            had.
    """

    max_tokens: int = 256
    temperature: float = 0.7
    top_p: float = 0.95
    top_k: int = 40
    repetition_penalty: float = 1.1
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    json: bool = False
    schema: str = ""
    tools: str = ""

    def length(self, room: int) -> int:
        """The longest completion, if the context has *room* for this number of tokens."""
        return min(self.max_tokens or room, room)


@dataclass(frozen=True)
class Usage:
    """Tokens of one answer; ``cached_tokens`` of its prompt were not evaluated again."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True)
class Timings:
    """Seconds spent on one answer: waiting, reading the prompt, writing the completion."""

    queue: float
    prompt: float
    completion: float


class Workload(NamedTuple):
    """How many completions are being made, and how many wait."""

    busy: int
    waiting: int


@dataclass(frozen=True)
class Queued:
    """The answer was accepted; *position* others come first (0: it starts now)."""

    position: int


@dataclass(frozen=True)
class Token:
    """A piece of the completion: whole characters, never a part of a stop string."""

    text: str


@dataclass(frozen=True)
class Thought:
    """A piece of a model's reasoning before its answer; visitors do not see it."""

    text: str


@dataclass(frozen=True)
class ToolCallPiece:
    """A piece of the tool call number *index*; its first piece has id and name."""

    index: int
    id: str
    name: str
    arguments: str

    def joined(self, piece: ToolCallPiece) -> ToolCallPiece:
        """The call so far, extended by the next *piece*."""
        return replace(self, arguments=self.arguments + piece.arguments)


@dataclass(frozen=True)
class Finished:
    """The last event of every completion."""

    reason: FinishReason
    usage: Usage
    timings: Timings


Event = Queued | Token | Thought | ToolCallPiece | Finished


@dataclass(frozen=True)
class EngineInfo:
    """Facts about the loaded model.

    Attributes:
        model: the name shown to people and in ``/v1/models``.
        engine: ``ctransformers``, ``llamacpp`` or ``openai``.
        family: the chat format (a data file of :mod:`chatbot_server.prompt`); None if the engine
            formats chats itself.
        chat_template: the model file's own Jinja template, if it has one.
        context_length: prompt and completion together, in tokens.
        parameters: the number of weights; 0 if unknown.
        local: whether the model runs on this machine, as far as its address tells.
        identity: identifies this model with this chat format; prompts made for another identity
            are refused. Empty: prompts are not checked.
    """

    model: str
    engine: str
    family: str | None
    chat_template: str | None = None
    bos_token: str = ""
    eos_token: str = ""
    context_length: int = 2048
    slots: int = 1
    parameters: int = 0
    tier: Tier = "quote"
    local: bool = True
    identity: str = ""


@dataclass(frozen=True)
class EngineStatus:
    """Whether the engine can answer, and if not, why: the key and the values of a sentence."""

    state: EngineState
    reason: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    restarts: int = 0


class Completion(Protocol):
    """A running completion: an iterator of events that can be cancelled from outside.

    ``close`` cancels the work and frees the slot. It may be called from any thread: a
    ``__next__`` that is blocked in another one then raises ``StopIteration`` at once. A generator
    could not do this.
    """

    def __iter__(self) -> Iterator[Event]: ...

    def __next__(self) -> Event: ...

    def close(self) -> None: ...


class Engine(Protocol):
    """A language model. Every method may be called from any thread.

    Raises (all methods but ``status`` and ``close``):
        EngineError: no model, still loading, crashed, or given up.
    """

    def info(self) -> EngineInfo:
        """Facts about the loaded model."""
        ...

    def status(self) -> EngineStatus:
        """Whether the engine can answer, as far as is known without asking it; never raises."""
        ...

    def workload(self) -> Workload:
        """Its running and waiting completions; none of both if it does not say.

        Takes two seconds at most, never raises, and does not load a model that is asleep.
        """
        ...

    def pids(self) -> Collection[int]:
        """The processes of its own in which it computes on this machine."""
        ...

    def is_answering(self) -> bool:
        """Whether it responds within two seconds."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens in each text, read as untrusted."""
        ...

    def count_prompt(self, prompt: Prompt) -> int:
        """The number of tokens in *prompt*, control tokens included."""
        ...

    def generate(
        self, prompt: Prompt, sampling: Sampling, *, conversation: str | None = None
    ) -> Completion:
        """Complete *prompt*: ``Queued`` one or more times, ``Token``…, one ``Finished``.

        Prompts of the same *conversation* go to the slot that holds their evaluated prefix.

        Raises:
            EngineBusy: the queue is full (before the first event).
            EngineChanged: *prompt* was made for another model (before the first token).
            EngineCrashed: the process of the engine died; the events so far stand.
            BadRequest: the prompt leaves no room for a completion in the context.
        """
        ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text.

        Raises:
            BadRequest: the engine has no embeddings.
        """
        ...

    def close(self) -> None:
        """Close connections and end processes."""
        ...


def may_write(engine: Engine) -> bool:
    """Whether a model is there that is trusted with more than quoting."""
    try:
        return engine.status().state in ("ready", *ASLEEP) and engine.info().tier != "quote"
    except EngineError:
        return False
