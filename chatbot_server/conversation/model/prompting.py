"""From a dialogue to the prompt of its next answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chatbot_server.engine.base import Engine, EngineInfo, Sampling
from chatbot_server.messages import say
from chatbot_server.prompt.assemble import fit_and_assemble
from chatbot_server.prompt.base import Message, Prompt
from chatbot_server.retrieval.base import Passage

# Characters of passages per token of the context. A token has about 4 characters, so that the
# rest is left for the conversation and the answer.
PASSAGE_CHARS = 1.5


@dataclass(frozen=True)
class Dialogue:
    """Instructions, the finished turns (oldest first), and the question to answer now.

    Attributes:
        earlier_messages: those of the finished turns as the model read them, with their passages.
        earlier_questions: what was looked up for them, except what is part of *completed*.
        completed: the whole question, where *question* is only a reply: “the second one”.
    """

    instructions: str
    earlier_messages: tuple[Message, ...]
    question: str
    earlier_questions: tuple[str, ...] = ()
    language: str = "en"
    completed: str | None = None

    def messages(self) -> list[Message]:
        """The whole conversation as messages to an engine."""
        system = [Message("system", self.instructions)] if self.instructions else []
        return [*system, *self.earlier_messages, Message("user", self.question)]

    def with_passages(self, passages: Sequence[Passage]) -> Dialogue:
        """The same dialogue, with *passages* to answer from before the question."""
        texts = "\n\n".join(
            "\n".join(dict.fromkeys(filter(None, (passage.title, passage.heading, passage.text))))
            for passage in passages
        )
        today = time.strftime("%Y-%m-%d")
        prompt = say(
            "prompt_passages",
            self.language,
            passages=texts,
            question=self.question,
            today=today,
        )
        return replace(self, question=prompt)


def passages_that_fit(passages: Sequence[Passage], info: EngineInfo) -> list[Passage]:
    """As many of *passages* as the model has room for, the last of them cut to fit."""
    chars_left = int(info.context_length * PASSAGE_CHARS)
    fitting_passages: list[Passage] = []
    for passage in passages:
        text = passage.text[:chars_left]
        fitting_passages.append(replace(passage, text=text))
        chars_left -= len(text)
        if chars_left <= 0:
            break
    return fitting_passages


def build_prompt(
    engine: Engine, info: EngineInfo, dialogue: Dialogue, sampling: Sampling
) -> Prompt:
    """The prompt of as much of the dialogue as fits, leaving room for the answer.

    Raises:
        BadRequest: the question alone is too long for the model.
        EngineError: the engine cannot count its tokens now.
    """
    return fit_and_assemble(info, dialogue.messages(), engine, sampling.max_tokens)
