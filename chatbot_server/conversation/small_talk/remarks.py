"""Messages that ask nothing of the site: greetings, “are you a robot?”, a cry for help.

They are recognised by patterns before anything is looked up; each language has a data file in
``remarks_of``. A message is matched as folded words without doubled letters, so that hurried
spelling still matches. Only the beginning of a long message is read, so that no pattern takes long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from chatbot_server.resources import read_yaml_files
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.language.clauses import questions_of
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.language.words.stems import MAX_WORD, guess_language, words

Courtesy = Literal["hello", "thanks", "goodbye", "ok"]
Distress = Literal["self_harm", "violence", "medical"]
About = Literal["handoff", "person", "maker", "identity", "insult", "abilities", "offer", "orders"]
# Answered only by a site about that very subject: a forecast, a club's results.
Beyond = Literal["clock", "weather", "joke", "world", "health"]
Kind = Courtesy | About | Beyond | Distress
COURTESIES: tuple[Courtesy, ...] = get_args(Courtesy)
DISTRESSES: tuple[Distress, ...] = get_args(Distress)
# Answered by the model itself where it may write freely.
LEFT_TO_MODEL: tuple[Kind, ...] = (*COURTESIES, "joke")

# A remark is short; a cry for help may occur anywhere in the first part of a longer message.
REMARK_WORDS = 20
REMARK_CLAUSES = 4
WORDLESS_CHARS = 20
READ_CHARS = 1000
READ_WORDS = 150
SHORTEST_MISSPELLED = 6
# Also answered beside a question about the site.
SIDE_KINDS: tuple[Kind, ...] = ("person", "maker", "identity", "clock")

# Thumbs, hearts and smiles after an answer; other pictures say nothing that can be told.
_APPROVAL = re.compile("[👍👌🙏👏💯✅🙂😊😀😃😄😁🤗🥰😍😘😉🎉🤝🤩💪❤♥💚💙🧡💛💜]+")
_DISAPPROVAL = re.compile("[👎😡😠🤬🖕💩🤦😤🙄😒]+")
_PICTURE_VARIANT = re.compile("[\ufe0f\u200d\U0001f3fb-\U0001f3ff\\s!]")
_WEB_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_EMAIL_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4}")
_CLAUSE = re.compile(r"[.,;:!?…\n]+")

_SENTENCE = re.compile(r"[^.!?？\n]+[.!?？]*")
_DOUBLED = re.compile(r"(?<!\\)([a-z])\1+")  # in a pattern, “\\bb” is no double letter
_NAMED_LIST = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Remark:
    """What a message is, if it asks nothing of the site.

    Attributes:
        language: the language it is in; None if it has no words, or they belong to several.
        is_sure: False if the site may have more to say: “Who are you?”.
    """

    kind: Kind
    language: str | None
    is_sure: bool = True

    def is_sure_after(self, earlier_questions: Sequence[str]) -> bool:
        """Whether it is sure after these questions: “What day is it?” may be about one of them."""
        return self.is_sure or (self.kind == "clock" and not earlier_questions)

    @property
    def is_courtesy(self) -> bool:
        return self.kind in COURTESIES


@dataclass(frozen=True)
class MessageParts:
    """A message, split into remarks and what it asks of the site.

    Attributes:
        remark: what the message is, if it asks nothing of the site.
        side_remarks: questions about the chatbot or the time beside another question.
        rest: the message without *side_remarks*.
    """

    remark: Remark | None
    side_remarks: list[Remark]
    rest: str


class RemarkWords(BaseModel):
    """One data file.

    Attributes:
        words: alternatives that patterns refer to by name; ``before`` and ``after`` may surround
            a whole message.
        courtesies, whole: kind → patterns that match a whole message.
        anywhere: kind → patterns that match a part of a message.
        unsure: like *whole*, but the pages are asked first.
        answering_pages: kind → a pattern for pages that may answer it after all.
        never: a pattern for messages that are no cry for help: about a book, a dog.
        misspelled: long words that are recognised with one wrong letter.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: Mapping[str, str]
    courtesies: Mapping[Kind, Sequence[str]]
    whole: Mapping[Kind, Sequence[str]]
    anywhere: Mapping[Kind, Sequence[str]]
    unsure: Mapping[Kind, Sequence[str]]
    answering_pages: Mapping[Kind, str]
    never: str
    misspelled: str


