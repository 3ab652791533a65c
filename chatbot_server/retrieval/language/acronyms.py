"""Acronyms that the pages themselves explain: “délégué à la protection des données (DPO)”.

A visitor writes one form, the right page the other. On the CNIL's FAQ this is the
largest single cause of missed answers.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from chatbot_server.retrieval.language.stems import is_stop_word
from chatbot_server.retrieval.language.text import fold

MAX_WORDS = 9
MAX_FORMS = 2
MAX_VARIANTS = 3
_SHORT = r"[A-Z][A-Za-z]{0,2}[A-Z]{1,8}"
# From the beginning of a word only: else a word without end is read from each of its letters.
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
    found = [(match[2], match[1]) for match in _AFTER.finditer(flat)]
    found += [(match[1], match[2]) for match in _BEFORE.finditer(flat)]
    return [(fold(short), long[-200:].strip()) for short, long in found]


def glossary(found: Iterable[Definition]) -> dict[str, tuple[str, ...]]:
    """Acronym → its explanations, the usual one first, where the definitions agree."""
    grouped: dict[str, Counter[str]] = defaultdict(Counter)
    for short, long in found:
        grouped[short][long] += 1
    chosen = {short: _agreed(short, tuple(longs.items())) for short, longs in grouped.items()}
    return {short: longs for short, longs in chosen.items() if longs}


def candidates(question: str) -> set[str]:
    """The words of *question* as acronyms are kept: any may be one, however it is typed."""
    return {fold(word) for word in _WORD.findall(question)}


def variants(question: str, known: Glossary, common: Callable[[str], bool]) -> list[str]:
    """*question*, then with its acronyms written out.

    ``common(acronym)`` tells those that stand everywhere: the site owner's own.
    """
    there = candidates(question)
    used = {short: longs for short, longs in known.items() if short in there and not common(short)}
    found = [question]
    for form in range(MAX_FORMS):
        found.append(_spelled_out(question, used, form))  # noqa: PERF401
    return list(dict.fromkeys(found))[:MAX_VARIANTS]


def _spelled_out(question: str, used: Glossary, form: int) -> str:
    def full(match: re.Match[str]) -> str:
        longs = used.get(fold(match[0]))
        return longs[min(form, len(longs) - 1)] if longs else match[0]

    return _WORD.sub(full, question)


@lru_cache(100)
def _agreed(short: str, longs: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    """What *longs*, each with how often it is told, agree on; 0.1 ms each.

    Endings whose initials are the acronym, then the ending that most pages share.

    “DPO” has not the initials of “délégué à la protection des données”, but the
    words before it change from page to page (un, le, votre …) where the explanation does not.
    """
    spelled, nearly = Counter[str](), Counter[str]()
    endings = Counter[str]()
    looks: dict[str, Counter[str]] = defaultdict(Counter)
    for long, times in longs:
        for ending in _endings(long):
            flat = " ".join(fold(word) for word in _WORD.findall(ending))
            looks[flat][ending] += times
            endings[flat] += 1
            whole = ending == long and times > 1 and flat[0] == short[0]
            if whole or _initials(flat) == short:
                spelled[flat] += times
            elif _nearly(_initials(flat), short):
                nearly[flat] += times
    spelled = spelled or nearly
    best = sorted(spelled, key=lambda flat: (-spelled[flat], len(flat)))[:1]
    enough = max(3, len(longs) / (6 if best else 2))
    shared = [flat for flat, pages in endings.items() if pages >= enough and flat not in best]
    if best:  # a second form, such as “règlement européen …”, begins as the acronym does
        shared = [flat for flat in shared if flat[0] == short[0]]
    best += sorted(shared, key=len, reverse=True)[:1]
    return tuple(looks[flat].most_common(1)[0][0] for flat in best[:MAX_FORMS])


def _endings(long: str) -> list[str]:
    """The endings of *long* that begin with a content word, at least two words each."""
    starts = [match.start() for match in _WORD.finditer(long)][-MAX_WORDS:-1]
    found = [long[start:] for start in starts]
    return [ending for ending in found if not _small(fold(_WORD.match(ending)[0]))]  # type: ignore[index]


def _initials(flat: str) -> str:
    return "".join(word[0] for word in flat.split() if not _small(word))


def _nearly(initials: str, short: str) -> bool:
    """One more content word: “analyse d'impact relative à la protection des données” (AIPD)."""
    return len(initials) == len(short) + 1 > 3 and any(
        initials[:place] + initials[place + 1 :] == short for place in range(1, len(initials))
    )


def _small(word: str) -> bool:
    return is_stop_word(word, "fr") or is_stop_word(word, "en")
