"""What is left of a question without courtesy, small words and misspellings.

“Bonjour, pouvez-vous me dire si vous reparé les vélos svp ?” asks what “Réparez-vous les vélos ?”
asks, and one answer settles both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

from chatbot_server.retrieval.language.languages import ALWAYS_USED, LANGUAGES, any_phrase
from chatbot_server.retrieval.language.words import stems
from chatbot_server.retrieval.language.words.everyday import spelled_out
from chatbot_server.retrieval.language.words.spelling import SHORTEST, Spellings, common_words
from chatbot_server.retrieval.language.words.synonyms import without_politeness

_phrase = partial(any_phrase, languages=ALWAYS_USED)
# Words before a question that is asked indirectly, folded and without courtesy.
_ASKS_TO_BE_TOLD = re.compile(
    rf"\b(?:{_phrase('introduction_words')}[\s'-]+){{0,8}}{_phrase('asks_to_be_told')}"
    rf"(?: +{_phrase('if_words')})?(?![\w-])"
)
_PLURAL = re.compile(r"(?<=[^\Ws]{3})s$")  # “vélos” keeps its ending otherwise
_OU = re.compile(r"\boù\b|^\W*ou\b", re.IGNORECASE)  # elsewhere, “ou” is “or”


def interrogatives(question: str) -> frozenset[str]:
    """The words of *question* that say whether a place, a time, a person … is wanted."""
    where = {"où"} if _OU.search(question) else set()
    small_words = frozenset().union(*(LANGUAGES[code].interrogatives for code in ALWAYS_USED))
    return small_words.intersection(stems.words(question)) | where


class BareWords:
    """The stems of questions of one site, whose words correct each other's spelling."""

    def __init__(self, questions: Iterable[str]) -> None:
        right = common_words(ALWAYS_USED)
        words = dict.fromkeys(word for text in questions for word in stems.words(text))
        self._spellings = Spellings([" ".join(filter(right.__contains__, words))], ALWAYS_USED)
        self._corrected: dict[tuple[str, str], str] = {}

    def stems(self, question: str) -> frozenset[str]:
        """The stems of *question*, in its own language; of all its words if it has no others."""
        language = _language_of(question)
        plain = without_politeness(spelled_out(question, language))
        rest = _ASKS_TO_BE_TOLD.sub(" ", plain)
        words = stems.content_words(rest if stems.words(rest) else plain, ALWAYS_USED, language)
        return frozenset(
            stems.stem(_PLURAL.sub("", self._right(word, language)), language) for word in words
        )

    def _right(self, word: str, language: str) -> str:
        """*word*, or the known one that it was meant to be."""
        if len(word) < SHORTEST or word in common_words((language,)) or not word.isalpha():
            return word
        key = word, language
        if key not in self._corrected:
            nearest = self._spellings.nearest(word)
            self._corrected[key] = nearest[1] if nearest else word
        return self._corrected[key]


def _language_of(question: str) -> str:
    """The language of its small words; without any, the one that has more of its words."""
    words = stems.words(question)
    counts = {code: sum(map(common_words((code,)).__contains__, words)) for code in ALWAYS_USED}
    return stems.guess_language(question, max(ALWAYS_USED, key=counts.__getitem__))