class Remarks:
    """The patterns of one language."""

    def __init__(self, language: str, record: RemarkWords) -> None:
        self.language = language
        self._record = record
        self._lists = {name: _one_line(text) for name, text in record.words.items()}
        self._corrections = {
            rest: word
            for word in map(squeezed, record.misspelled.split())
            for rest in _shortened(word)
        }

    def find(self, message: str, *, is_short: bool) -> Remark | None:
        """The remark in a folded *message*; only a short one can be a remark as a whole."""
        plain_text = " ".join(self._corrected(word) for word in message.split())
        for kind, pattern in self._anywhere:
            if pattern.search(plain_text) and not self._never.search(plain_text):
                return Remark(kind, self.language)
        if not is_short:
            return None
        for kind, pattern in self._whole:
            if pattern.fullmatch(message):
                return Remark(kind, self.language)
        for kind, pattern in self._unsure:
            if pattern.fullmatch(message):
                return Remark(kind, self.language, is_sure=False)
        return None

    def answering_pages(self, kind: Kind) -> re.Pattern[str] | None:
        """The pattern for pages that answer remarks of *kind*; None if any answer will do."""
        pattern = self._record.answering_pages.get(kind)
        return re.compile(self._regex(pattern)) if pattern else None

    @cached_property
    def _anywhere(self) -> list[tuple[Kind, re.Pattern[str]]]:
        return self._compiled(self._record.anywhere)

    @cached_property
    def _whole(self) -> list[tuple[Kind, re.Pattern[str]]]:
        return [
            *self._compiled(self._record.whole, around=True),
            *self._compiled(self._record.courtesies),
        ]

    @cached_property
    def _unsure(self) -> list[tuple[Kind, re.Pattern[str]]]:
        return self._compiled(self._record.unsure, around=True)

    @cached_property
    def _never(self) -> re.Pattern[str]:
        return re.compile(self._regex(_one_line(self._record.never)))

    def _compiled(
        self, patterns: Mapping[Kind, Sequence[str]], *, around: bool = False
    ) -> list[tuple[Kind, re.Pattern[str]]]:
        """One pattern for each kind, as what may stand around its texts takes long to compile."""
        pairs = [(kind, "|".join(map(self._regex, texts))) for kind, texts in patterns.items()]
        before, after = self._regex("{before}"), self._regex("{after}")
        if around:
            pairs = [
                (kind, rf"(?:{before} ){{0,4}}(?:{text})(?: {after}){{0,3}}")
                for kind, text in pairs
            ]
        return [(kind, re.compile(text)) for kind, text in pairs if text]

    def _regex(self, text: str) -> str:
        """*text* with its lists, which may name others, and without doubled letters."""
        for _ in range(3):
            text = _NAMED_LIST.sub(lambda match: f"(?:{self._lists[match[1]]})", text)
        return squeezed(text)

    def _corrected(self, word: str) -> str:
        if len(word) < SHORTEST_MISSPELLED - 1:
            return word
        return next(
            (self._corrections[each] for each in _shortened(word) if each in self._corrections),
            word,
        )


def is_answered(remark: Remark, grounding: Grounding) -> bool:
    """Whether *grounding* answers *remark*, by a page that is about its subject."""
    if grounding.status not in ("faq", "quoted"):
        return False
    remarks = next(each for each in _REMARKS if each.language == remark.language)
    pattern = remarks.answering_pages(remark.kind)
    if pattern is None or grounding.status == "faq":
        return True
    headings = (f"{passage.title} {passage.heading}" for passage in grounding.passages[:1])
    text = " ".join([grounding.answer[:READ_CHARS], *headings])
    return bool(pattern.search(squeezed(" ".join(words(text)))))


def find_remark(message: str) -> Remark | None:
    """The remark that *message* is, if it asks nothing of the site.

    A short message without letters or digits, “?” or a picture, is told what it may ask; so is a
    mere web address. Who leaves an e-mail address wants to hear from a person.
    """
    message = message.strip()
    if len(message) <= WORDLESS_CHARS and not any(map(str.isalnum, message)):
        return Remark(_kind_of_picture(message), None)
    if _WEB_ADDRESS.fullmatch(message):
        return Remark("abilities", None)
    if _EMAIL_ADDRESS.fullmatch(message):
        return Remark("handoff", None)
    return _remark_in_words(message) or _complaint_of_clauses(message)


