"""The answer test: how faithfully a model answers from a text, with the prompts of visitors.

Published figures are about other tasks and languages, and a model's size says little. What a model
may do with an owner's pages is therefore decided by its answers to these questions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from chatbot_server.conversation.model.guard import Guard, Refused
from chatbot_server.conversation.model.prompting import Dialogue, build_prompt
from chatbot_server.engine.base import Engine, Sampling, Token
from chatbot_server.engine.thoughts import ThinkingCompletion
from chatbot_server.messages import say
from chatbot_server.resources import read_yaml
from chatbot_server.retrieval.base import Passage

MAX_TOKENS = 160
# The same model gets the same score.
SEED = 1


@dataclass(frozen=True)
class AnswerQuestion:
    """A question of the test.

    Attributes:
        must: patterns that a right answer matches; none if the text does not answer.
    """

    passage: Passage
    language: str
    text: str
    must: tuple[str, ...]


@dataclass(frozen=True)
class TestedAnswer:
    """What a model answered.

    Attributes:
        is_stopped: whether the guard refused a sentence of it.
    """

    question: AnswerQuestion
    text: str
    is_right: bool
    is_stopped: bool


def ask_all(
    engine: Engine,
    sampling: Sampling,
    progress: Callable[[int, int], None],
    questions: Sequence[AnswerQuestion] | None = None,
) -> list[TestedAnswer]:
    """Ask the model of *engine* each of *questions*, by default those of the test.

    Raises:
        EngineError: the model could not answer.
    """
    questions = all_questions() if questions is None else questions
    sampling = replace(sampling, max_tokens=MAX_TOKENS, seed=SEED)
    answers = []
    for number, question in enumerate(questions, 1):
        answers.append(judge(question, _answer(engine, sampling, question)))
        progress(number, len(questions))
    return answers


def judge(question: AnswerQuestion, answer: str) -> TestedAnswer:
    """Whether *answer* is right, and whether the guard would have stopped it."""
    refusals = [
        each for each in Guard([question.passage]).check([answer]) if isinstance(each, Refused)
    ]
    patterns = question.must or (_record()["declines"],)
    is_right = all(re.search(pattern, answer) for pattern in patterns)
    # “The text does not say” is in no text, and states no fact.
    is_honest_no = is_right and not question.must
    is_stopped = any(each.facts for each in refusals) or bool(refusals and not is_honest_no)
    is_right = is_right and not is_stopped
    return TestedAnswer(question, answer, is_right, is_stopped)


@cache
def all_questions() -> tuple[AnswerQuestion, ...]:
    """Those of ``faithfulness.yaml``."""
    return tuple(
        AnswerQuestion(
            Passage(number, text["title"], text["heading"], "", text["text"], 1.0),
            each["language"],
            each["ask"],
            tuple(each["must"]),
        )
        for number, text in enumerate(_record()["texts"], 1)
        for each in text["questions"]
    )


@cache
def _record() -> Mapping[str, Any]:
    record: dict[str, Any] = read_yaml("chatbot_server.conversation.model", "faithfulness.yaml")
    return record | {"declines": record["declines"].replace(" |", "|")}


def _answer(engine: Engine, sampling: Sampling, question: AnswerQuestion) -> str:
    instructions = say("instructions", question.language, name=question.passage.title)
    dialogue = Dialogue(instructions, (), question.text, language=question.language)
    prompt = build_prompt(
        engine, engine.info(), dialogue.with_passages([question.passage]), sampling
    )
    completion = ThinkingCompletion(engine.generate(prompt, sampling), prompt)
    return "".join(event.text for event in completion if isinstance(event, Token))
