"""Questions that ask for a property of a thing that they do not name."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.language.dialogue.properties import (
    names_no_thing,
    property_of_it,
    states_property,
)
from chatbot_server.retrieval.language.languages import together


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("How much is it?", "price"),
        ("et c'est combien ?", "price"),
        ("c'est gratuit ?", "price"),
        ("what does it cost per month", "price"),
        ("who's the instructor", "person"),
        ("qui l'anime ?", "person"),
        ("avec qui", "person"),
        ("à partir de quel âge ?", "age"),
        ("what time does it start?", "hour"),
        ("what time does it finish?", "end"),
        ("ça finit vers quelle heure ?", "end"),
        ("ça dure combien de temps", "duration"),
        ("ca dure combien de jours", "duration"),
        ("combien de temps il est valable", "duration"),
        ("how long is it valid?", "duration"),
        ("which days", "day"),
        ("c'est en quel mois", "day"),
        ("how many people on it?", "count"),
        ("quel est le numéro de téléphone ?", "phone"),
        ("and what's the email", "email"),
        ("how do I contact them", "phone"),
        ("c'est où ?", "address"),
        ("wer leitet das?", "person"),
        ("¿cuánto cuesta?", "price"),
    ],
)
def test_what_is_asked_of_it(question: str, name: str) -> None:
    assert property_of_it(question, together(("de", "es"))) == name


@pytest.mark.parametrize(
    "question",
    [
        "When do you open?",
        "who are you?",
        "Qui êtes-vous ?",
        "How much is the course?",
        "how old do the kids at the party have to be",
        "and in Hull?",
        "on est combien dans le groupe",
        "And on Sundays?",
        "what's your phone number?",
        "what is the phone number of the Leeds shop",
        "do I need to call first?",
    ],
)
def test_what_names_a_thing_or_asks_those_who_answer_is_no_such_question(question: str) -> None:
    assert property_of_it(question) is None


def test_a_day_names_no_thing() -> None:
    assert names_no_thing("and on Sundays?")
    assert not names_no_thing("and the pool?")


@pytest.mark.parametrize(
    ("name", "text", "is_stated"),
    [
        ("price", "It costs 75 €.", True),
        ("price", "Entrée gratuite.", True),
        ("price", "Prices are on request.", False),
        ("person", "A day with Corentin Vauthier.", True),
        ("person", "We meet on Monday.", False),
        ("person", "In the Garden Room or the Main Hall.", False),
        ("age", "For children from 8 years on.", True),
        ("age", "Ages 8 to 13.", True),
        ("age", "Room 12.", False),
        ("hour", "From 9 am.", True),
        ("hour", "On Mondays.", False),
        ("end", "From 9 am to 11 am.", True),
        ("end", "It goes on until 11 pm.", True),
        ("end", "From 9 am.", False),
        ("end", "On 3 May from 9 am.", False),
        ("duration", "Il faut compter deux heures.", True),
        ("duration", "On sort par tous les temps.", False),
        ("duration", "At 9 am.", False),
        ("day", "En mars, avant la montée de la sève.", True),
        ("day", "Bring a coat.", False),
        ("count", "Eight places.", True),
        ("count", "Many places.", False),
        ("phone", "Call 01482 555 0102.", True),
        ("phone", "Call the office.", False),
        ("email", "Write to hello@mill.example.", True),
        ("address", "3 Dock Lane, Hull.", True),
    ],
)
def test_what_states_it(name: str, text: str, is_stated: bool) -> None:
    assert states_property(name, text) is is_stated  # type: ignore[arg-type]
