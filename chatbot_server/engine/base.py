"""What the rest of the server may ask of a language model."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from chatbot_server.models.base import Tier
from chatbot_server.prompt.base import Prompt

FinishReason = Literal["stop", "length", "time", "content_filter", "tool_calls"]
EngineState = Literal["starting", "ready", "restarting", "idle", "waking", "failed", "none"]
# It has left memory because nobody asked; the next question brings it back.
ASLEEP: tuple[EngineState, ...] = ("idle", "waking")


@dataclass(frozen=True)
class Sampling:
    """How the tokens of one completion are picked.

    Attributes:
        max_tokens: the completion's length at most, in tokens; 0: what the context leaves.
        temperature: 0 always takes the most probable token.
        top_k: 0 means all.
        seed: the same seed, prompt and model give the same completion; None is random.
        stop: further stop strings, besides the prompt's own.
        json: the completion must be one JSON object (engines that can; others refuse).
        frequency_penalty, presence_penalty: as OpenAI has them (engines that can).
        tools: what the model may or must call, as JSON with OpenAI's ``tools`` and
            ``tool_choice`` (remote servers; for others they are written into the prompt).
        schema: the completion must be JSON that this JSON Schema, as text, allows; likewise.
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
        """Tokens of the completion at most, where the context has *room* for so many."""
        return min(self.max_tokens or room, room)


@dataclass(frozen=True)
class Usage:
    """Tokens of one answer. ``cached_tokens`` of the prompt were not evaluated again."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True)
class Timings:
    """Seconds spent on one answer: waiting, reading the prompt, writing the completion."""

    queue: float
    prompt: float
    completion: float


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
    """A piece of what the model writes for itself before it answers; visitors do not see it."""

    text: str


@dataclass(frozen=True)
class ToolCallPiece:
    """A piece of the call number *index*: id and name come with its first piece."""

    index: int
    id: str
    name: str
    arguments: str

    def joined(self, piece: ToolCallPiece) -> ToolCallPiece:
        """The call so far, with a later *piece* of it."""
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
        family: the chat format (a data file of :mod:`chatbot_server.prompt`);
            None where the engine formats chats itself.
        chat_template: the model file's own Jinja template, if any.
        context_length: prompt and completion together, in tokens.
        parameters: number of weights, 0 if unknown.
        local: the model runs on this machine, as far as its address tells.
        identity: of this model with this chat format; prompts are bound to it. Empty: to none.
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
    """Whether the engine can answer, and if not, why (a sentence's key and values)."""

    state: EngineState
    reason: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    restarts: int = 0


class Completion(Protocol):
    """An answer in the making: an iterator of events that can be cancelled from outside.

    ``close`` cancels the work and frees the slot. It may be called from another thread
    while ``__next__`` is blocked there, which then raises ``StopIteration`` at once; so a
    completion is an object, not a generator.
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
        """Whether it can answer, as far as that is known without asking it; never raises."""
        ...

    def workload(self) -> tuple[int, int]:
        """How many completions are being made, and how many wait; 0 and 0 if it does not say.

        Waits two seconds at most, never raises, and wakes nobody.
        """
        ...

    def pids(self) -> Collection[int]:
        """The processes of this machine in which it computes, as far as they are its own."""
        ...

    def is_answering(self) -> bool:
        """Whether it says something when it is asked; waits two seconds at most."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, read as untrusted."""
        ...

    def count_prompt(self, prompt: Prompt) -> int:
        """Tokens of the whole *prompt* as it would be read, control tokens included."""
        ...

    def generate(
        self, prompt: Prompt, sampling: Sampling, *, conversation: str | None = None
    ) -> Completion:
        """Complete *prompt*: ``Queued`` one or more times, ``Token``…, one ``Finished``.

        Prompts of the same *conversation* go to the slot that holds their evaluated prefix.

        Raises:
            EngineBusy: the queue is full (before the first event).
            EngineChanged: *prompt* was made for a model that has left (before the first token).
            EngineCrashed: the model's process died; what was yielded stands.
            BadRequest: the prompt leaves no room for a completion in the context.
        """
        ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text (engines that can; others raise ``BadRequest``)."""
        ...

    def close(self) -> None:
        """Let go of connections and processes."""
        ...
