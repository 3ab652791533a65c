"""A question that only makes sense after another: “and on Sundays?”."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from chatbot_server.retrieval.language.dialogue import contrast
from chatbot_server.retrieval.language.facts import is_fact
from chatbot_server.retrieval.language.languages import (
    ALWAYS_USED,
    LANGUAGES,
    Languages,
    phrase_pattern,
)
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.time import moments, year_days
from chatbot_server.retrieval.language.words import stems, synonyms

# A question that refers to what came before has few content words of its own.
MAX_CONTENT_WORDS = 3
KEPT_CHARS = 400  # of each earlier question
LONGEST_CHAIN = 6  # questions that depend on each other
# What “when” and “how much” ask for, beside the concepts of synonyms.
WHEN, HOW_MUCH = "=when", "=price"
# Concepts that belong to a thing, and name none.
_PROPERTIES = frozenset(
    (HOW_MUCH, "=opening_hours", "=duration", "=validity", "=phone", "=email", "=address")
)
_WORD = re.compile(r"[^\W_]+")


def context_of(follow_up: str, history: Sequence[str], languages: Languages = ALWAYS_USED) -> str:
    """The earlier questions that *follow_up* depends on, without what it replaces.

    Of a chain (“Is there parking in Leeds?”, “and in Hull?”, “is it free?”) each replaces what
    it names anew and keeps the rest.
    """
    recent = list(history[-LONGEST_CHAIN:])
    chain: list[str] = []
    while recent:
        chain.insert(0, recent.pop()[:KEPT_CHARS].strip())
        if not is_follow_up(chain[0], languages):
            break
    context, *later = chain
    for question in [*later, follow_up]:
        context = without_replaced(context, question, languages)
        if question is not follow_up:
            context = f"{context} {question}"
    return context


def without_replaced(before: str, follow_up: str, languages: Languages = ALWAYS_USED) -> str:
    """*before* without what *follow_up* replaces.

    A name takes the place of the names; “at Christmas” that of other days; “for a week” that of
    another “for …”; and a thing in a question of nothing else (“and the pool?”) that of the last
    thing.
    """
    language = stems.guess_language(before, languages=languages)
    if year_days.spans_in(follow_up, languages):
        before = year_days.without_days(before, languages)
    names = _names(follow_up, languages, language)
    if names and _names(before, languages, language) - names:
        return without_names(before, languages, but=names)
    opening = phrase_pattern("follow_up_openings", languages).match(fold(follow_up).lstrip())
    if opening is None:
        return before
    rest = stems.words(fold(follow_up).lstrip()[opening.end() :])
    words = [(match, "".join(stems.words(match[0]))) for match in _WORD.finditer(before)]
    for forms in map(frozenset, map(stems.words, LANGUAGES[language].prepositions)):
        if rest[:1] and rest[0] in forms:
            starts = [at for at, (_match, word) in enumerate(words) if word in forms]
            return _without_run(before, words, starts[-1] + 1, language) if starts else before
    return _without_thing(before, words, rest, languages, language)


def without_names(text: str, languages: Languages = ALWAYS_USED, but: Collection[str] = ()) -> str:
    """*text* without its names, except those in *but*."""
    language = stems.guess_language(text, languages=languages)
    names = _names(text, languages, language).difference(but)
    return _WORD.sub(lambda match: "" if set(stems.words(match[0])) <= names else match[0], text)


def asks_what_of_it(question: str, languages: Languages = ALWAYS_USED) -> frozenset[str]:
    """The concepts that *question* asks for, if it names no subject.

    “How much is it?” asks for the price of what was mentioned before. Empty if it names a thing.
    """
    records = [LANGUAGES[code] for code in languages]
    empty = frozenset().union(*(record.happening | record.measures for record in records))
    content = [
        synonyms.word(word, languages)
        for word in stems.words(question)
        if word not in empty and not any(stems.is_stop_word(word, code) for code in languages)
    ]
    if not all(word.concepts & _PROPERTIES for word in content):
        return frozenset()
    concepts = frozenset[str]().union(*(word.concepts & _PROPERTIES for word in content))
    if concepts:
        return concepts
    flat = fold(question)
    if moments.asks_when(question, languages) or phrase_pattern("asks_hour", languages).search(
        flat
    ):
        return frozenset((WHEN,))
    return (
        frozenset((HOW_MUCH,))
        if phrase_pattern("asks_how_much", languages).search(flat)
        else concepts
    )


def names_no_subject(
    follow_up: str, languages: Languages = ALWAYS_USED, language: str | None = None
) -> bool:
    """Whether *follow_up* says “it”, or only a time, so that the subject stays the same."""
    flat = fold(follow_up).replace("’", "'")
    opening = phrase_pattern("follow_up_openings", languages).match(flat.lstrip())
    fields = ("references", "possessives")
    if not opening and any(phrase_pattern(field, languages).search(flat) for field in fields):
        return True
    seasons = frozenset().union(*(LANGUAGES[code].seasons for code in languages))
    content = stems.content_words(follow_up, languages, language)
    return all(word in seasons or is_fact(word, languages) for word in content)


def continues(question: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether *question* begins like one that continues the last: “and”, “what about”."""
    flat = fold(question).replace("’", "'").lstrip()
    return bool(phrase_pattern("follow_up_openings", languages).match(flat))


