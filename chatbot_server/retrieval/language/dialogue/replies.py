"""Short replies that need the messages before them to be understood.

“No, I mean Hull” corrects the question, “for children?” asks it about something else, and “the
second one” is in a list that was just shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from chatbot_server.retrieval.language.clauses import asks_anything, is_courtesy
from chatbot_server.retrieval.language.dialogue.follow_up import (
    context_of,
    continues,
    is_follow_up,
    without_names,
)
from chatbot_server.retrieval.language.facts import is_fact
from chatbot_server.retrieval.language.languages import (
    ALWAYS_USED,
    LANGUAGES,
    Languages,
    any_of,
    any_phrase,
)
from chatbot_server.retrieval.language.text import fold_letters
from chatbot_server.retrieval.language.time.moments import find_moment
from chatbot_server.retrieval.language.words import stems

# The most content words, and words in all, of a fragment.
FRAGMENT_CONTENT, FRAGMENT_WORDS = 3, 7
REPLY_WORDS = 10


def as_follow_up(reply: str, language: str, languages: Languages = ALWAYS_USED) -> str:
    """*reply* without “No, I mean”, and after “and” if it only names another subject."""
    text = reply.lstrip()
    correction = _corrections(languages).match(fold_letters(text))
    rest = text[correction.end() :].lstrip() if correction else reply
    if not rest or is_courtesy(rest, languages):
        return reply
    if is_follow_up(rest, languages, language) or not _is_fragment(
        rest, languages, language, is_correction=bool(correction)
    ):
        return rest
    return f"{LANGUAGES[language].follow_up_openings[0]} {rest}"


def takes_words_over(reply: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether *reply* asks the question before it again with other words: “and in Hull?”.

    “No, I mean Hull” does, and “tomorrow?”.
    """
    moment, rest = find_moment(reply, languages)
    if moment and not stems.says_something(rest, languages):
        return True
    language = stems.guess_language(reply, languages=languages)
    return continues(as_follow_up(reply, language, languages), languages)


def item_named(reply: str, items: Sequence[str], languages: Languages = ALWAYS_USED) -> str | None:
    """*reply* with “the second one” replaced by that item; None if it names no place in a list."""
    if len(stems.words(reply)) > REPLY_WORDS:
        return None
    reply = " ".join(reply.split())
    match = _positions(languages).search(fold_letters(reply))
    if match is None:
        return None
    place = next(
        place
        for code in languages
        for place, words in LANGUAGES[code].positions.items()
        if match["place"] in words
    )
    at = len(items) - 1 if place < 0 else place - 1
    if not 0 <= at < len(items):
        return None
    return f"{reply[: match.start()]}{items[at]}{reply[match.end() :]}"


def question_of_others(
    reply: str, history: Sequence[str], languages: Languages = ALWAYS_USED
) -> str | None:
    """The earlier question without the place that it names, if *reply* asks for others."""
    flat = " ".join(fold_letters(reply).split())
    if not history or not _others(languages).match(flat):
        return None
    before = context_of("", history, languages)
    question = without_names(before, languages)
    return question if question != before else None


def _is_fragment(text: str, languages: Languages, language: str, *, is_correction: bool) -> bool:
    """Whether *text* is not a question by itself, but names a thing, a day or a person."""
    if asks_anything(text, languages) or len(stems.words(text)) > FRAGMENT_WORDS:
        return False
    content = stems.content_words(text, languages, language)
    if len(content) > FRAGMENT_CONTENT:
        return False
    has_preposition = bool(_prepositions(languages).match(fold_letters(text).lstrip()))
    if not stems.says_something(text, languages):
        return False
    is_day = all(is_fact(word, languages) for word in content)
    is_asked = text.rstrip().endswith("?") and len(content) == 1
    return is_correction or has_preposition or is_day or is_asked


@cache
def _corrections(languages: Languages) -> re.Pattern[str]:
    phrases = [phrase for code in languages for phrase in LANGUAGES[code].corrections]
    clause = any_of(phrase for phrase in phrases if " " in phrase)
    # “No, Hull” corrects, “no problem” does not.
    word = rf"{any_of(phrases)}(?:[,.;:!…–—-]|(?=\s+{clause}))"
    return re.compile(rf"(?:(?:{word}|{clause}(?!\w))[\s,.;:!…–—-]*)+")


@cache
def _prepositions(languages: Languages) -> re.Pattern[str]:
    forms = (form for code in languages for form in LANGUAGES[code].prepositions)
    words = any_of(word for group in forms for word in group.split())
    return re.compile(rf"{words}(?:'|\s)")


@cache
def _positions(languages: Languages) -> re.Pattern[str]:
    """A pattern of a place in a list, without a noun after it as in “first lesson”."""
    records = [LANGUAGES[code] for code in languages]
    places = any_of(
        word for record in records for words in record.positions.values() for word in words
    )
    stand_ins, articles = any_phrase("stand_ins", languages), any_phrase("articles", languages)
    return re.compile(
        rf"(?<![\w-]){articles}[' ](?P<place>{places})(?: {stand_ins})?(?= ?[?!.,]*\Z)"
    )


@cache
def _others(languages: Languages) -> re.Pattern[str]:
    openings = any_phrase("follow_up_openings", languages)
    articles, others = any_phrase("articles", languages), any_phrase("others", languages)
    small = r"(?:[^\W_]{1,5} )?"  # “at the other one”
    return re.compile(
        rf"(?:{openings} ){{0,3}}{small}(?:{articles}[' ])?{others}(?: [^\W_]+)? ?[?!.]*\Z"
    )
