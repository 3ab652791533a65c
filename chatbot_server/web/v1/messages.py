"""The messages of a chat as applications send them, turned into our own."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from chatbot_server.errors import BadRequest
from chatbot_server.prompt.base import Message, Role, ToolCall
from chatbot_server.prompt.clean import clean_text, refuse_surrogates
from chatbot_server.web.v1.refusals import Lenient

MAX_CHARS = 400_000  # about 100,000 tokens
ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
TEXT_KINDS = ("text", "input_text", "output_text")
UNSUPPORTED = ("function_call", "audio")  # fields of an assistant's message

Text = Annotated[str, Field(max_length=MAX_CHARS)]


class Part(Lenient):
    """A piece of a message's content."""

    type: str
    text: Text | None = None
    refusal: Text | None = None

    def words(self, path: str) -> str:
        """The text of the part.

        Raises:
            BadRequest: it has none, or is of another kind. The error names *path*.
        """
        if self.type not in (*TEXT_KINDS, "refusal"):
            raise BadRequest("api_only_text", field=path, name=path)
        text = self.refusal if self.type == "refusal" else self.text
        if text is None:
            field = f"{path}.{'refusal' if self.type == 'refusal' else 'text'}"
            raise BadRequest("field_missing", field=field, name=field)
        return text


class CalledFunction(Lenient):
    """``function`` of a call; *arguments* are JSON."""

    name: Annotated[str, Field(max_length=200)]
    arguments: Text = ""


class ApiToolCall(Lenient):
    """One of an assistant's ``tool_calls``."""

    id: Annotated[str, Field(max_length=200)] = ""
    function: CalledFunction


class ApiMessage(Lenient):
    """One message.

    Attributes:
        name: the person who says it, if there are several.
        refusal: what an assistant said instead of an answer.
    """

    role: str
    content: Text | Annotated[list[Text | Part], Field(max_length=1000)] | None = None
    name: Annotated[str, Field(max_length=200)] | None = None
    refusal: Text | None = None
    tool_calls: Annotated[list[ApiToolCall], Field(max_length=128)] | None = None
    tool_call_id: Annotated[str, Field(max_length=200)] | None = None
    function_call: Any = None
    audio: Any = None

    def message(self, path: str) -> Message:
        """The message as clean text.

        Args:
            path: names the message in an error.

        Raises:
            BadRequest: a role, a content or a field is not supported; names it.
        """
        role = ROLES.get(self.role)
        if role is None:
            field, choices = f"{path}.role", " | ".join(ROLES)
            raise BadRequest("field_not_a_choice", field=field, name=field, choices=choices)
        for name in UNSUPPORTED:
            if getattr(self, name) is not None:
                field = f"{path}.{name}"
                raise BadRequest("api_not_supported", field=field, name=field)
        text = clean_text(refuse_surrogates(self._words(path), f"{path}.content"))
        # A chat format has no place for names, so the name is put before the text.
        if self.name and role == "user":
            text = f"{clean_text(refuse_surrogates(self.name, f'{path}.name'))}: {text}"
        calls = tuple(
            ToolCall(call.id, call.function.name, clean_text(call.function.arguments))
            for call in self.tool_calls or ()
        )
        return Message(role, text, calls, self.tool_call_id or "")

    def _words(self, path: str) -> str:
        field = f"{path}.content"
        if self.content is None or self.content == []:
            if self.role == "user" and self.refusal is None:
                raise BadRequest("field_missing", field=field, name=field)
            return self.refusal or ""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(
            part if isinstance(part, str) else part.words(f"{field}.{at}")
            for at, part in enumerate(self.content)
        )
