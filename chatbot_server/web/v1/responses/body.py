"""``POST /v1/responses``, as far as a chat in text needs it; nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from chatbot_server.engine.base import Sampling
from chatbot_server.errors import BadRequest
from chatbot_server.prompt.base import Message
from chatbot_server.web.v1.bodies import MAX_MESSAGES, MAX_TOOLS, check_length
from chatbot_server.web.v1.generation import GenerationBody, Tokens
from chatbot_server.web.v1.messages import (
    MAX_CHARS,
    ApiMessage,
    ApiToolCall,
    CalledFunction,
    Part,
    Text,
)
from chatbot_server.web.v1.tools import FunctionSpec, Toolbox, ToolSpec, open_toolbox

Parts = Annotated[list[Text | Part], Field(max_length=1000)]


class ResponseItem(ApiMessage):
    """An item of ``input``: a message, a call of a function, or the result of one."""

    type: str = "message"
    role: str = ""
    call_id: Annotated[str, Field(max_length=200)] = ""
    arguments: Text = ""
    output: Text | Parts | None = None

    def as_message(self, path: str) -> ApiMessage | None:
        """The item as a message of a chat; None for the reasoning of an earlier answer.

        Raises:
            BadRequest: it is something else, such as a reference to a stored item.
        """
        if self.type == "message":
            return self
        if self.type == "function_call":
            function = CalledFunction(name=self.name or "", arguments=self.arguments)
            return ApiMessage(
                role="assistant", tool_calls=[ApiToolCall(id=self.call_id, function=function)]
            )
        if self.type == "function_call_output":
            return ApiMessage(role="tool", content=self.output or "", tool_call_id=self.call_id)
        if self.type == "reasoning":
            return None
        raise BadRequest("api_only_text", field=path, name=path)


class ResponseTool(FunctionSpec):
    """One of ``tools``; those that are no functions are ignored."""

    type: str = "function"
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{0,64}$")] = ""


class ResponseBody(GenerationBody):
    """``POST /v1/responses``."""

    text_field: ClassVar[str] = "input"
    schema_field: ClassVar[str] = "text.format"
    schema_place: ClassVar[str] = "text.format.schema"
    input: Text | Annotated[list[ResponseItem], Field(min_length=1, max_length=MAX_MESSAGES)]
    instructions: Text | None = None
    max_output_tokens: Tokens = None
    tools: Annotated[list[ResponseTool], Field(max_length=MAX_TOOLS)] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool = True
    metadata: dict[str, Any] | None = None

    @model_validator(mode="before")
    @classmethod
    def take_the_format(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """``text.format`` is what chats call ``response_format``."""
        text = raw.get("text")
        if isinstance(text, dict) and text.get("format"):
            return raw | {"response_format": text["format"]}
        return raw

    def sampling(self, default: Sampling) -> Sampling:
        """See :class:`GenerationBody`."""
        return replace(super().sampling(default), max_tokens=self.max_output_tokens or 0)

    def chat_messages(self) -> list[Message]:
        """The conversation as clean text, its instructions first.

        Raises:
            BadRequest: a role or a content is not supported; names it.
        """
        messages = list(self._messages())
        check_length((message.content for message in messages), MAX_CHARS)
        return messages

    def toolbox(self) -> Toolbox:
        """The functions that the model may call.

        Raises:
            BadRequest: ``tool_choice`` is none of the tools.
        """
        functions = [tool for tool in self.tools or () if tool.type == "function" and tool.name]
        tools = [ToolSpec(function=FunctionSpec(**dict(tool))) for tool in functions]
        return open_toolbox(tools, self.tool_choice, parallel=self.parallel_tool_calls)

    def repeated(self) -> dict[str, Any]:
        """The fields of the request that a response repeats."""
        choice = self.tool_choice
        if isinstance(choice, dict) and choice.get("type") != "allowed_tools":
            choice = {"type": "function", "name": self.toolbox().choice}
        words = {key: value for key, value in (self.metadata or {}).items() if type(value) is str}
        return {
            "instructions": self.instructions,
            "max_output_tokens": self.max_output_tokens,
            "metadata": words,
            "parallel_tool_calls": self.parallel_tool_calls,
            "temperature": self.temperature,
            "text": {"format": {"type": self.response_format.type}},
            "tool_choice": choice or "auto",
            "tools": [{"strict": None} | tool.model_dump() for tool in self.tools or ()],
            "top_p": self.top_p,
            "truncation": "disabled",
        }

    def _messages(self) -> Iterator[Message]:
        if self.instructions:
            yield ApiMessage(role="system", content=self.instructions).message("instructions")
        if isinstance(self.input, str):
            yield ApiMessage(role="user", content=self.input).message("input")
            return
        for at, item in enumerate(self.input):
            if message := item.as_message(f"input.{at}"):
                yield message.message(f"input.{at}")
