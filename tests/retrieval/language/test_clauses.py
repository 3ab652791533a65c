"""Messages with several questions, and those that only look like it."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.language.clauses import Question, questions_of
from chatbot_server.retrieval.language.words.stems import guess_language


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        (
            "Are you open on Sunday and do you take cards?",
            ["Are you open on Sunday?", "Do you take cards?"],
        ),
        ("Hours? And parking?", ["Hours?", "Parking?"]),
        ("opening hours and do you take cards", ["Opening hours?", "Do you take cards"]),
        ("Are you open?Do you deliver?", ["Are you open?", "Do you deliver?"]),
        (
            "Where are you, when are you open, and do you take cards?",
            ["Where are you?", "When are you open?", "Do you take cards?"],
        ),
        (
            "C’est où et faut-il réserver pour le kiosque ?",
            ["C’est où ?", "Faut-il réserver pour le kiosque ?"],
        ),
        (
            "Quel bus prendre et où est-ce qu’on peut se garer ?",
            ["Quel bus prendre ?", "Où est-ce qu’on peut se garer ?"],
        ),
        (
            "vous etes ou exactement et y a-t-il un bus ?",
            ["Vous etes ou?", "Y a-t-il un bus ?"],
        ),
        (
            "Vous ouvrez à 8 h et jusqu’à quand puis-je venir ?",
            ["Vous ouvrez à 8 h ?", "Jusqu’à quand puis-je venir ?"],
        ),
    ],
)
def test_each_question_of_a_message_is_one(message: str, questions: list[str]) -> None:
    assert [
        question.text for question in questions_of(message, guess_language(message))
    ] == questions


@pytest.mark.parametrize(
    "message",
    [
        "bread and butter",
        "Do you sell bread and butter?",
        "If it rains, is the market open?",
        "S’il pleut, est-ce que le marché a lieu ?",
        "Is it cheaper on a weekday or on Saturday evening?",
        "Combien pour deux adultes et un enfant ?",
        "and to Northern Ireland?",
        "et c’est quand le prochain ?",
        "La livraison est-elle gratuite si j’achète pour 90 € et que j’habite à 6 km ?",
        "On the family plan, how fast is it?",
        "Bonjour",
        "",
        "?" * 5000,
        "and do " * 140,
    ],
)
def test_what_asks_one_thing_stays_whole(message: str) -> None:
    assert questions_of(message, guess_language(message)) == [Question(message)]


@pytest.mark.parametrize(
    ("message", "question"),
    [
        (
            "Bonjour, j'espère que vous allez bien. Je voulais savoir si vous livrez. Merci !",
            "Vous livrez.",
        ),
        (
            "Bonjour Anna, petite question rapide : acceptez-vous les chiens ? Merci d’avance",
            "Acceptez-vous les chiens ?",
        ),
        (
            "Madame, Monsieur, pourriez-vous me dire s’il faut réserver ? Bien à vous, Jean",
            "Il faut réserver ?",
        ),
        (
            "Hi there, hope you're all well! Quick one: do you take cards? Thanks a lot!",
            "Do you take cards?",
        ),
        (
            "I'd just like to know, if it's no bother, whether you deliver. Kind regards, Moira",
            "You deliver.",
        ),
        ("ok and how do I pay?", "And how do I pay?"),
        ("where are you exactly", "Where are you"),
        ("Could I collect it instead of paying postage?", "Could I collect it?"),
        ("On peut le chercher au lieu d’être livré ?", "On peut le chercher ?"),
    ],
)
def test_what_is_said_around_a_question_is_left_out(message: str, question: str) -> None:
    assert questions_of(message, guess_language(message)) == [Question(question)]


@pytest.mark.parametrize(
    ("message", "question", "background"),
    [
        ("Hello! I come on Friday. Are you open?", "Are you open?", "I come on Friday."),
        (
            "Vous êtes ouverts ? Je viens avec mon chien.",
            "Vous êtes ouverts ?",
            "Je viens avec mon chien.",
        ),
        (
            "mon vélo est cassé, combien coûte la réparation ?",
            "Combien coûte la réparation ?",
            "mon vélo est cassé",
        ),
        ("My son is 15, can he come alone?", "Can he come alone?", "My son is 15"),
    ],
)
def test_what_visitors_tell_of_themselves_stands_beside_their_question(
    message: str, question: str, background: str
) -> None:
    assert questions_of(message, guess_language(message)) == [Question(question, background)]
