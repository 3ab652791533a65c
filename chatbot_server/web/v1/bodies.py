"""Request bodies of ``/v1``: checked, and turned into the values that the engine works with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from chatbot_server.errors import BadRequest, TooLarge
from chatbot_server.prompt.base import Message, Prompt, Segment
from chatbot_server.prompt.clean import clean_text, refuse_surrogates
from chatbot_server.web.v1.generation import GenerationBody, SeveralAnswers
from chatbot_server.web.v1.messages import MAX_CHARS, ApiMessage
from chatbot_server.web.v1.refusals import ApplicationBody
from chatbot_server.web.v1.tools import Toolbox, ToolSpec, open_toolbox

MAX_MESSAGES = 500
MAX_PROMPTS = 128
MAX_TOOLS = 128
MAX_PROMPT_TOKENS = 131_072  # the longest context
# OpenAI's limit; client libraries cut their batches by it.
MAX_INPUTS = 2048
MAX_INPUT_CHARS = 4_000_000  # about the length of MAX_INPUTS texts of 512 tokens


class ChatCompletionBody(SeveralAnswers, GenerationBody):
    """``POST /v1/chat/completions``."""

    text_field: ClassVar[str] = "messages"
    messages: Annotated[list[ApiMessage], Field(min_length=1, max_length=MAX_MESSAGES)]
    tools: Annotated[list[ToolSpec], Field(max_length=MAX_TOOLS)] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool = True

    def toolbox(self) -> Toolbox:
        """The functions that the model may call.

        Raises:
            BadRequest: ``tool_choice`` is none of the tools.
        """
        return open_toolbox(self.tools or (), self.tool_choice, parallel=self.parallel_tool_calls)

    def chat_messages(self) -> list[Message]:
        """The conversation as clean text.

        Raises:
            BadRequest: a role or a content is not supported; names it.
        """
        messages = [each.message(f"messages.{at}") for at, each in enumerate(self.messages)]
        check_length((message.content for message in messages), MAX_CHARS)
        return messages


class CompletionBody(SeveralAnswers, GenerationBody):
    """``POST /v1/completions``."""

    prompt: Any

    def prompts(self) -> list[Prompt]:
        """The prompts: texts to continue, or their tokens as numbers of this model.

        Raises:
            BadRequest: neither texts nor tokens, too many of them, or an empty one.
        """
        raw = self.prompt
        several = raw if isinstance(raw, list) and not _are_tokens(raw) else [raw]
        if several and all(_are_tokens(tokens) for tokens in several):
            _check_count(several, "prompt", MAX_PROMPTS)
            if max(map(len, several)) > MAX_PROMPT_TOKENS:
                raise TooLarge("api_too_many_tokens", field="prompt", limit=MAX_PROMPT_TOKENS)
            return [Prompt(tokens=tuple(tokens)) for tokens in several]
        return [
            # Not trusted: control tokens in these texts stay plain text.
            Prompt(messages=(Message("user", text),), segments=(Segment(text),))
            for text in _texts(several, "prompt", MAX_PROMPTS, MAX_CHARS)
        ]


class EmbeddingBody(ApplicationBody):
    """``POST /v1/embeddings``.

    Attributes:
        dimensions: the number of dimensions that the application expects; None if it does not say.
        input_type: ``passage`` for texts that questions are to find; ``query`` for questions, and
            for texts that are compared with each other (as the model card of E5 has it).
    """

    model: Annotated[str, Field(max_length=200)] = "default"
    input: Any
    encoding_format: Literal["float", "base64"] = "float"
    input_type: Literal["query", "passage"] = "query"
    dimensions: Annotated[int, Field(ge=1, le=100_000)] | None = None

    def texts(self) -> list[str]:
        """The texts to turn into vectors, cleaned.

        Raises:
            BadRequest: no texts, too many of them, or an empty one.
        """
        texts = [self.input] if isinstance(self.input, str) else self.input
        if isinstance(texts, list) and (_are_tokens(texts) or any(map(_are_tokens, texts))):
            raise BadRequest("api_token_numbers", field="input", name="input")
        return _texts(texts, "input", MAX_INPUTS, MAX_INPUT_CHARS)


def _are_tokens(raw: Any) -> bool:
    """Whether *raw* is a list of numbers, and not empty."""
    return isinstance(raw, list) and bool(raw) and all(type(token) is int for token in raw)


def _check_count(items: list[Any], field: str, most: int) -> None:
    if not items:
        raise BadRequest("field_too_few", field=field, name=field, limit=1)
    if len(items) > most:
        raise BadRequest("field_too_many", field=field, name=field, limit=most)


def _texts(texts: Any, field: str, most: int, most_chars: int) -> list[str]:
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadRequest("api_only_text", field=field, name=field)
    _check_count(texts, field, most)
    check_length(texts, most_chars)
    for at, text in enumerate(texts):
        if not text:
            name = field if len(texts) == 1 else f"{field}.{at}"
            raise BadRequest("api_text_empty", field=name, name=name)
    return [clean_text(refuse_surrogates(text, field)) for text in texts]


def check_length(texts: Iterable[str], most: int) -> None:
    """Refuse *texts* that have more than *most* characters together.

    Raises:
        TooLarge: they do.
    """
    if sum(len(text) for text in texts) > most:
        raise TooLarge("api_too_much_text", limit=most)
