"""What an engine is: how it is described, set up, and what it offers once a model is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from chatbot_server.engine.base import Event, Sampling
from chatbot_server.errors import BadRequest
from chatbot_server.models.base import ModelFile, Refusal, Tier
from chatbot_server.prompt.base import Prompt

if TYPE_CHECKING:  # pydantic's 12 MB are not for the engine's process
    from chatbot_server.config.sections import EngineName


class Backend(Protocol):
    """A loaded model. Every method may be called from any thread."""

    context_length: int
    slots: int

    def workload(self) -> tuple[int, int]:
        """How many answers are in the making, and how many wait."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, read as untrusted."""
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
        """Complete *prompt*; ends early, without ``Finished``, once *cancelled* says so."""
        ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text."""
        ...

    def close(self) -> None:
        """Release the model."""
        ...


@runtime_checkable
class Watched(Protocol):
    """A backend that can tell whether it still makes progress."""

    def stalled_seconds(self) -> float:
        """Seconds since the last step, while there is work; 0 without work, infinite if stuck."""
        ...


@runtime_checkable
class Warmable(Protocol):
    """A backend that can read the beginning of all conversations in advance."""

    def warm(self, prompt: Prompt) -> None:
        """Evaluate *prompt* and keep the result at hand."""
        ...


@dataclass(frozen=True)
class EngineSettings:
    """How the engine's process runs a model.

    Attributes:
        path: the model file.
        kind: the engine.
        cache_dir: where prepared model files are kept.
        model: the name shown to people.
        family: the chat format; None: as the file says.
        threads: 0: one per physical core.
        slots: 0: by memory, up to 4.
        queue: answers that may wait.
        answer_seconds: one answer at most.
        state_cache_mb: memory for conversations without a slot; 0: none.
        idle_seconds: without a question, after which the model leaves memory; 0: never.
        max_restarts: deaths within ten minutes before the engine is given up.
        memory_limit: bytes of address space that the process may take; 0: no limit.
        cpu_limit: seconds of processor time that it may take; 0: no limit.
        warm: prompts read in advance, after every start.
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
        """Plain values, which can travel to another process."""
        return vars(self) | {
            "path": str(self.path),
            "cache_dir": str(self.cache_dir),
            "warm": [prompt.to_json() for prompt in self.warm],
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> EngineSettings:
        """What :meth:`to_json` gave."""
        values = record | {
            "path": Path(record["path"]),
            "cache_dir": Path(record["cache_dir"]),
            "warm": tuple(Prompt.from_json(prompt) for prompt in record["warm"]),
        }
        return cls(**values)


def require_fitting_prompt(token_count: int, context_length: int) -> None:
    """Refuse a prompt that leaves no token for an answer, or has none itself.

    Raises:
        BadRequest: says how many tokens there are, and how many may be.
    """
    if not token_count:
        raise BadRequest("engine_prompt_empty")
    if token_count + 1 > context_length:
        raise BadRequest("engine_prompt_too_long", tokens=token_count, room=context_length - 1)


def require_known_tokens(tokens: Sequence[int], vocabulary_size: int) -> None:
    """Refuse numbers that stand for no token: the libraries would read beyond their tables.

    Raises:
        BadRequest: one of *tokens* is none.
    """
    if not (min(tokens) >= 0 and max(tokens) < vocabulary_size):
        raise BadRequest("engine_token_unknown", field="prompt", limit=vocabulary_size - 1)


@dataclass(frozen=True)
class LocalEngine:
    """A library that runs model files on this machine, as its folder describes it.

    The description itself loads nothing native: every process may look at it.

    Attributes:
        library: the module that must be installed.
        refuses: why it cannot run a file, if it cannot.
        load: loads a file into this process, with settings that name every number, and a
            private folder for its sockets; raises ``ModelError``.
        probe_errors: codes of its errors while it loads a file, and what each says of the
            file when that is only tried (:mod:`chatbot_server.engine.probe`).
    """

    library: str
    refuses: Callable[[ModelFile], Refusal | None]
    load: Callable[[ModelFile, EngineSettings, Path], Backend]
    probe_errors: Mapping[str, str] = field(default_factory=dict)
