"""What a model may and may not tell a visitor about the owner's business."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot_server.conversation.model.guard import CheckedSentences, Guard, Refused
from chatbot_server.retrieval.base import Passage

SHOP = Passage(
    chunk=1,
    title="Nos horaires",
    heading="",
    url="https://shop.example/horaires",
    text="Ouvert du lundi au samedi de 9h30 à 19h. Fermé le 1er mai 2026. Entrée : 12,50 €."
    " 3 rue des Lilas, tél. 01 23 45 67 89, contact@shop.example. Plus de 1 200 articles, 20 % de remise.",  # noqa: E501
    score=1.0,
)


def shown(answer: str, pieces: int = 3, page: Passage = SHOP) -> tuple[str, bool]:
    """What the visitor sees of *answer*, and whether it was stopped."""
    guard = Guard([page])
    parts = [answer[at : at + pieces] for at in range(0, len(answer), pieces)]
    seen = list(guard.check(parts))
    return "".join(part.text for part in seen if isinstance(part, CheckedSentences)), any(
        isinstance(part, Refused) for part in seen
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "We open at 9:30 am.",
        "Nous ouvrons à 9 h 30 et fermons à 19:00.",
        "Nous fermons à 7 pm.",
        "L’entrée coûte 12,50 euros.",
        "It costs €12.50.",
        "Closed on May 1st, 2026.",
        "Fermé le 1er mai.",
        "Call 01.23.45.67.89 or +33 1 23 45 67 89.",
        "We are at 3 rue des Lilas.",
        "Write to contact@shop.example or see https://shop.example/horaires.",
        "More than 1,200 articles.",
        "Ouvert le lundi.",
        "1. Bonjour.\n2. Bienvenue.",
        "Bonjour, que puis-je pour vous ?",
    ],
)
def test_what_the_page_says_is_shown_in_any_spelling(sentence: str) -> None:
    assert shown(sentence) == (sentence, False)


@pytest.mark.parametrize(
    "sentence",
    [
        "We open at 8:30 am.",
        "Nous fermons à 20h.",
        "L’entrée coûte 15 €.",
        "It costs $12,500.",
        "Closed on May 2nd.",
        "Fermé le 1er mai 2027.",
        "Call 01 23 45 67 88.",
        "We are at 5 rue des Lilas.",
        "We are at 3 rue des Roses.",
        "Write to info@shop.example.",
        "See https://evil.example/horaires.",
        "Ouvert le dimanche.",
        "We have fifty shops.",
        "30 % de remise.",
        "It costs thirty-five euros.",
        "Cela coûte trente-cinq euros.",
        "Comptez une centaine d’euros.",
        "It takes a dozen days.",
        "It costs $12.50.",
        "We are closed in December.",
        "Visit evil.shop today.",
        "Voyez bit.ly/abc.",
        "See [here](//evil.example/a).",
        "Yes, we open at 3 am.",
    ],
)
def test_what_stands_in_no_passage_is_not_shown(sentence: str) -> None:
    text, stopped = shown(f"Bonjour. {sentence} Au revoir.")
    assert stopped
    assert text == "Bonjour."


def test_a_number_split_over_tokens_is_still_one_number() -> None:
    for pieces in range(1, 8):
        assert shown("Il coûte 12,50 €. Il y a 91 200 articles. Fin.", pieces)[1]


def test_a_sentence_without_end_is_let_out_in_parts_and_still_checked() -> None:
    text, stopped = shown("mot " * 400 + "42")
    assert stopped
    assert len(text) > 600


@given(st.text(max_size=300), st.integers(1, 9))
def test_any_text_goes_through_without_loss_or_error(answer: str, pieces: int) -> None:
    text, stopped = shown(answer, pieces, replace(SHOP, text=answer))
    assert answer.startswith(text)
    if not stopped:
        assert text == answer
