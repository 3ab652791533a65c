"""Several questions in one message: each is answered under its own words, or named as open."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import zip_longest

from chatbot_server.retrieval.base import Grounding, Passage, Source
from chatbot_server.retrieval.language.clauses import Question
from chatbot_server.retrieval.language.dialogue.follow_up import (
    WHEN,
    asks_what_of_it,
    continues,
    is_follow_up,
)
from chatbot_server.retrieval.language.dialogue.replies import takes_words_over
from chatbot_server.retrieval.language.facts import facts
from chatbot_server.retrieval.language.languages import ALWAYS_USED
from chatbot_server.retrieval.language.markdown import literal
from chatbot_server.retrieval.language.ranges import counts_in, with_unit_of_age
from chatbot_server.retrieval.language.words.stems import says_something
from chatbot_server.retrieval.language.words.synonyms import terms_in

# The most questions of one message that are looked up.
QUESTIONS = 3
# Passages for a model, over all questions.
PASSAGES = 6
# How many questions back the answer may lie that “When does it start?” is about.
LAST_ANSWER_LOOKBACK = 2

# The pronoun of “Est-il valable ?” may be the question's own subject, and so is no reference.
_INVERTED = re.compile(r"-(?:t-)?(?:ils?|elles?|on|ce)\b", re.IGNORECASE)

Ground = Callable[[str, Sequence[str]], Grounding]


def ground_question(ground: Ground, question: Question, history: Sequence[str]) -> Grounding:
    """Look *question* up alone, and without an answer, with what the visitor tells of it.

    An age or a number of people is a condition of what is asked, and looked up first: “My son is
    12. Can he learn to row?”
    """
    if not question.background:
        grounding = ground(question.text, history)
        return answered_before(ground, question, history, grounding) or grounding
    whole = _with_background(question)
    if _leans(question):
        return ground(whole, history)
    first, second = question.text, whole
    if counts_in(question.background, ALWAYS_USED):
        first, second = second, first
    grounding = ground(first, history)
    return grounding if grounding.answer else ground(second, history)


def answered_before(
    ground: Ground, question: Question, history: Sequence[str], grounding: Grounding
) -> Grounding | None:
    """The answer to *question* from the section that answered the last of *history*, if it has one.

    “When does it start?” is about what was just shown, in whatever words that states the time.
    *grounding* is what was found without looking back.
    """
    concepts = asks_what_of_it(question.text) if history else frozenset()
    if grounding.status == "faq":  # the owner's own words for it
        return None
    if not concepts or (grounding.answer and not is_follow_up(question.text)):
        return None
    previous = _last_answer(ground, history)
    if previous is None:
        return None
    subject = previous.passages[0]
    if grounding.answer and grounding.passages[0].chunk == subject.chunk:
        return None
    about_subject = ground(_under_heading(subject, question), ())
    is_of_subject = about_subject.answer and about_subject.passages[0].chunk == subject.chunk
    if is_of_subject and concepts & stated_in(about_subject.answer):
        return about_subject
    states_it = not grounding.answer and bool(concepts & stated_in(previous.answer))
    return previous if states_it else None


def ground_single(
    ground: Ground, ground_in_conversation: Ground, question: Question, history: Sequence[str]
) -> Grounding:
    """Look *question* up, the only one of its message.

    *ground* puts the questions before it that it depends on into what is searched for;
    *ground_in_conversation* searches for the question alone, and weighs what is found by what
    is found for both. The second is right more often, except where one question takes over most of
    the words of another: “and in Hull?”.
    """
    if not history:
        parts = (
            with_unit_of_age(part, ALWAYS_USED) for part in (question.text, question.background)
        )
        return ground_question(ground, Question(*parts), history)
    text = _with_background(question)
    ways = [ground_in_conversation]
    if has_few_own_words(question.text):
        ways.insert(0, partial(_ground_follow_up, ground))
    elif is_follow_up(question.text):
        ways.append(partial(_ground_follow_up, ground))
    groundings: list[Grounding] = []
    for way in ways:
        grounding = way(text, history)
        if grounding.answer or grounding.choices:
            return grounding
        groundings.append(grounding)
        if way is not ground_in_conversation and has_few_own_words(text):
            of_last_page = _answer_of_last_page(ground, Question(text), history)
            if of_last_page is not None:
                return of_last_page
    return next((each for each in groundings if each.unsure_answer), groundings[0])


def has_few_own_words(question: str) -> bool:
    """Whether *question* is put together with the one before it first: “and in Hull?”."""
    return takes_words_over(question) or bool(asks_what_of_it(question))


def _ground_follow_up(ground: Ground, text: str, history: Sequence[str]) -> Grounding:
    """Look *text* up after the questions that it depends on.

    If that has no answer, it may be complete by itself: “Y a du wifi ?”, after canoes.
    """
    question = Question(text)
    grounding = ground_question(ground, question, history)
    if grounding.answer or grounding.choices:
        return grounding
    if not continues(question.text):
        alone = ground(question.text, ())
        if alone.answer:
            return alone
    return grounding


def _answer_of_last_page(
    ground: Ground, question: Question, history: Sequence[str]
) -> Grounding | None:
    """The answer to *question*, which has few words of its own, from the page that answered the
    last of *history*, if it has one: “And all afternoon?”.
    """
    previous = _last_answer(ground, history)
    if previous is None:
        return None
    subject = previous.passages[0]
    grounding = ground(_under_heading(subject, question), ())
    pages = [source.url.partition("#")[0] for source in grounding.sources]
    return grounding if grounding.answer and pages[:1] == [subject.url] else None


def as_unsure(grounding: Grounding, *, is_shown: bool = True) -> Grounding:
    """*grounding* as a no, with its pages, and its answer as what comes closest if *is_shown*."""
    if not grounding.answer:
        return grounding
    return replace(
        grounding,
        status="passages",
        answer="",
        unsure_answer=grounding.answer if is_shown else "",
        near=grounding.sources,
        sources=(),
        further=(),
    )


def _under_heading(subject: Passage, question: Question) -> str:
    """*question*, asked of the section *subject*."""
    return f"{subject.heading or subject.title}: {question.text}"


def _last_answer(ground: Ground, history: Sequence[str]) -> Grounding | None:
    """The grounding of the latest question of *history* with an answer; None if too far back."""
    for at in range(len(history) - 1, max(-1, len(history) - 1 - LAST_ANSWER_LOOKBACK), -1):
        grounding = ground(history[at], history[:at])
        if grounding.answer and grounding.passages:
            return grounding
    return None


def stated_in(text: str) -> frozenset[str]:
    """The concepts that *text* states something about."""
    is_dated = any(fact.kind in ("date", "day", "time") for fact in facts(text))
    return terms_in(text) | (frozenset((WHEN,)) if is_dated else frozenset())


def ground_each(
    ground: Ground, questions: Sequence[Question], history: Sequence[str], whole: Grounding
) -> Grounding:
    """Look up each of *questions* and join the answers; *whole* is the grounding of the message.

    A question may depend on the one before it, and the first on the second: “Where is it, and
    do I have to book for the kiosk?” If that has no answer, the dependent question has none
    either: “Do you rent bikes, and what do they cost?”
    """
    looked_up, rest = questions[:QUESTIONS], questions[QUESTIONS:]
    answers: list[Grounding] = []
    for number, question in enumerate(looked_up):
        others = looked_up[number - 1 : number] or looked_up[1:2]
        neighbour = [_with_background(each) for each in others]
        alone, in_context = history, [*history, *neighbour]
        first, second = (in_context, alone) if _leans(question) else (alone, in_context)
        if first is in_context and number:  # its background is that of the question before it
            question = Question(question.text)
        answer = ground_question(ground, question, first)
        depends_on_unknown = first is in_context and number > 0 and not answers[-1].answer
        if not answer.answer and not depends_on_unknown:
            answer = ground_question(ground, question, second)
        answers.append(answer)
    texts = [question.text for question in looked_up]
    joint = join(texts, answers, whole)
    unclear = [q for q, each in zip(texts, answers, strict=True) if each.status == "choices"]
    open_questions = (*unclear, *(question.text for question in rest))
    return replace(joint, left=open_questions) if joint.answer else joint


def _with_background(question: Question) -> str:
    return f"{question.background} {question.text}".strip()


def _leans(question: Question) -> bool:
    return is_follow_up(_INVERTED.sub("", question.text))


def join(questions: Sequence[str], answers: Sequence[Grounding], whole: Grounding) -> Grounding:
    """One answer from several; questions with the same answer share it."""
    pairs = [*zip(questions, answers, strict=True)]
    by_answer: dict[int, tuple[list[str], Grounding]] = {}
    for question, answer in pairs:
        if answer.answer and answer.passages:
            chunk = answer.passages[0].chunk  # the best passage
            by_answer.setdefault(chunk, ([], answer))[0].append(question)
    # “What does he do?” after “Who is Tom?” names nothing of its own that could be open.
    open_questions = tuple(
        question
        for question, answer in pairs
        if answer.status in ("passages", "nothing")
        and (says_something(question) or asks_what_of_it(question))
    )
    if not by_answer or (whole.answer and set(by_answer) == {whole.passages[0].chunk}):
        return replace(whole, unanswered=open_questions if whole.answer else ())
    parts = [part for _questions, part in by_answer.values()]
    if len(parts) == 1:
        return replace(parts[0], unanswered=open_questions)
    texts = [
        "\n".join(f"**{literal(question)}**" for question in its_questions) + f"\n\n{part.answer}"
        for its_questions, part in by_answer.values()
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
