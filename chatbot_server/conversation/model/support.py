"""Whether the passages support a sentence that a model wrote.

Numbers and links are compared by :mod:`chatbot_server.retrieval.language.facts`, names, negations
and rows of tables here: each part of the sentence is compared with the statements of the passages
that share its words. A rule can only refuse a sentence; one that no rule refuses is supported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from chatbot_server.conversation.model.amounts import is_computed, is_count, sums_up
from chatbot_server.conversation.model.guard_words import (
    COMPARISON,
    CONTRAST,
    DEMAND,
    EXCEPTION,
    JOINT,
    PERSON,
)
from chatbot_server.conversation.small_talk.remarks import find_remark
from chatbot_server.retrieval.base import Passage
from chatbot_server.retrieval.language.dialogue import contrast
from chatbot_server.retrieval.language.facts import Fact, facts, unsupported
from chatbot_server.retrieval.language.languages import Languages
from chatbot_server.retrieval.language.sentences import sentences
from chatbot_server.retrieval.language.tables import DASH
from chatbot_server.retrieval.language.text import BLANKS_RUN, fold
from chatbot_server.retrieval.language.words import stems, synonyms

# Statements of the passages that are compared; a prompt holds fewer.
MOST_STATEMENTS = 200
SEVERAL_LINES = 2
ONE = frozenset((Fact("number", "1"),))
_CELL = re.compile(rf"(?:{BLANKS_RUN})?;\s+|,\s+")
# Words of these concepts ask for a fact, and do not tell rows apart.
_FACTUAL_CONCEPTS = frozenset(
    f"={concept}"
    for concept in ("opening_hours", "price", "duration", "phone", "email", "address", "payment")
)


@dataclass(frozen=True)
class Statement:
    """A part of a passage: a line, a sentence, a clause."""

    text: str
    languages: Languages

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of its words, in every language."""
        return frozenset().union(
            *(stems.all_stems(word, self.languages) for word in stems.words(self.text))
        )

    @cached_property
    def facts(self) -> frozenset[Fact]:
        return facts(self.text, self.languages)

    @cached_property
    def is_negated(self) -> bool:
        return contrast.is_negated(self.text, self.languages)

    @cached_property
    def cells(self) -> list[Statement]:
        """The cells of a row, or the items of an enumeration, where several hold figures."""
        cells = [
            cell for cell in _CELL.split(self.text.partition(DASH)[2] or self.text) if cell.strip()
        ]
        has_figures = sum(any(map(str.isdigit, cell)) for cell in cells) > 1
        return [Statement(cell, self.languages) for cell in cells] if has_figures else []

    def has(self, item: str | Fact) -> bool:
        """Whether it contains a word or states a fact."""
        if isinstance(item, Fact):
            return item.is_among(self.facts)
        return bool(stems.all_stems(item, self.languages) & self.stems)

    def count_of(self, items: Iterable[str | Fact]) -> int:
        """How many of *items* it contains or states."""
        return sum(self.has(item) for item in items)


