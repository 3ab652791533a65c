"""What an answer was worth, as ``knowledge eval`` counts it."""

from __future__ import annotations

from collections import Counter

import pytest

from chatbot_server.retrieval.base import Grounding, Passage, Source
from chatbot_server.retrieval.curate.quality.verdicts import (
    EvalQuestion,
    Verdict,
    pattern_of,
    shares,
    verdict,
)

PASSAGE = Passage(1, "Prices", "", "prices", "A kayak costs 18 €.", 0.5)
QUESTION = EvalQuestion(
    "What is a kayak?", must=(pattern_of("18 €"), pattern_of("d'eau")), must_not=(pattern_of("24"),)
)


@pytest.mark.parametrize(
    ("grounding", "worth"),
    [
        (Grounding("quoted", answer="**18\u202f€**, au bord d’EAU"), "right"),
        (Grounding("quoted", answer="18 €"), "incomplete"),
        (Grounding("choices", choices=("18 €", "d'eau")), "right"),
        (Grounding("faq", answer="24 €"), "misleading"),
        (Grounding("passages", near=(Source("Prices", "prices"),)), "wrong_no"),
        (Grounding("nothing"), "bare_no"),
    ],
)
def test_an_answer_is_right_or_wrong_in_one_way(grounding: Grounding, worth: Verdict) -> None:
    assert verdict(QUESTION, grounding) == worth


@pytest.mark.parametrize(
    "question",
    [
        EvalQuestion("What is a kayak?", answers=("18 €",)),
        EvalQuestion("What is a kayak?", relevant=frozenset({"prices"})),
    ],
)
def test_a_text_or_a_document_may_tell_what_is_right(question: EvalQuestion) -> None:
    right = Grounding("quoted", answer="It costs 18 €.", passages=(PASSAGE,))
    assert verdict(question, right) == "right"
    other = Passage(2, "Hours", "", "hours", "We open at 8.", 0.5)
    wrong = Grounding("quoted", answer="We open at 8.", passages=(other, PASSAGE))
    assert verdict(question, wrong) == "incomplete"


def test_where_nothing_is_known_only_a_no_is_honest() -> None:
    question = EvalQuestion("Who painted Guernica?")
    assert verdict(question, Grounding("passages", passages=(PASSAGE,))) == "honest_no"
    assert verdict(question, Grounding("quoted", answer="18 €")) == "should_be_no"


def test_a_bare_no_is_a_wrong_no_too() -> None:
    counts: Counter[Verdict] = Counter({"right": 2, "wrong_no": 1, "bare_no": 1})
    figures = shares(counts)
    assert (figures["right"], figures["wrong_no"], figures["bare_no"]) == (0.5, 0.5, 0.25)
    assert figures["honest_no"] is None
