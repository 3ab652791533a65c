"""A language is one data file: what is in it is known, and what is wrong in it stops the start."""

from __future__ import annotations

from typing import Any

import pytest

from chatbot_server.resources import read_yaml_files
from chatbot_server.retrieval.language.dialogue import contrast
from chatbot_server.retrieval.language.dialogue.follow_up import is_follow_up
from chatbot_server.retrieval.language.facts import Fact, facts, spelled_number
from chatbot_server.retrieval.language.languages import ALWAYS_USED, LANGUAGES, load, together
from chatbot_server.retrieval.language.sentences import (
    MAX_ITEM_WORDS,
    sentences,
    sentences_and_items,
)
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.words import stems, synonyms

SPANISH, GERMAN = together(["es"]), together(["de"])


def records() -> dict[str, Any]:
    """A fresh copy of the data files."""
    return read_yaml_files("chatbot_server.retrieval.language", "data")


def test_french_and_english_come_first_and_are_always_used() -> None:
    assert tuple(LANGUAGES)[:2] == ALWAYS_USED == together([]) == together(["xx"])
    assert together(["fr", "es", "de", "es"]) == ("fr", "en", "de", "es")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param({"negation": "no"}, "negation", id="a key that there is not"),
        pytest.param({"stop_words": None}, "stop_words", id="words that are missing"),
        pytest.param({"days": ["lunes"]}, "days", id="a week of one day"),
        pytest.param({"negations": False}, "negations", id="a “no” without quotes"),
        pytest.param({"synonyms": {"delivry": "enviar"}}, "delivry", id="a misspelled family"),
        pytest.param({"opposites": {"in / out": ["a", "b"]}}, "in / out", id="an unknown pair"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(change: dict[str, Any], named: str) -> None:
    wrong = records()
    wrong["es"] |= change
    with pytest.raises(ValueError, match=r"es\.yaml") as error:
        load(wrong)
    assert named in str(error.value)


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_a_stemmer_of_each_language_is_there(code: str) -> None:
    assert stems.stem("ab", code)


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_words_are_folded_as_those_of_visitors_are(code: str) -> None:
    language = LANGUAGES[code]
    words = {*language.stop_words, *language.negations, *language.asking_words, *language.measures}
    words |= {word for family in language.synonyms.values() for word in family}
    words |= {word for pair in language.opposites.values() for side in pair for word in side}
    words |= {word for names in (*language.months, *language.days) for word in names}
    words |= {word for names in language.numbers.values() for word in names}
    assert {word for word in words if fold(word) != word} == set()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("La tienda está cerrada los domingos y abrimos los sábados por la mañana.", "es"),
        ("Wir haben am Sonntag geschlossen und sind ab Montag wieder für Sie da.", "de"),
        ("La boutique est fermée le dimanche, et nous ouvrons le samedi.", "fr"),
        ("The shop is closed on Sundays, and we open on Saturdays.", "en"),
        ("Man at war", "en"),
        ("Die Hard", "fr"),
        ("", "fr"),
    ],
)
def test_a_document_is_in_the_language_of_its_small_words(text: str, language: str) -> None:
    assert stems.guess_document_language(text) == language


@pytest.mark.parametrize(
    ("languages", "text", "kind", "value"),
    [
        (SPANISH, "el 3 de mayo de 2026", "date", "2026-5-3"),
        (SPANISH, "desde el 1º de agosto", "date", "-8-1"),
        (SPANISH, "los miércoles", "day", "3"),
        (SPANISH, "a las 18:30 h", "time", "18:30"),
        (SPANISH, "a las 9 horas", "time", "9:00"),
        (SPANISH, "1.200,50 euros", "price", "1200.5 eur"),
        (SPANISH, "el 20 por ciento", "percent", "20"),
        (SPANISH, "treinta y cinco", "number", "30"),
        (SPANISH, "calle Mayor, 12", "street", "calle mayor 12"),
        (GERMAN, "am 3. Mai 2026", "date", "2026-5-3"),
        (GERMAN, "im Dezember", "date", "-12-"),
        (GERMAN, "montags", "day", "1"),
        (GERMAN, "um 9.30 Uhr", "time", "9:30"),
        (GERMAN, "um 18 Uhr", "time", "18:00"),
        (GERMAN, "12,50 Euro", "price", "12.5 eur"),
        (GERMAN, "zwanzig oder 20 Prozent", "percent", "20"),
        (GERMAN, "Lindenstraße 12a", "street", "lindenstrasse 12a"),
        (GERMAN, "+49 30 12345678", "phone", "03012345678"),
    ],
)
def test_facts_are_read_in_each_language(
    languages: tuple[str, ...], text: str, kind: Any, value: str
) -> None:
    assert Fact(kind, value) in facts(text, languages)


