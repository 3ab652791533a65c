"""The prompt as it travels to an engine.

It goes in two forms at once: as *messages*, for engines that apply a chat
format themselves, and as *segments*, for engines that read tokens. In a
segment, only ``trusted`` text (the chat format's own) may become a control
token; what a visitor, a page or a model wrote is tokenised as plain text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True)
class ToolCall:
    """A call of an application's function by a model; *arguments* are JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Message:
    """One message of a conversation, as plain text.

    Attributes:
        calls: what an assistant wants called besides what it says.
        answers: of a ``tool``: the id of the call that its content answers.
    """

    role: Role
    content: str
    calls: tuple[ToolCall, ...] = ()
    answers: str = ""


@dataclass(frozen=True)
class Segment:
    """A piece of a prompt. Control tokens are recognised in trusted text only."""

    text: str
    trusted: bool = False


@dataclass(frozen=True)
class Prompt:
    """A finished prompt.

    Attributes:
        messages: those of the conversation, for engines that format chats themselves.
        segments: the same, formatted; empty for those engines.
        stop: strings that end the completion and are not part of it.
        tokens: instead of both, the model's own token numbers; control tokens may be among them.
        bos: whether to begin with the model's BOS token; None: as the model file says.
        model: the identity of the model whose chat format this is; empty: any may read it.
    """

    messages: tuple[Message, ...] = ()
    segments: tuple[Segment, ...] = ()
    stop: tuple[str, ...] = ()
    bos: bool | None = None
    tokens: tuple[int, ...] = ()
    model: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values, which can travel to another process."""
        return {
            "messages": [[message.role, message.content] for message in self.messages],
            "segments": [[segment.text, segment.trusted] for segment in self.segments],
            "stop": self.stop,
            "bos": self.bos,
            "tokens": self.tokens,
            "model": self.model,
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Prompt:
        """The inverse of :meth:`to_json`."""
        return cls(
            messages=tuple(Message(role, content) for role, content in record["messages"]),
            segments=tuple(Segment(*pair) for pair in record["segments"]),
            stop=tuple(record["stop"]),
            bos=record["bos"],
            tokens=tuple(record["tokens"]),
            model=record["model"],
        )
