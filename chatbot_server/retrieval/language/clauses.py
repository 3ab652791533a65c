"""The questions of one message: “Are you open on Sunday and do you take cards?” has two.

Split is only where a second question begins as questions do. “Bread and butter?” is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from chatbot_server.retrieval.language.languages import ALWAYS_USED, LANGUAGES, Languages, any_of
from chatbot_server.retrieval.language.text import fold

# More of one message is no question to a chat.
READ_CHARS = 1000
_MARK = re.compile(r"(?<=[?？])(?:\s+|(?=[^\s?？!]))|(?<!\s)\s*\n\s*|(?<=[.!…])\s+")
# “prenez-vous”, “y a-t-il”: a verb before its subject asks.
_INVERSION = r"(?:[^\W\d_]+-)+(?:vous|tu|il|ils|elle|elles|on|je|nous|ce)\b"


def split_questions(text: str, languages: Languages = ALWAYS_USED) -> list[str]:
    """The questions of *text* in order; all of it where there is but one.

    A sentence that asks nothing stays with the question after it, else with the one before.
    """
    if len(text) > READ_CHARS:
        return [text]
    phrases = _phrases(languages)
    questions: list[str] = []
    statements: list[str] = []
    for sentence in filter(None, map(str.strip, _MARK.split(text))):
        flat = _flat(sentence)
        is_marked = sentence.endswith(("?", "？"))
        if not (is_marked or phrases.opening.match(flat) or phrases.joint.search(flat)):
            statements.append(sentence)
            continue
        first, *rest = _clauses(sentence, phrases)
        questions += [" ".join([*statements, first]), *rest]
        statements = []
    if len(questions) < 2:
        return [text]
    questions[-1] = " ".join([questions[-1], *statements])
    return questions


def _clauses(sentence: str, phrases: _Phrases) -> Iterator[str]:
    """*sentence*, cut before each question that a joining word or a comma leads in."""
    flat = _flat(sentence)
    if len(flat) != len(sentence) or phrases.condition.match(flat):
        yield _without_joint(sentence, phrases)
        return
    start, mark = 0, " ?" if " ?" in sentence.replace("\u00a0", " ") else "?"
    for joint in phrases.joint.finditer(flat):
        before, after = flat[start : joint.start()], flat[joint.end() :]
        is_listed = joint["comma"] and not phrases.opening.match(before)
        if is_listed or len(before.split()) < 2 or len(after.split()) < 2:
            continue
        yield _without_joint(sentence[start : joint.start()], phrases).rstrip(" ,;?") + mark
        start = joint.end()
    yield _without_joint(sentence[start:], phrases)


def _without_joint(clause: str, phrases: _Phrases) -> str:
    """*clause* without an “and” that only leads it in; a capital letter begins it."""
    joint = phrases.leading_joint.match(_flat(clause))
    rest = clause[joint.end() :] if joint and len(_flat(clause)) == len(clause) else clause
    return rest[:1].upper() + rest[1:]


def _flat(text: str) -> str:
    return fold(text).replace("’", "'")


class _Phrases:
    """How questions of some languages begin, and how a second one is led in.

    Attributes:
        opening: begins a question, and no statement behind a joining word.
        joint: parts two questions; ``comma`` where that is a comma.
        leading_joint: a joining word with a question behind it.
        condition: begins a clause that is no question.
    """

    def __init__(self, languages: Languages) -> None:
        records = [LANGUAGES[code] for code in languages]
        joints = any_of(joint for record in records for joint in record.question_joints)
        openings = any_of(phrase for record in records for phrase in record.question_openings)
        conditions = any_of(word for record in records for word in record.conditions)
        opening = rf"(?:{openings}(?!\w)|{_INVERSION})"
        self.opening = re.compile(opening)
        self.joint = re.compile(rf"(?:(?P<comma>,)\s*(?:{joints}\s+)?|\s+{joints}\s+)(?={opening})")
        self.leading_joint = re.compile(rf"\s*{joints}\s+(?=\w+\W+\w|\w{{3,}})")
        self.condition = re.compile(rf"\s*{conditions}(?!\w)")


_phrases = cache(_Phrases)