def is_follow_up(
    question: str, languages: Languages = ALWAYS_USED, language: str | None = None
) -> bool:
    """Whether *question* depends on earlier ones."""
    # “Où” asks where; without its accent it may be “or”.
    flat = fold(question.casefold().replace("où", "where")).replace("’", "'")
    flat = phrase_pattern("empty_references", languages).sub(" ", flat)
    language = language or stems.guess_language(question, languages=languages)
    content_words = stems.content_words(question, languages, language)
    if phrase_pattern("follow_up_openings", languages).match(flat.lstrip()):
        return len(content_words) <= 2 * MAX_CONTENT_WORDS
    is_short = len(content_words) <= MAX_CONTENT_WORDS
    if is_short and phrase_pattern("references", languages).search(flat):
        return True
    # A question about the site or the visitor is complete by itself.
    if phrase_pattern("addresses_someone", languages).search(flat):
        return False
    if is_short and phrase_pattern("possessives", languages).search(flat):
        return True
    return synonyms.ask_only_how_much(content_words, language, languages)


def _names(text: str, languages: Languages, language: str) -> set[str]:
    """The names in *text*, except days and months."""
    names = contrast.names(text, languages, language)
    return {name for name in names if not is_fact(name, languages)}


def _without_thing(
    before: str,
    words: Sequence[tuple[re.Match[str], str]],
    rest: Sequence[str],
    languages: Languages,
    language: str,
) -> str:
    """*before* without its last thing, if *rest* of a follow-up names another: “the pool”.

    Args:
        words: of *before*, each with its match.
    """
    articles = LANGUAGES[language].articles
    content = {word for word in rest if not stems.is_stop_word(word, language)}
    is_thing = bool(rest) and rest[0] in articles and len(rest) <= 2 * MAX_CONTENT_WORDS
    starts = [at for at, (_match, word) in enumerate(words) if word in articles]
    # “And the deposit?” asks for a property of the same thing.
    is_property = all(synonyms.word(word, languages).concepts for word in content)
    if is_property or not (is_thing and starts):
        return before
    # “And the electric one?”, “and a child's bike?”: of the same thing as before.
    flat_words = [word for _match, word in words]
    alike = [at for at in starts if content & {*flat_words[at : at + MAX_CONTENT_WORDS]}]
    # “What about a kayak?” after “a canoe for the Heron Loop” names no loop.
    starts = alike or [at for at in starts if words[at][1] in rest[:1]] or starts
    only_first = bool(alike) or bool(LANGUAGES[language].stand_ins.intersection(rest))
    return _without_run(before, words, starts[-1] + 1, language, only_first)


def _without_run(
    text: str,
    words: Sequence[tuple[re.Match[str], str]],
    start: int,
    language: str,
    only_first: bool = False,
) -> str:
    """*text* without the run of content words that begins at word number *start*."""
    while start < len(words) and stems.is_stop_word(words[start][1], language):
        start += 1
    end = start
    while end < len(words) and not stems.is_stop_word(words[end][1], language):
        end += 1
        if only_first:
            break
    if start == end:
        return text
    return text[: words[start][0].start()] + text[words[end - 1][0].end() :]
