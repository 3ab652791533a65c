"""The questions of one message: “Are you open on Sunday and do you take cards?” has two.

A message is split only where a second question begins as questions do: “Bread and butter?” is one.
What surrounds a question is left out: greetings, thanks, “I was wondering if”. What visitors say
about themselves is kept apart as background, because it is not what they ask.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial

from chatbot_server.retrieval.language.languages import (
    ALWAYS_USED,
    LANGUAGES,
    Languages,
    any_phrase,
)
from chatbot_server.retrieval.language.text import fold, fold_letters

# A longer message is taken as one question.
READ_CHARS = 1000
# Up to this number of words after a question belong to it: “Are you open? In Leeds.”
FRAGMENT = 3
_BETWEEN_SENTENCES = re.compile(r"(?<=[?？])(?:\s+|(?=[^\s?？!]))|(?<!\s)\s*\n\s*|(?<=[.!…])\s+")
# A verb before its subject makes a question: “prenez-vous”, “y a-t-il”.
_INVERSION = r"(?:[^\W\d_]+-)+(?:vous|tu|il|ils|elle|elles|on|je|nous|ce)\b"
_PUNCTUATION = " \t\u00a0\u202f,;:.!…–—-"
_QUESTION_MARK = re.compile("[?？]")
_ADDRESS = re.compile(r"[\w'-]{1,40}(?: [\w'-]{1,40}){0,3} ?[,!:]\s*")
_WORD = re.compile(r"[^\W_]+")
_WORD_END = r"(?:(?<=')|(?!\w))"


@dataclass(frozen=True)
class Question:
    """One question of a message.

    Attributes:
        background: what else the visitor says: “My son is ten.”
    """

    text: str
    background: str = ""


def questions_of(text: str, language: str, languages: Languages = ALWAYS_USED) -> list[Question]:
    """The questions of *text*, in order; *text* itself where it is but one and nothing around it.

    A sentence that asks nothing is background of the question after it, else of the one before.

    Args:
        language: that of most of the text.
    """
    if len(text) > READ_CHARS:
        return [Question(text)]
    text = unicodedata.normalize("NFC", text)
    reader = _MessageReader(language, languages, has_mark=bool(_QUESTION_MARK.search(text)))
    for sentence in filter(None, map(str.strip, _BETWEEN_SENTENCES.split(text))):
        reader.read(sentence)
    questions = reader.finish(text)
    is_whole = _WORD.findall(questions[0].text.casefold()) == _WORD.findall(text.casefold())
    return [Question(text)] if is_whole else questions


def asks_anything(text: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether *text* contains a question word."""
    flat = fold_letters(text)
    phrases = _phrases(languages)
    return bool(phrases.opening_anywhere.search(flat)) or phrases.asks_surely(flat)


