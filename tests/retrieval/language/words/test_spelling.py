"""Words as they were meant: misspelled, typed in a hurry, colloquial."""

from __future__ import annotations

import time

import pytest

from chatbot_server.retrieval.language.languages import ALWAYS_USED
from chatbot_server.retrieval.language.words.everyday import in_plain_words, spelled_out
from chatbot_server.retrieval.language.words.spelling import Spellings, common_words, sound
from chatbot_server.retrieval.language.words.stems import guess_language

KNOWN = Spellings(
    ["La kermesse de l’école, la déchèterie, une remorque, un spectacle, des tondeuses, les clés.",
     "Paddles, trailers, delivery to Switzerland, damaged backups, a reservation, books.",
     "The match on Sunday."],
    ALWAYS_USED,
)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("kermese", "kermesse"), ("dechetri", "déchèterie"), ("remork", "remorque"),
        ("spektak", "spectacle"), ("tondeuz", "tondeuses"), ("padels", "paddles"),
        ("tralers", "trailers"), ("delivry", "delivery"), ("switserland", "switzerland"),
        ("damagd", "damaged"), ("bakups", "backups"), ("resrevation", "reservation"),
        ("wich", "which"), ("dimance", "dimanche"), ("qulle", "quelle"),
    ],
)  # fmt: skip
def test_a_misspelled_word_is_the_known_one_that_is_written_nearly_alike(
    typed: str, meant: str
) -> None:
    nearest = KNOWN.nearest(typed)
    assert nearest is not None
    assert KNOWN.written(nearest[1]) == meant


@pytest.mark.parametrize("word", ["piscine", "terrine", "matcha", "boo", "x" * 40])
def test_another_word_is_no_misspelled_one(word: str) -> None:
    assert KNOWN.nearest(word) is None


def test_words_that_are_often_said_are_known_whatever_a_site_says() -> None:
    assert {"boots", "books", "travaillez", "gamin"} <= common_words(ALWAYS_USED)
    assert common_words(("xx",)) == frozenset()


def test_what_sounds_alike_is_written_in_many_ways() -> None:
    assert sound("checks") == sound("chekcs")
    assert sound("chat") != sound("sat")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("c koi le prix svp", "c'est quoi le prix s'il vous plaît"),
        ("Vous avez de la vitamine C ?", "Vous avez de la vitamine C ?"),
        ("combien coute le bsr ?", "combien coute le bsr ?"),  # a licence, no greeting
        ("do u ship 2day?", "do you ship today?"),
        ("jpeux venir qd ?", "je peux venir quand ?"),
        ("cb ça coûte par CB ?", "combien ça coûte par carte bancaire ?"),
    ],
)
def test_shorthand_is_spelled_out_in_the_language_of_the_question(typed: str, meant: str) -> None:
    assert spelled_out(typed, guess_language(typed)) == meant


def test_colloquial_words_give_way_to_a_page_s_where_the_site_has_them_not() -> None:
    assert in_plain_words("mon gamin a une bagnole", {"gamin"}.__contains__, "fr") == (
        "mon gamin a une voiture"
    )
    assert in_plain_words("Do I fork out?", {"fork"}.__contains__, "en") == "Do I pay?"
    # A card that is taken is no menu, and no card of membership.
    assert in_plain_words("vous prenez la carte ?", {"carte"}.__contains__, "fr") == (
        "vous payer par carte ?"
    )


def test_what_visitors_say_among_themselves_is_known_and_not_the_site_s_own() -> None:
    assert "gamin" in KNOWN
    assert not KNOWN.is_own("gamin")
    assert KNOWN.is_own("kermesse")


def test_many_unknown_words_take_no_time() -> None:
    spellings = Spellings([" ".join(f"mot{n:x}able" for n in range(20_000))], ALWAYS_USED)
    start = time.thread_time()
    for number in range(12):
        spellings.nearest(f"xyzabcdefghijklmnop{number}"[:30])
    assert time.thread_time() - start < 1
