"""Ages and counts between the limits that a text tells."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.language.languages import ALWAYS_USED
from chatbot_server.retrieval.language.ranges import counts_in, with_unit_of_age, within


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("mon fils de 9 ans", "Les enfants de moins de 10 ans sont accompagnés."),
        ("mon fils de 9 ans", "Entrée enfant (4 à 17 ans)"),
        ("un bébé de 2 ans", "de 6 mois à 3 ans"),
        ("à 16 ans", "dès 16 ans"),
        ("70 ans", "65 ans et plus"),
        ("nous sommes 12 personnes", "groupes de 10 à 20 personnes"),
        ("can my 9 year old come", "free for under-16s"),
        ("my 9-year-old", "ages 6 and over"),
        ("she is 8 years old", "aged 5 to 11"),
        ("for 6 people", "sleeps up to 8 people"),
        ("j'ai 62 ans", "Cours pour enfants (dès 5 ans) et adultes, sans limite d’âge"),
        ("à 70 ans", "Ouvert à tous les âges"),
        ("I am 81 years old", "A choir for all ages"),
    ],
)
def test_a_limit_holds_for_what_lies_within(question: str, text: str) -> None:
    assert within(counts_in(question, ALWAYS_USED), text, ALWAYS_USED)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("mon fils de 9 ans", "Enfant de moins de 4 ans"),
        ("mon fils de 9 ans", "à partir de 12 ans"),
        ("10 ans", "moins de 10 ans"),
        ("mon fils de 9 ans", "de 6 à 12 mois"),
        ("nous sommes 12", "groupes de 10 à 20 personnes"),
        ("9 ans", "la carte coûte de 5 à 15 €"),
        ("my 3-year-old", "ages 6 and over"),
        ("my 3-year-old", "cheese of different ages"),
    ],
)
def test_another_limit_does_not(question: str, text: str) -> None:
    assert not within(counts_in(question, ALWAYS_USED), text, ALWAYS_USED)


@pytest.mark.parametrize(
    ("question", "in_full"),
    [
        ("my son is 12, can he row?", "my son is 12 years old, can he row?"),
        ("my son is 12 can he row", "my son is 12 years old can he row"),
        ("I’m 70", "I’m 70 years old"),
        ("he is only 8.", "he is only 8 years old."),
        ("I'm 80 and do not drive", "I'm 80 and do not drive"),
        ("she is 6 months old", "she is 6 months old"),
        ("I'm 12 minutes late", "I'm 12 minutes late"),
        ("we are 12, is there room?", "we are 12, is there room?"),
        ("my son is 2.5", "my son is 2.5"),
    ],
)
def test_an_age_without_a_unit_gets_one(question: str, in_full: str) -> None:
    assert with_unit_of_age(question, ALWAYS_USED) == in_full
    assert with_unit_of_age(question, ("fr",)) == question
