"""The answer test of models: what counts as right, and how it is asked."""

from __future__ import annotations

import re

import pytest
from support.scripted_chat import ScriptedModel

from chatbot_server.conversation.model.faithfulness import all_questions, ask_all, judge
from chatbot_server.engine.base import Sampling

QUESTIONS = {question.text: question for question in all_questions()}


@pytest.mark.parametrize(
    ("question", "answer", "outcome"),
    [
        ("Is it open in August?", "No, it is closed in August.", (True, False)),
        ("Is it open in August?", "Yes, every day.", (False, False)),
        ("Combien coûte le menu du soir ?", "Le menu du soir coûte 29 €.", (True, False)),
        ("Combien coûte le menu du soir ?", "Le menu du soir coûte 35 €.", (False, True)),
        ("How much is a library card?", "The text does not say what a card costs.", (True, False)),
        ("How much is a library card?", "A library card costs £12.", (False, True)),
        ("Y a-t-il une terrasse ?", "Je n'ai pas d'information à ce sujet.", (True, False)),
    ],
)
def test_right_is_what_the_text_says_and_what_it_does_not_say_is_left_open(
    question: str, answer: str, outcome: tuple[bool, bool]
) -> None:
    tested = judge(QUESTIONS[question], answer)
    assert (tested.is_right, tested.is_stopped) == outcome


def test_every_question_is_asked_as_visitors_are_answered() -> None:
    questions = all_questions()[:2]
    model = ScriptedModel("write", ["It is open from 10am to 5pm on Saturday."])
    steps: list[tuple[int, int]] = []
    answers = ask_all(model, Sampling(), lambda *step: steps.append(step), questions)
    assert steps == [(1, 2), (2, 2)]
    assert [answer.is_right for answer in answers] == [True, False]
    prompt = "".join(segment.text for segment in model.prompts[0].segments)
    assert questions[0].passage.text.strip() in prompt


def test_the_questions_are_in_both_languages_and_some_have_no_answer() -> None:
    questions = all_questions()
    for language in ("en", "fr"):
        of_language = [bool(each.must) for each in questions if each.language == language]
        assert len(of_language) >= 7
        assert 1 <= of_language.count(False) <= 3
    for pattern in (pattern for question in questions for pattern in question.must):
        re.compile(pattern)