@pytest.mark.parametrize(
    ("word", "number"),
    [("fünfunddreißig", 35), ("hundert", 100), ("elf", 11), ("einundzwanzig", 21), ("hund", None)],
)
def test_german_numbers_are_read_in_one_word(word: str, number: int | None) -> None:
    assert spelled_number(fold(word), GERMAN) == number


@pytest.mark.parametrize("word", ["elf", "once", "dos", "mayo"])
def test_a_word_of_a_further_language_is_no_fact_where_it_is_not_spoken(word: str) -> None:
    assert facts(word) == frozenset()
    assert stems.query_terms("die Hunde") == list(
        dict.fromkeys([stems.stem(word, code) for word in ("die", "hunde") for code in ALWAYS_USED])
    )


@pytest.mark.parametrize(
    ("languages", "text"),
    [
        (SPANISH, "No aceptamos cheques"),
        (GERMAN, "Wir nehmen keine Schecks"),
        (ALWAYS_USED, "We don’t take cheques"),
        (ALWAYS_USED, "Je n’accepte"),
    ],
)
def test_negations_are_told(languages: tuple[str, ...], text: str) -> None:
    assert contrast.is_negated(text, languages)


def test_opposites_are_joined_over_languages() -> None:
    assert contrast.are_opposed("¿Está abierto?", "¿Está cerrado?", SPANISH)
    assert contrast.are_opposed("Ist geöffnet?", "Is it closed?", GERMAN)
    assert not contrast.are_opposed("¿Está abierto?", "Is it open?", SPANISH)


def test_a_spanish_word_means_what_the_english_one_does() -> None:
    assert (
        synonyms.word("envio", SPANISH).concepts
        == synonyms.word("lieferung", GERMAN).concepts
        == synonyms.word("delivery").concepts
    )


def test_only_capitals_are_german_names() -> None:
    assert contrast.names("Wann hat der Laden in der Stadt auf?", GERMAN) == set()
    assert contrast.names("Nehmt ihr die DKB an?", GERMAN) == {"dkb"}


@pytest.mark.parametrize(
    ("languages", "question", "leans"),
    [
        (SPANISH, "¿Y los domingos?", True),
        (SPANISH, "¿Cuánto cuesta?", True),
        (SPANISH, "¿Cuánto cuesta arreglar un pinchazo?", False),
        (GERMAN, "Und am Sonntag?", True),
        (GERMAN, "Wie lange dauert das?", True),
        (GERMAN, "Was kostet ein Doppelzimmer?", False),
    ],
)
def test_follow_ups_are_told(languages: tuple[str, ...], question: str, leans: bool) -> None:
    assert is_follow_up(question, languages) == leans


@pytest.mark.parametrize(
    ("languages", "text", "count"),
    [
        (GERMAN, "Wir öffnen z.B. am Sonntag. Danach nicht.", 2),
        (SPANISH, "Vea la pág. 3 del folleto. Gracias.", 2),
        (ALWAYS_USED, "1. Ouvrez la boîte.\n2. Fermez-la.", 2),
        (ALWAYS_USED, "Child seat (max. 22 kg). Ask us.", 2),
        (ALWAYS_USED, "Comptez env. 30 minutes à pied, min. 20.", 1),
        (ALWAYS_USED, "It takes 30 min. 20 people may come.", 2),
        (ALWAYS_USED, "The water is 2 m at the max. Children swim there.", 2),
        (ALWAYS_USED, "Write to info@Shop.Example today.", 2),
    ],
)
def test_an_abbreviation_ends_no_sentence(
    languages: tuple[str, ...], text: str, count: int
) -> None:
    assert len(sentences(text, languages)) == count


def test_an_item_of_a_list_stays_whole_unless_it_is_long() -> None:
    item = "- Marcus, manager. Ring him about hire."
    text = f"Our staff. All of them.\n{item}\n1. Ouvrez. Fermez.\nAsk us. We answer."
    assert sentences_and_items(text) == [
        *("Our staff.", "All of them.", item, "1. Ouvrez. Fermez.", "Ask us.", "We answer.")
    ]
    long = f"- Swim. {'Now ' * MAX_ITEM_WORDS}"
    assert len(sentences_and_items(long)) == 2


@pytest.mark.parametrize(
    ("named", "language"),
    [("en", "fr"), ("en-gb", "fr"), ("fr", "fr"), ("fr-be", "fr-be"), ("", ""), ("xx", "xx")],
)
def test_page_is_in_the_language_of_its_text_where_a_template_names_another(
    named: str, language: str
) -> None:
    text = "Les cours sont pour tous les enfants, dans la salle de la mairie, avec un professeur. "
    assert stems.language_of_page(named, text * 3) == language


def test_page_of_few_words_or_of_two_languages_is_in_the_one_it_names() -> None:
    french, english = "Les cours sont dans la salle.", "All of the classes are in the hall."
    assert stems.language_of_page("en", french) == "en"
    assert stems.language_of_page("en", f"{french} {english} " * 20) == "en"
