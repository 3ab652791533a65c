"""The guard: a model's answer is checked sentence by sentence before the visitor sees it.

A sentence is refused if it states a fact that is neither in the passages nor computed from theirs,
or if it contradicts them (:mod:`.support`). Nothing after it is shown: the answer falls back to
sentences quoted from the pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chatbot_server.conversation.model.support import Support
from chatbot_server.retrieval.base import Passage
from chatbot_server.retrieval.language.facts import Fact, facts_of_all
from chatbot_server.retrieval.language.languages import together
from chatbot_server.retrieval.language.sentences import sentence_ends
from chatbot_server.retrieval.language.words.stems import guess_document_language

# A sentence without an end is cut at this number of characters, so that it neither holds up the
# answer nor fills the memory.
MAX_HELD = 600
_ENUMERATION = re.compile(r"^\s*(?:\(?\d{1,2}[.)]|[-*•])\s+", re.MULTILINE)


@dataclass(frozen=True)
class CheckedSentences:
    """Whole sentences that may be shown."""

    text: str


@dataclass(frozen=True)
class Refused:
    """A sentence that failed the check, and the *facts* in it without support. Nothing follows."""

    sentence: str
    facts: frozenset[Fact]


class Guard:
    """Checks one answer as it streams.

    Args:
        passages: what the model wrote from.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        texts = [
            f"{passage.title}\n{passage.heading}\n{passage.text}\n{passage.url}"
            for passage in passages
        ]
        self._languages = together(map(guess_document_language, texts))
        facts = facts_of_all(texts, self._languages)
        self._support = Support(passages, facts, self._languages)
        self._held = ""
        self._stopped = False

    def check(self, pieces: Iterable[str]) -> Iterator[CheckedSentences | Refused]:
        """Check the sentences of *pieces* in order, up to the first that fails."""
        for piece in pieces:
            yield from self.feed(piece)
            if self._stopped:
                return
        yield from self.finish()

    def feed(self, piece: str) -> Iterator[CheckedSentences | Refused]:
        """Check the sentences that *piece* completes."""
        if self._stopped:
            return
        self._held += piece
        while (end := self._sentence_end()) is not None:
            sentence, self._held = self._held[:end], self._held[end:]
            yield self._judge(sentence)
            if self._stopped:
                return

    def finish(self) -> Iterator[CheckedSentences | Refused]:
        """Check the last sentence, at the end of the answer."""
        if self._held and not self._stopped:
            sentence, self._held = self._held, ""
            yield self._judge(sentence)

    def _sentence_end(self) -> int | None:
        # Not at a dot inside a word: half of “info@Shop.Example” could not be checked.
        for stop, following in sentence_ends(self._held, self._languages, glued=False):
            return following if "\n" in self._held[stop:following] else stop
        # At a blank: the halves of a number could both be in the passages.
        if len(self._held) > MAX_HELD:
            return self._held.rfind(" ", 0, MAX_HELD) + 1 or MAX_HELD
        return None

    def _judge(self, sentence: str) -> CheckedSentences | Refused:
        statement = _ENUMERATION.sub("", sentence)
        wrong = self._support.unsupported_facts(statement)
        if wrong or self._support.contradicts(statement):
            self._stopped = True
            self._held = ""
            return Refused(sentence, wrong)
        return CheckedSentences(sentence)
