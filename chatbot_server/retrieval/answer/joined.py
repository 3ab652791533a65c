"""Several questions in one message: each answered under its own words, none dropped in silence."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import zip_longest

from chatbot_server.retrieval.base import Grounding, Source
from chatbot_server.retrieval.language.clauses import Question
from chatbot_server.retrieval.language.follow_up import is_followup
from chatbot_server.retrieval.language.markdown import literal

QUESTIONS = 3
PASSAGES = 6

# “Est-il valable ?” may speak of the subject before it, and refer to nothing else.
_INVERTED = re.compile(r"-(?:t-)?(?:ils?|elles?|on|ce)\b", re.IGNORECASE)

Ground = Callable[[str, Sequence[str]], Grounding]


def ground_question(ground: Ground, question: Question, history: Sequence[str]) -> Grounding:
    """What *ground* says of *question* itself; else of it with what the visitor tells beside it."""
    if not question.background:
        return ground(question.text, history)
    whole = f"{question.background} {question.text}"
    if _leans(question):
        return ground(whole, history)
    alone = ground(question.text, history)
    return alone if alone.answer else ground(whole, history)


def ground_each(
    ground: Ground, questions: Sequence[Question], history: Sequence[str], whole: Grounding
) -> Grounding:
    """What *ground* says of each of *questions*, as one; *whole*: what it says of all at once.

    A question may lean on the one before it, and the first on the second: “Where is it, and
    do I have to book for the kiosk?”
    """
    looked_up, rest = questions[:QUESTIONS], questions[QUESTIONS:]
    answers = []
    for number, question in enumerate(looked_up):
        before = [other.text for other in looked_up[number - 1 : number] or looked_up[1:2]]
        alone, leaning = history, [*history, *before]
        first, second = (leaning, alone) if _leans(question) else (alone, leaning)
        answer = ground_question(ground, question, first)
        answers.append(answer if answer.answer else ground_question(ground, question, second))
    texts = [question.text for question in looked_up]
    joint = join(texts, answers, whole)
    unclear = [q for q, each in zip(texts, answers, strict=True) if each.status == "choices"]
    left = (*unclear, *(question.text for question in rest))
    return replace(joint, left=left) if joint.answer else joint


def _leans(question: Question) -> bool:
    return is_followup(_INVERTED.sub("", question.text))


def join(questions: Sequence[str], answers: Sequence[Grounding], whole: Grounding) -> Grounding:
    """One answer of several; questions that have the same are told together."""
    pairs = [*zip(questions, answers, strict=True)]
    by_answer: dict[int, tuple[list[str], Grounding]] = {}
    for question, answer in pairs:
        if answer.answer and answer.passages:
            chunk = answer.passages[0].chunk  # what answers best
            by_answer.setdefault(chunk, ([], answer))[0].append(question)
    open_questions = tuple(q for q, answer in pairs if answer.status in ("passages", "nothing"))
    if not by_answer or (whole.answer and set(by_answer) == {whole.passages[0].chunk}):
        return replace(whole, unanswered=open_questions if whole.answer else ())
    if len(by_answer) == 1:
        _its_questions, first = next(iter(by_answer.values()))
        return replace(first, unanswered=open_questions)
    parts = [part for _its_questions, part in by_answer.values()]
    texts = [
        "\n".join([f"**{literal(question)}**" for question in asked_together])
        + f"\n\n{part.answer}"
        for asked_together, part in by_answer.values()
    ]
    by_rank = zip_longest(*(answer.passages for answer in answers))
    passages = {each.chunk: each for row in by_rank for each in row if each}
    sources: dict[str, Source] = {}
    for source in (source for part in parts for source in part.sources):
        sources.setdefault(source.url.partition("#")[0] or source.title, source)
    return replace(
        whole,
        status="faq" if all(part.status == "faq" for part in parts) else "quoted",
        answer="\n\n".join(texts),
        sources=tuple(sources.values()),
        passages=tuple(passages.values())[:PASSAGES],
        unanswered=open_questions,
        lasting=all(answer.lasting for answer in answers),
    )
