"""A local engine: its description, its settings, and the interface of a loaded model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from chatbot_server.engine.base import Event, Sampling, Workload
from chatbot_server.errors import BadRequest
from chatbot_server.models.base import ModelFile, Refusal, Tier
from chatbot_server.prompt.base import Prompt

if TYPE_CHECKING:  # pydantic's 12 MB are not for the engine's process
    from chatbot_server.config.sections import EngineName


class Backend(Protocol):
    """A loaded model. Every method may be called from any thread."""

    context_length: int
    slots: int

    def workload(self) -> Workload:
        """Its running and waiting completions."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens in each text, read as untrusted."""
        ...

    def tokenize(self, prompt: Prompt) -> list[int]:
        """The tokens of *prompt*; control tokens come from its trusted segments only."""
        ...

    def generate(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        conversation: str | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Complete *prompt*; ends early, without ``Finished``, once *cancelled* returns true."""
        ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text."""
        ...

    def close(self) -> None:
        """Release the model."""
        ...


@runtime_checkable
class Watched(Protocol):
    """A backend that knows whether it makes progress."""

    def stalled_seconds(self) -> float:
        """Seconds since the last step; 0 without work, infinite if no step will come."""
        ...


@runtime_checkable
class Warmable(Protocol):
    """A backend that can evaluate the beginning of all conversations in advance."""

    def warm(self, prompt: Prompt) -> None:
        """Evaluate *prompt* and keep the result."""
        ...


@dataclass(frozen=True)
class EngineSettings:
    """How the engine's process runs a model.

    Attributes:
        path: the model file.
        kind: the name of the engine.
        cache_dir: the folder of prepared model files.
        model: the name shown to people; empty: the name in the file.
        family: the chat format; None: that of the file.
        threads: 0: one per physical core.
        slots: 0: as many as fit into memory, up to 4.
        queue: how many answers may wait.
        answer_seconds: the longest time for one answer.
        state_cache_mb: memory for the states of conversations without a slot; 0: none.
        idle_seconds: time without a question after which the model leaves memory; 0: never.
        max_restarts: deaths within ten minutes before the engine is given up.
        memory_limit: bytes of address space that the process may take; 0: no limit.
        cpu_limit: seconds of processor time that the process may take; 0: no limit.
        warm: prompts that are evaluated in advance, after every start.
    """

    path: Path
    kind: EngineName
    cache_dir: Path
    model: str = ""
    family: str | None = None
    tier: Tier = "quote"
    context_length: int = 2048
    threads: int = 0
    slots: int = 0
    batch_size: int = 32
    queue: int = 16
    answer_seconds: float = 120
    state_cache_mb: int = 256
    idle_seconds: float = 0
    max_restarts: int = 5
    memory_limit: int = 0
    cpu_limit: int = 0
    warm: tuple[Prompt, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The settings as plain values for another process."""
        return vars(self) | {
            "path": str(self.path),
            "cache_dir": str(self.cache_dir),
            "warm": [prompt.to_json() for prompt in self.warm],
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> EngineSettings:
        """The inverse of :meth:`to_json`."""
        values = record | {
            "path": Path(record["path"]),
            "cache_dir": Path(record["cache_dir"]),
            "warm": tuple(Prompt.from_json(prompt) for prompt in record["warm"]),
        }
        return cls(**values)


def require_fitting_prompt(token_count: int, context_length: int) -> None:
    """Refuse a prompt that is empty, or leaves no token for an answer.

    Raises:
        BadRequest: names the number of tokens and the limit.
    """
    if not token_count:
        raise BadRequest("engine_prompt_empty")
    if token_count + 1 > context_length:
        raise BadRequest("engine_prompt_too_long", tokens=token_count, limit=context_length)


def require_known_tokens(tokens: Sequence[int], vocabulary_size: int) -> None:
    """Refuse ids outside the vocabulary: native libraries would read beyond their tables.

    Raises:
        BadRequest: one of *tokens* is unknown.
    """
    if not (min(tokens) >= 0 and max(tokens) < vocabulary_size):
        raise BadRequest("engine_token_unknown", field="prompt", limit=vocabulary_size - 1)


@dataclass(frozen=True)
class LocalEngine:
    """The description of a library that runs model files on this machine.

    It loads no native code, so that every process can use it.

    Attributes:
        library: the module that must be installed.
        refuses: returns why it cannot run a file; None if it can.
        load: loads a file into this process, given complete settings and a private folder for
            sockets; raises ``ModelError``.
        probe_errors: codes of errors while a file is loaded → codes that say the same about a
            file which was only tried (:mod:`chatbot_server.engine.probe`).
    """

    library: str
    refuses: Callable[[ModelFile], Refusal | None]
    load: Callable[[ModelFile, EngineSettings, Path], Backend]
    probe_errors: Mapping[str, str] = field(default_factory=dict)
