"""Acronyms that the pages themselves explain: “délégué à la protection des données (DPO)”.

A visitor writes one form, the right page the other. On the CNIL's FAQ this is the
largest single cause of missed answers.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from chatbot_server.retrieval.language.languages import ALWAYS_USED, Languages
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.words.stems import is_stop_word

MAX_WORDS = 9
MAX_FORMS = 2
MAX_VARIANTS = 3
_SHORT = r"[A-Z][A-Za-z]{0,2}[A-Z]{1,8}"
# From the beginning of a word only: otherwise a long word is matched from each of its letters.
_AFTER = re.compile(
    rf"(?<![\w’'-])((?:[\w’'-]+ ){{1,{MAX_WORDS - 1}}}[\w’'-]+)[\"” »]*\(\s?({_SHORT})s?\b"
)
_BEFORE = re.compile(rf"\b({_SHORT})s?\"? ?\(([^()\n]{{6,90}})\)")
_WORD = re.compile(r"[^\W_]+")
_GLUED = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ][a-zà-ÿ])")
Definition = tuple[str, str]
Glossary = Mapping[str, Sequence[str]]


def definitions(text: str) -> list[Definition]:
    """(acronym, text that may explain it) pairs of a page: ``("dpo", "… des données")``.

    The words before a bracket rarely begin where the explanation does;
    :func:`glossary` finds that by comparing all of a site's.
    """
    flat = _GLUED.sub(" ", text.replace("\u00a0", " ").replace("\u202f", " "))
    pairs = [(match[2], match[1]) for match in _AFTER.finditer(flat)]
    pairs += [(match[1], match[2]) for match in _BEFORE.finditer(flat)]
    return [(fold(short), long[-200:].strip()) for short, long in pairs]


def glossary(
    site_definitions: Iterable[Definition], languages: Languages = ALWAYS_USED
) -> dict[str, tuple[str, ...]]:
    """Acronym → its long forms, the usual one first, where the definitions agree."""
    texts: dict[str, Counter[str]] = defaultdict(Counter)
    for short, long in site_definitions:
        texts[short][long] += 1
    explanations = {
        short: _explanations(short, tuple(longs.items()), languages)
        for short, longs in texts.items()
    }
    return {short: longs for short, longs in explanations.items() if longs}


def candidates(question: str) -> set[str]:
    """The words of *question* in the form of stored acronyms: any of them may be one."""
    return {fold(word) for word in _WORD.findall(question)}


def variants(question: str, known: Glossary, common: Callable[[str], bool]) -> list[str]:
    """*question*, then with its acronyms written out.

    Except those that are on every page, such as the owner's own: ``common(acronym)``.
    """
    in_question = candidates(question)
    in_use = {
        short: longs for short, longs in known.items() if short in in_question and not common(short)
    }

    def written_out(form: int) -> str:
        def explanation(match: re.Match[str]) -> str:
            longs = in_use.get(fold(match[0]))
            return longs[min(form, len(longs) - 1)] if longs else match[0]

        return _WORD.sub(explanation, question)

    texts = [question, *(written_out(form) for form in range(MAX_FORMS))]
    return list(dict.fromkeys(texts))[:MAX_VARIANTS]


@lru_cache(100)
def _explanations(
    short: str, longs: tuple[tuple[str, int], ...], languages: Languages
) -> tuple[str, ...]:
    """The long forms of *short* on which *longs* agree: texts beside it, and how often each is.

    First the most frequent ending whose initials are the acronym, then one that many pages share:
    “délégué à la protection des données” has other initials than “DPO”, but stays the same on all
    pages, where the words before it change (un, le, votre …). Takes 0.1 ms for each text.
    """
    exact, near = Counter[str](), Counter[str]()
    pages = Counter[str]()
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for long, times in longs:
        for ending in _endings(long, languages):
            flat = " ".join(fold(word) for word in _WORD.findall(ending))
            initials = "".join(word[0] for word in flat.split() if not _is_small(word, languages))
            spellings[flat][ending] += times
            pages[flat] += 1
            is_whole = ending == long and times > 1 and flat[0] == short[0]
            if is_whole or initials == short:
                exact[flat] += times
            elif _has_one_more(initials, short):
                near[flat] += times
    matching = exact or near
    best = sorted(matching, key=lambda flat: (-matching[flat], len(flat)))[:1]
    enough = max(3, len(longs) / (6 if best else 2))
    common = [flat for flat, count in pages.items() if count >= enough and flat not in best]
    if best:  # a second form, such as “règlement européen …”, begins as the acronym does
        common = [flat for flat in common if flat[0] == short[0]]
    best += sorted(common, key=len, reverse=True)[:1]
    return tuple(spellings[flat].most_common(1)[0][0] for flat in best[:MAX_FORMS])


def _endings(long: str, languages: Languages) -> list[str]:
    """The endings of *long* that begin with a content word, at least two words each."""
    starts = list(_WORD.finditer(long))[-MAX_WORDS:-1]
    return [long[match.start() :] for match in starts if not _is_small(fold(match[0]), languages)]


def _has_one_more(initials: str, short: str) -> bool:
    """One more content word: “analyse d'impact relative à la protection des données” (AIPD)."""
    return len(initials) == len(short) + 1 > 3 and any(
        initials[:place] + initials[place + 1 :] == short for place in range(1, len(initials))
    )


def _is_small(word: str, languages: Languages) -> bool:
    return any(is_stop_word(word, language) for language in languages)