class Support:
    """Compares sentences with the statements of *passages*.

    Args:
        known: the facts in the passages, their titles and addresses.
    """

    def __init__(
        self, passages: Sequence[Passage], known: frozenset[Fact], languages: Languages
    ) -> None:
        self._known, self._languages = known, languages
        titles = " ".join(f"{passage.title} {passage.heading}" for passage in passages)
        self._titles = Statement(titles, languages)
        self._whole = Statement(
            " ".join([titles, *(passage.text for passage in passages)]), languages
        )
        # A link in the text of a page may lead to a stranger's site, unlike the pages' addresses.
        addresses = facts(" ".join(passage.url for passage in passages), languages)
        self._hosts = {fact.value.partition("/")[0] for fact in addresses if fact.kind == "link"}
        self._has_lines = any("\n" in passage.text.strip() for passage in passages)
        self._groups = [
            Statement(text, languages)
            for passage in passages
            for text in groups_of(passage.text, languages)
        ][:MOST_STATEMENTS]
        self._clauses = {
            group: [
                Statement(clause, languages)
                for sentence in sentences(group.text, languages)
                for clause in CONTRAST.split(sentence)
                if clause.strip()
            ]
            for group in self._groups
        }

    def unsupported_facts(self, sentence: str) -> frozenset[Fact]:
        """The facts of *sentence* that are neither in a passage nor computed from facts there."""
        missing = unsupported(sentence, self._known, self._languages) | frozenset(
            fact
            for fact in facts(sentence, self._languages)
            if fact.kind == "link" and fact.value.partition("/")[0] not in self._hosts
        )
        counts = frozenset(fact for fact in missing if is_count(fact))
        if missing > counts and all(self._is_computed(fact, sentence) for fact in missing - counts):
            return frozenset()
        return frozenset(fact for fact in missing if not self._is_computed(fact, sentence))

    def contradicts(self, sentence: str) -> bool:
        """Whether *sentence* contradicts the passages, or says what no visitor should be told."""
        if DEMAND.search(fold(sentence)):
            return True
        remark = find_remark(sentence)
        if remark is not None:
            return remark.kind == "insult"
        return self._has_unknown_name(sentence) or any(
            self._is_wrong(clause, sentence) for clause in clauses_of(sentence, self._languages)
        )

    def _is_computed(self, fact: Fact, sentence: str) -> bool:
        return is_computed(fact, facts(sentence, self._languages), self._known)

    def _has_unknown_name(self, sentence: str) -> bool:
        """Whether *sentence* has a name that the passages do not contain."""
        names = contrast.names(sentence, self._languages)
        known_words = {word for word in names if self._whole.has(word)}
        # “1 may” is a date, though “may” alone is none.
        unknown = [
            name for name in names - known_words if not facts(f"1 {name}", self._languages) - ONE
        ]
        # Languages and nations have other names in the other language; people do not.
        is_translated = stems.guess_language(sentence) != stems.guess_language(self._whole.text)
        people = {word for name in PERSON.findall(sentence) for word in stems.words(name)}
        return bool(people.intersection(unknown)) if is_translated else bool(unknown)

    def _is_wrong(self, clause: str, sentence: str) -> bool:
        """Whether *clause* mixes rows of the passages, or denies what they say."""
        part = Statement(clause, self._languages)
        known_words = self._known_words(clause)
        is_computed = (
            bool(COMPARISON.search(fold(sentence)))
            or any(
                fact not in self._known and self._is_computed(fact, sentence) for fact in part.facts
            )
            or any(sums_up(fact, facts(sentence, self._languages)) for fact in part.facts)
        )
        if not is_computed and self._is_of_another_row(
            part, known_words or self._known_words(sentence)
        ):
            return True
        return self._is_denied(part, known_words)

    def _is_of_another_row(self, part: Statement, known_words: Sequence[str]) -> bool:
        """Whether a fact or name in *part* belongs to another row than the words beside it."""
        names = contrast.names(part.text, self._languages)
        items: list[str | Fact] = [*part.facts, *(word for word in known_words if word in names)]
        for item in items:
            beside = [word for word in known_words if not self._is_same_kind(word, item, names)]
            most = self._most_shared(beside, self._groups)
            holders = [group for group in self._groups if group.has(item)]
            rows = [group.cells for group in holders if group.count_of(beside) == most]
            if any(self._stands_elsewhere(item, beside, each) for each in (self._groups, *rows)):
                return True
        return self._has_mixed_rows(part, known_words)

    def _has_mixed_rows(self, part: Statement, known_words: Sequence[str]) -> bool:
        """Whether words that each occur in one line only are from different lines."""
        if not self._has_lines:
            return False
        homes = [[line for line in self._groups if line.has(word)] for word in known_words]
        single = {home[0].text for home in homes if len(home) == 1}
        return len(single) > 1

    def _stands_elsewhere(
        self, item: str | Fact, beside: Sequence[str], statements: Sequence[Statement]
    ) -> bool:
        """Whether all statements with *item* share fewer of the words *beside* it than others."""
        counts = {word: sum(each.has(word) for each in statements) for word in beside}
        telling = [word for word, count in counts.items() if 0 < count < len(statements)]
        holders = [each for each in statements if each.has(item)]
        if not telling or not holders:
            return False
        return self._most_shared(telling, holders) < self._most_shared(telling, statements)

    def _is_denied(self, part: Statement, known: Sequence[str]) -> bool:
        """Whether the statements that share most with *part* say the opposite."""
        items: list[str | Fact] = [*known, *(fact for fact in part.facts if fact.kind == "day")]
        if not items:
            return part.is_negated and bool(self._words_of(part.text)) and not part.facts
        if not part.is_negated and any(self._is_only_denied(word) for word in known):
            return True
        most = max((group.count_of(items) for group in self._groups), default=0)
        near = [group for group in self._groups if group.count_of(items) == most and most]
        if not near:
            return False
        return all(self._is_contrary(part, items, group) for group in near)

    def _is_only_denied(self, word: str) -> bool:
        """Whether *word* occurs only in clauses that deny something."""
        homes = [
            clause for clauses in self._clauses.values() for clause in clauses if clause.has(word)
        ]
        return bool(homes) and all(clause.is_negated for clause in homes)

    def _is_contrary(self, part: Statement, items: Sequence[str | Fact], group: Statement) -> bool:
        halves = [Statement(half, self._languages) for half in EXCEPTION.split(group.text)]
        sides = [[half.text for half in halves if half.has(item)] for item in items]
        if len({side[0] for side in sides if len(side) == 1}) > 1:
            return True  # “bring your own food, but drinks …” does not say “your own drinks”
        clauses = [clause for clause in self._clauses[group] if clause.count_of(items)]
        if not clauses:
            return False
        if any(contrast.are_opposed(part.text, each.text, self._languages) for each in clauses):
            return part.is_negated == any(each.is_negated for each in clauses)
        homes_of = [[each for each in clauses if each.has(item)] for item in items]
        if part.is_negated:
            return not any(each.is_negated for homes in homes_of for each in homes)
        return any(homes and all(each.is_negated for each in homes) for homes in homes_of)

    def _known_words(self, text: str) -> list[str]:
        """The words of *text* that the passages contain, but not their titles."""
        words = self._words_of(text)
        return [word for word in words if self._whole.has(word) and not self._titles.has(word)]

    def _words_of(self, text: str) -> list[str]:
        """The content words of *text* that may tell one statement from another."""
        language = stems.guess_language(text, languages=self._languages)
        words = dict.fromkeys(stems.words(text))
        return [
            word
            for word in words
            if len(word) > 1
            and not word.isdigit()
            and not stems.is_stop_word(word, language)
            and not contrast.is_negated(word, self._languages)
            and not synonyms.word(word, self._languages).concepts & _FACTUAL_CONCEPTS
        ]

    def _is_same_kind(self, word: str, item: str | Fact, names: set[str]) -> bool:
        """Whether *word* is of the same kind as *item*, so that it does not tell its row."""
        if isinstance(item, str):
            return word in names
        kinds = {fact.kind for fact in facts(word, self._languages)}
        return item.kind in kinds or (item.kind == "email" and word in item.value)

    @staticmethod
    def _most_shared(words: Sequence[str], statements: Iterable[Statement]) -> int:
        return max((each.count_of(words) for each in statements), default=0)


def groups_of(text: str, languages: Languages) -> list[str]:
    """The lines of *text*, or its sentences if it has only one line."""
    lines = [line for line in text.split("\n") if line.strip()]
    return lines if len(lines) >= SEVERAL_LINES else sentences(text, languages)


def clauses_of(sentence: str, languages: Languages) -> list[str]:
    """*sentence*, split at contrasts, and at joints where each part has figures of its own."""
    clauses = [clause for clause in CONTRAST.split(sentence) if clause.strip()]
    parts: list[str] = []
    for clause in clauses:
        pieces = [piece for piece in JOINT.split(clause) if piece.strip()]
        with_facts = [bool(facts(piece, languages)) for piece in pieces]
        parts += pieces if len(pieces) > 1 and all(with_facts) else [clause]
    return parts
