"""From a dialogue to the prompt of its next answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chatbot_server.engine.base import Engine, EngineInfo, Sampling
from chatbot_server.messages import say
from chatbot_server.prompt.assemble import fit_and_assemble
from chatbot_server.prompt.base import Message, Prompt
from chatbot_server.retrieval.base import Passage


@dataclass(frozen=True)
class Dialogue:
    """Instructions, the finished turns (oldest first), and the question to answer now.

    Attributes:
        turns: as the model read them, with the passages they were written from.
        questions: what the visitor asked in them, without passages.
    """

    instructions: str
    turns: tuple[Message, ...]
    question: str
    questions: tuple[str, ...] = ()
    language: str = "en"

    def messages(self) -> list[Message]:
        """The whole conversation as an engine wants it."""
        system = [Message("system", self.instructions)] if self.instructions else []
        return [*system, *self.turns, Message("user", self.question)]

    def with_passages(self, passages: Sequence[Passage]) -> Dialogue:
        """The same, with what the answer is to be written from before the question."""
        texts = "\n\n".join(f"{passage.title}\n{passage.text}" for passage in passages)
        prompt = say("prompt_passages", self.language, passages=texts, question=self.question)
        return replace(self, question=prompt)


def build_prompt(
    engine: Engine, info: EngineInfo, dialogue: Dialogue, sampling: Sampling
) -> Prompt:
    """The prompt of as much of the dialogue as fits, leaving room for the answer.

    Raises:
        BadRequest: the question alone is too long for the model.
        EngineError: the engine cannot count its tokens now.
    """
    return fit_and_assemble(info, dialogue.messages(), engine.count_tokens, sampling.max_tokens)
