"""Stems: those of singular and plural meet, and are the same for every thread that asks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatbot_server.retrieval.language.words.stems import all_stems, query_terms, stem

VISITORS = 8
ENDINGS = ("issement", "ations", "euses", "ement", "ables", "ités", "ives", "ences", "logies")


@pytest.fixture
def quick_turns() -> Iterator[None]:
    """Threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("quick_turns")
def test_threads_that_stem_at_once_get_their_own_stems() -> None:
    by_thread = [
        [f"{chr(97 + thread)}{at:x}r{ending}" for at in range(60) for ending in ENDINGS]
        for thread in range(VISITORS)
    ]

    def stems(words: list[str]) -> list[str]:
        return [stem(word, "fr") for word in words]

    stem.cache_clear()
    with ThreadPoolExecutor(VISITORS) as threads:
        together = list(threads.map(stems, by_thread))
    stem.cache_clear()
    assert together == list(map(stems, by_thread))


@pytest.mark.parametrize(
    ("singular", "plural"),
    [("menu", "menus"), ("velo", "velos"), ("pneu", "pneus"), ("jeu", "jeux"), ("spa", "spas")],
)
def test_french_plurals_that_the_stemmer_keeps_meet_their_singular(
    singular: str, plural: str
) -> None:
    assert all_stems(singular, ("fr",)) & all_stems(plural, ("fr",))
    assert stem(plural, "fr") in query_terms(f"le {singular}", ("fr",))
    assert stem(singular, "fr") in query_terms(f"les {plural}", ("fr",))
    assert not all_stems("bus", ("fr",)) & all_stems("bu", ("fr",))