def _remark_in_words(message: str) -> Remark | None:
    message_words = words(message[:READ_CHARS])[:READ_WORDS]
    text = squeezed(" ".join(message_words))
    is_short = 0 < len(message_words) <= REMARK_WORDS and len(message) <= READ_CHARS
    remarks = [
        remark for patterns in _REMARKS if (remark := patterns.find(text, is_short=is_short))
    ]
    distress = [remark for remark in remarks if remark.kind in DISTRESSES]
    courtesy = find_courtesy(message_words) if is_short and not distress else None
    remark = next(iter([*distress, *([courtesy] if courtesy else []), *remarks]), None)
    if remark and remark.is_courtesy and len(remarks) > 1:  # “ok” is of more languages than one
        return replace(remark, language=None)
    return remark


def _complaint_of_clauses(message: str) -> Remark | None:
    """The complaint that *message* is, if it consists of complaints and courtesies.

    “C'est nul, tu comprends rien” is one; “this is useless, can I return it?” is not.
    """
    clauses = [clause for clause in _CLAUSE.split(message[:READ_CHARS]) if clause.strip()]
    if not 1 < len(clauses) <= REMARK_CLAUSES or len(message) > READ_CHARS:
        return None
    remarks = [remark for clause in clauses if (remark := _remark_in_words(clause))]
    complaint = next((remark for remark in remarks if remark.kind == "insult"), None)
    are_complaints = all(remark.is_courtesy or remark.kind == "insult" for remark in remarks)
    return complaint if len(remarks) == len(clauses) and are_complaints else None


def _kind_of_picture(message: str) -> Kind:
    pictures = _PICTURE_VARIANT.sub("", message)
    if _APPROVAL.fullmatch(pictures):
        return "thanks"
    return "insult" if _DISAPPROVAL.fullmatch(pictures) else "abilities"


def split_message(message: str) -> MessageParts:
    """Split *message* into its remarks and what it asks of the site."""
    if remark := find_remark(message):
        return MessageParts(remark, [], message)
    side_remarks, rest = _side_remarks_of(message)
    if not side_remarks:
        return MessageParts(None, [], message)
    return MessageParts(find_remark(rest) if rest else side_remarks.pop(), side_remarks, rest)


def _side_remarks_of(message: str) -> tuple[list[Remark], str]:
    """The questions about the chatbot or the time in *message*, and the rest of it.

    *message* as a whole is not a remark.
    """
    if len(message) > READ_CHARS:
        return [], message

    @cache  # most sentences are one clause, and most messages one sentence
    def find(text: str) -> Remark | None:
        return None if text == message else find_remark(text)

    parts: list[tuple[str, Remark | None]] = []
    for sentence in _SENTENCE.findall(message):
        questions = questions_of(sentence, guess_language(sentence))
        clauses = [(question.text, find(question.text)) for question in questions]
        is_split = any(remark and remark.kind in SIDE_KINDS for _text, remark in clauses)
        parts += clauses if is_split else [(sentence, find(sentence))]
    side_remarks = [remark for _text, remark in parts if remark and remark.kind in SIDE_KINDS]
    if not side_remarks:
        return [], message
    others = (text for text, remark in parts if remark not in side_remarks)
    rest = " ".join(" ".join(others).split())
    remark = find_remark(rest)
    return side_remarks, "" if remark and remark.is_courtesy else rest


def squeezed(text: str) -> str:
    """*text* without doubled letters, the most common difference in hurried spelling."""
    return _DOUBLED.sub(r"\1", text)


def find_courtesy(message_words: Iterable[str]) -> Remark | None:
    """The greeting, thanks or goodbye that consists of these words alone, in any language."""
    distinct_words = set(message_words)
    records = [language.small_talk for language in LANGUAGES.values()]
    courteous_words = frozenset().union(
        *(record.hello | record.thanks | record.goodbye | record.beside for record in records)
    )
    kinds: tuple[Courtesy, ...] = ("goodbye", "thanks", "hello")
    for kind in kinds:
        codes = [
            code
            for code, language in LANGUAGES.items()
            if distinct_words & getattr(language.small_talk, kind)
        ]
        if codes and distinct_words <= courteous_words:
            return Remark(kind, codes[0] if len(codes) == 1 else None)
    return None


def _shortened(word: str) -> list[str]:
    """*word* and all its forms without one letter; words one letter apart have one in common.

    Only its first letters count: words of a message are cut to that length.
    """
    word = word[:MAX_WORD]
    return [word, *(word[:at] + word[at + 1 :] for at in range(len(word)))]


def _one_line(text: str) -> str:
    """Alternatives that a file spreads over several lines, on one line."""
    return "|".join(" ".join(alternative.split()) for alternative in text.split("|"))


_REMARKS = [
    Remarks(code, RemarkWords.model_validate(record))
    for code, record in read_yaml_files(__package__, "remarks_of").items()
]
