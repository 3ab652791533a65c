"""Several questions in one message: each answered under its own words, none dropped in silence."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import zip_longest

from chatbot_server.retrieval.base import Grounding, Source
from chatbot_server.retrieval.language.clauses import Question
from chatbot_server.retrieval.language.dialogue.follow_up import WHEN, asks_what_of_it, is_followup
from chatbot_server.retrieval.language.facts import facts
from chatbot_server.retrieval.language.markdown import literal
from chatbot_server.retrieval.language.words.stems import says_something
from chatbot_server.retrieval.language.words.synonyms import terms_in

QUESTIONS = 3
PASSAGES = 6
# So many questions back, what was spoken of may be meant.
LOOKED_BACK = 2

# “Est-il valable ?” may speak of the subject before it, and refer to nothing else.
_INVERTED = re.compile(r"-(?:t-)?(?:ils?|elles?|on|ce)\b", re.IGNORECASE)

Ground = Callable[[str, Sequence[str]], Grounding]


def ground_question(ground: Ground, question: Question, history: Sequence[str]) -> Grounding:
    """What *ground* says of *question* itself; else of it with what the visitor tells beside it."""
    if not question.background:
        grounding = ground(question.text, history)
        return answered_before(ground, question, history, grounding) or grounding
    whole = f"{question.background} {question.text}"
    if _leans(question):
        return ground(whole, history)
    alone = ground(question.text, history)
    return alone if alone.answer else ground(whole, history)


def answered_before(
    ground: Ground, question: Question, history: Sequence[str], grounding: Grounding
) -> Grounding | None:
    """What answered the last of *history*, if *question* asks for something that is told there.

    “When does it start?” is asked of what was just shown, whatever words say there when.
    *grounding* is what was found without that.
    """
    concepts = asks_what_of_it(question.text) if history else frozenset()
    if not concepts or (grounding.answer and not is_followup(question.text)):
        return None
    before = _last_answer(ground, history)
    if before is None:
        return None
    subject = before.passages[0]
    if grounding.answer and grounding.passages[0].chunk == subject.chunk:
        return None
    again = ground(f"{subject.heading or subject.title}: {question.text}", ())
    if again.answer and again.passages[0].chunk == subject.chunk:
        return again
    is_told = not grounding.answer and bool(concepts & stated_in(before.answer))
    return before if is_told else None


def _last_answer(ground: Ground, history: Sequence[str]) -> Grounding | None:
    """What the last of *history* that was answered got, if that is not long ago."""
    for at in range(len(history) - 1, max(-1, len(history) - 1 - LOOKED_BACK), -1):
        grounding = ground(history[at], history[:at])
        if grounding.answer and grounding.passages:
            return grounding
    return None


def stated_in(text: str) -> frozenset[str]:
    """The concepts that *text* tells something of."""
    is_dated = any(fact.kind in ("date", "day", "time") for fact in facts(text))
    return terms_in(text) | (frozenset((WHEN,)) if is_dated else frozenset())


def ground_each(
    ground: Ground, questions: Sequence[Question], history: Sequence[str], whole: Grounding
) -> Grounding:
    """What *ground* says of each of *questions*, as one; *whole*: what it says of all at once.

    A question may lean on the one before it, and the first on the second: “Where is it, and
    do I have to book for the kiosk?” What it leans on and is not there has no price, either: “Do
    you rent bikes, and what do they cost?”
    """
    looked_up, rest = questions[:QUESTIONS], questions[QUESTIONS:]
    answers: list[Grounding] = []
    for number, question in enumerate(looked_up):
        before = [other.text for other in looked_up[number - 1 : number] or looked_up[1:2]]
        alone, leaning = history, [*history, *before]
        first, second = (leaning, alone) if _leans(question) else (alone, leaning)
        answer = ground_question(ground, question, first)
        is_of_nothing = first is leaning and number > 0 and not answers[-1].answer
        if not answer.answer and not is_of_nothing:
            answer = ground_question(ground, question, second)
        answers.append(answer)
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
    # “What does he do?” after “Who is Tom?” is told with it, or names nothing that is not.
    open_questions = tuple(
        question
        for question, answer in pairs
        if answer.status in ("passages", "nothing")
        and (says_something(question) or asks_what_of_it(question))
    )
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