def is_courtesy(text: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether *text* is only what surrounds a question: a greeting, thanks."""
    return not _phrases(languages).without_courtesies(text)


class _MessageReader:
    """Reads a message sentence by sentence, and gathers its questions.

    Args:
        has_mark: whether the message contains a question mark.
    """

    def __init__(self, language: str, languages: Languages, *, has_mark: bool) -> None:
        self._phrases = _phrases(languages)
        self._phrases_of_language = _phrases((language,))
        self._has_mark = has_mark
        self._questions: list[Question] = []
        self._statements: list[str] = []  # since the last question

    def read(self, sentence: str) -> None:
        """Add the questions of *sentence*; if it asks nothing, it is background."""
        content = self._phrases.without_courtesies(sentence)
        if not content:
            return
        own_affairs, asking = self._phrases_of_language.split_own_affairs(content)
        core = self._phrases.without_alternative(self._phrases.without_introduction(asking))
        if core != asking or self._asks(sentence, core):
            self._add(core, [*self._statements, *filter(None, [own_affairs])])
            self._statements = []
        else:
            self._statements.append(content)

    def finish(self, text: str) -> list[Question]:
        """All questions of the message *text*, at least one."""
        if not self._questions:
            return [Question(" ".join(self._statements) or text)]
        *others, last = self._questions
        if len(_WORD.findall(" ".join(self._statements))) <= FRAGMENT:
            return [*others, Question(" ".join([last.text, *self._statements]), last.background)]
        background = " ".join(filter(None, [last.background, *self._statements]))
        return [*others, Question(last.text, background)]

    def _asks(self, sentence: str, core: str) -> bool:
        """Whether *sentence* is a question; *core* is what it says without what surrounds it."""
        if sentence.endswith(("?", "？")):
            return True
        flat = fold_letters(core)
        is_told = self._has_mark and sentence.endswith((".", "!", "…"))
        return self._phrases.asks_surely(flat) or (not is_told and self._phrases.asks(flat))

    def _add(self, core: str, background: list[str]) -> None:
        first, *others = _clauses(core, self._phrases)
        if self._questions:
            first = _without_joint(first, self._phrases)
        clauses = [first]
        if others:  # “Where are you exactly, and is there a bus?”
            bare = map(self._phrases.without_courtesies, (first, *others))
            clauses = [_capitalised(clause) for clause in filter(None, bare)]
        self._questions += [Question(clause, " ".join(background)) for clause in clauses]


def _clauses(sentence: str, phrases: _Phrases) -> Iterator[str]:
    """*sentence*, cut before each question after a conjunction or a comma."""
    flat = fold_letters(sentence)
    if phrases.condition.match(flat):
        yield sentence
        return
    start, mark = 0, " ?" if " ?" in sentence.replace("\u00a0", " ") else "?"
    for joint in phrases.joint.finditer(flat):
        before, after = flat[start : joint.start()], flat[joint.end() :]
        is_listed = joint["comma"] and not phrases.opening.match(before)
        if is_listed or len(before.split()) < 2 or len(after.split()) < 2:
            continue
        clause = sentence[start : joint.start()]
        yield (_without_joint(clause, phrases) if start else clause).rstrip(" ,;?") + mark
        start = joint.end()
    yield _without_joint(sentence[start:], phrases) if start else sentence


def _without_joint(clause: str, phrases: _Phrases) -> str:
    """*clause* without an “and” at its beginning, and with a capital letter."""
    joint = phrases.leading_joint.match(fold_letters(clause))
    return _capitalised(clause[joint.end() :] if joint else clause)


class _Phrases:
    """How questions of some languages begin, what surrounds them, and how a second one is joined.

    Attributes:
        opening: begins a question, and after a joint never a statement.
        opening_anywhere: the same inside a text.
        joint: joins two questions; its group ``comma`` is a comma.
        leading_joint: a joint with a question after it.
        condition: begins a clause that is no question.
    """

    def __init__(self, languages: Languages) -> None:
        phrases = partial(any_phrase, languages=languages)
        joints = phrases("question_joints")
        opening = rf"(?:{phrases('question_openings')}(?!\w)|{_INVERSION})"
        anywhere = rf"(?<!\w){phrases('asking_anywhere')}(?!\w)"
        introduction = (
            rf"(?:{phrases('introduction_words')}[\s,'-]+){{0,8}}{phrases('introductions')}(?!\w)"
            rf"(?:\s*,[^,]{{1,50}},)?\s*(?:{phrases('if_words')}(?:(?<=')|\s+)|:\s*|(?={opening}|{anywhere}))"
        )
        self.opening = re.compile(opening)
        self.opening_anywhere = re.compile(rf"(?<![\w-]){opening}")
        self.joint = re.compile(rf"(?:(?P<comma>,)\s*(?:{joints}\s+)?|\s+{joints}\s+)(?={opening})")
        self.leading_joint = re.compile(rf"\s*{joints}\s+(?=\w+\W+\w|\w{{3,}})")
        self.condition = re.compile(rf"\s*{phrases('conditions')}(?!\w)")
        self._anywhere = re.compile(anywhere)
        self._own_affair = re.compile(rf"\s*{phrases('own_affairs')}{_WORD_END}")
        self._turn_to_question = re.compile(
            # (?!\s): all blanks or none, so that each is matched once.
            rf"[,:;]\s*(?!\s)(?={opening}|[^,:;]*{anywhere}|{introduction})"
        )
        self._alternative = re.compile(
            rf"(?<=\w)\s+{phrases('alternatives')}{_WORD_END}[^,;:.!?]*(?<!\s)"
        )
        greeting, wish = phrases("courtesies"), phrases("wishes")
        answer = rf"{phrases('acknowledgements')}(?:[,.!]|\s+(?={joints}\s))"
        courtesy = rf"(?:{answer}|{wish}{_WORD_END}[^,;:.!?]*|{greeting}{_WORD_END})"
        self._courtesy = re.compile(rf"{courtesy}[{_PUNCTUATION}]*(?:(?:et|and)\s+(?={courtesy}))?")
        self._ending = re.compile(
            rf"(?<!\w)(?:{greeting}{_WORD_END}[{_PUNCTUATION}]*(?:(?:et|and)\s+)?)+[?？]?\Z"
        )
        self._introduction = re.compile(introduction)
        self._courtesy_words = frozenset().union(
            *(LANGUAGES[code].courtesy_words for code in languages)
        )

    def asks(self, flat: str) -> bool:
        """Whether a sentence without a question mark may be a question."""
        return bool(self.opening.match(flat) or self.joint.search(flat))

    def asks_surely(self, flat: str) -> bool:
        """Whether a sentence asks, wherever its mark is."""
        return bool(self._anywhere.search(flat))

    def without_courtesies(self, sentence: str) -> str:
        """*sentence* without what surrounds a question; empty if that is all."""
        flat = fold_letters(sentence)
        start, end = 0, len(flat)
        while match := self._courtesy.match(flat, start):
            start = match.end()
            while address := _ADDRESS.match(flat, start):  # “Bonjour Camille,”
                if not self._is_addressed(sentence[start : address.end()]):
                    break
                start = address.end()
        if ending := self._ending.search(flat, start):
            end = ending.start()
        is_cut = bool(start) or end < len(flat)
        if is_cut and self._is_addressed(sentence[start:end]):
            return ""
        if not is_cut:
            return sentence
        mark = sentence[-1] if end < len(flat) and sentence.endswith(("?", "？")) else ""
        return _capitalised(sentence[start:end].strip(_PUNCTUATION) + mark)

    def without_introduction(self, sentence: str) -> str:
        """*sentence* without “I was wondering if”."""
        flat = fold_letters(sentence)
        start = 0
        while match := self._introduction.match(flat, start):
            start = match.end()
        return _capitalised(sentence[start:]) if start else sentence

    def without_alternative(self, sentence: str) -> str:
        """*sentence* without “instead of paying for it”."""
        match = self._alternative.search(fold_letters(sentence))
        return sentence[: match.start()] + sentence[match.end() :] if match else sentence

    def split_own_affairs(self, sentence: str) -> tuple[str, str]:
        """The background that a visitor gives in *sentence*, and the question after it."""
        flat = fold_letters(sentence)
        turn = self._turn_to_question.search(flat) if self._own_affair.match(flat) else None
        if turn is None or len(_WORD.findall(flat[turn.end() :])) < 2:
            return "", sentence
        return sentence[: turn.start()].strip(_PUNCTUATION), _capitalised(sentence[turn.end() :])

    def _is_addressed(self, text: str) -> bool:
        """Whether *text* only names the reader or the writer."""
        return all(
            word[0].isupper() or fold(word) in self._courtesy_words for word in _WORD.findall(text)
        )


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


_phrases = cache(_Phrases)
