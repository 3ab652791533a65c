"""How specific a word is: “acupuncture” is, “whole” and “pourriez” are not.

A small site has few of a language's words. That it lacks a word means something only if the word is
rare in the language, too.
"""

from __future__ import annotations

import math
from functools import cache

from chatbot_server.resources import read_words

# Ranks of words: up to OFTEN_SAID, a word is not specific at all; from SELDOM_SAID on, fully.
OFTEN_SAID, SELDOM_SAID = 100, 3000


@cache
def _ranks(language: str) -> dict[str, int]:
    """The ranks of folded words of *language*; the most frequent word has rank 1."""
    words = read_words("chatbot_server.retrieval.language.words", f"ranks/{language}.txt")
    return {word: rank for rank, word in enumerate(words, 1)}


def specificity(word: str, language: str) -> float:
    """How specific a folded *word* is, 0…1; 1 if the words of the language are not known."""
    rank = _ranks(language).get(word, SELDOM_SAID)
    share = math.log(rank / OFTEN_SAID) / math.log(SELDOM_SAID / OFTEN_SAID)
    return min(1.0, max(0.0, share))
