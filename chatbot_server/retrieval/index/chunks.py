"""Cutting a page into chunks that keep its title and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from chatbot_server.retrieval.language.languages import Languages, together
from chatbot_server.retrieval.language.sentences import sentences_and_items
from chatbot_server.retrieval.language.tables import in_sentences
from chatbot_server.retrieval.language.text import FENCE, clean, fold

# On the CNIL's FAQ and XQuAD, 120 to 180 words are equally good; short chunks are the cheapest to
# embed, and to read for a small model.
MAX_WORDS = 150
MAX_CHUNKS = 2000
MAX_LEVEL = 6
BETWEEN = " › "
MAX_NOTES = 10
MAX_NOTE_WORDS = 60
_MARK = r"(\*{1,3}|[†‡]|[¹²³⁴⁵⁶⁷⁸⁹]{1,2}|\[\d{1,2}\]|\(\d{1,2}\))"
_NOTE = re.compile(rf"{_MARK}\s?(?=\w)")
# At the end of a word, or in brackets behind it.
_REFERENCE = re.compile(rf"(?<=\S)(?:(?<![\s*])|\s(?=[\[(])){_MARK}(?![\w*])")
_EMPHASIS = re.compile(r"\*{1,3}[^*\s][^*]*\*{1,3}")


@dataclass(frozen=True)
class Chunk:
    """A piece of a page: whole sentences under one heading.

    ``heading`` is the path of headings above it, joined by “ › ”.
    """

    heading: str
    text: str

    def searchable_text(self, title: str) -> str:
        """The text to index, with title and headings: a chunk alone often does not name its
        subject."""
        parts = [title, below(title, self.heading), self.text]
        return "\n".join(part for part in parts if part)


def below(title: str, heading: str) -> str:
    """The path *heading* without the page's *title*, which is the first heading of most pages."""
    first, _, rest = heading.partition(BETWEEN)
    return rest if _plain(first) == _plain(title) else heading


def _plain(text: str) -> str:
    """*text* for comparison, without case and accents, and with one form of the apostrophe."""
    return fold(text).replace("’", "'")


def chunks_of_text(text: str, max_words: int = MAX_WORDS, language: str = "en") -> Iterator[Chunk]:
    """The chunks of Markdown *text* in order, each of at most *max_words*.

    A chunk never crosses a heading. Two chunks under one heading share a sentence, so that “it
    costs …” keeps its subject. A sentence longer than a chunk is cut between words. Rows of tables
    become sentences. A footnote (“* not on Sundays”) is repeated in each chunk with its mark. A
    page has at most 2,000 chunks; a text without words is one empty chunk.
    """
    pieces = (
        Chunk(heading, piece)
        for heading, body in _sections(in_sentences(clean(text), language))
        for piece in _pieces(body, max_words, together([language]))
    )
    first = next(pieces, Chunk("", ""))
    yield first
    yield from islice(pieces, MAX_CHUNKS - 1)


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """The path of headings above each section of Markdown, and the text below them."""
    path: dict[int, str] = {}
    lines: list[str] = []
    is_code = False
    for line in text.split("\n"):
        heading = None if is_code else _heading(line)
        is_code = is_code != bool(FENCE.match(line.lstrip()))
        if heading is None:
            lines.append(line)
            continue
        yield BETWEEN.join(path.values()), "\n".join(lines)
        lines = []
        level, name = heading
        path = {above: name for above, name in path.items() if above < level}
        path[level] = name
    yield BETWEEN.join(path.values()), "\n".join(lines)


def _heading(line: str) -> tuple[int, str] | None:
    """Level and name of a heading (``## Name ##``); None if *line* is not one."""
    rest = line.lstrip("#")
    level = len(line) - len(rest)
    if not 1 <= level <= MAX_LEVEL or not rest[:1].isspace():
        return None
    return level, rest.rstrip("#").strip()


def _pieces(body: str, max_words: int, languages: Languages) -> Iterator[str]:
    """The text of a section in pieces of at most *max_words*, with the footnotes of each."""
    piece: list[str] = []
    size = 0
    whole_sentences = sentences_and_items(body, languages)
    notes = footnotes(whole_sentences)
    for sentence in _bounded(whole_sentences, max_words):
        length = count_words(sentence)
        if piece and size + length > max_words:
            yield "\n".join([*piece, *missing_notes(piece, notes)])
            overlap = piece[-1] if count_words(piece[-1]) + length <= max_words else ""
            piece = [overlap] if overlap else []
            size = count_words(overlap)
        piece.append(sentence)
        size += length
    if piece:
        yield "\n".join([*piece, *missing_notes(piece, notes)])


def count_words(text: str) -> int:
    """The number of words and numbers in *text*.

    Signs that stand alone do not count; rows of tables are full of them.
    """
    return sum(any(map(str.isalnum, part)) for part in text.split())


def footnotes(sentences: Sequence[str]) -> dict[str, str]:
    """The short sentences that begin with the mark of a footnote, by that mark; ten at most."""
    notes: dict[str, str] = {}
    for sentence in sentences:
        note = None if _EMPHASIS.match(sentence) else _NOTE.match(sentence)
        if note and len(sentence.split()) <= MAX_NOTE_WORDS and len(notes) < MAX_NOTES:
            notes.setdefault(note[1], sentence)
    return notes


def missing_notes(piece: Sequence[str], notes: Mapping[str, str]) -> list[str]:
    """Those of *notes*, by their marks, that *piece* refers to (“18 €*”) but does not contain."""
    if not notes:
        return []
    plain = (_EMPHASIS.sub("", sentence) for sentence in piece)
    marks = {mark for sentence in plain for mark in _REFERENCE.findall(sentence)}
    return [note for mark, note in notes.items() if mark in marks and note not in piece]


def _bounded(sentences: list[str], max_words: int) -> Iterator[str]:
    """*sentences*, longer ones than *max_words*, or 20 characters for each, cut into several."""
    for sentence in sentences:
        parts = sentence.split()
        if len(parts) <= max_words and len(sentence) <= max_words * 20:
            yield sentence
            continue
        for start in range(0, len(parts), max_words):
            piece = " ".join(parts[start : start + max_words])
            for cut in range(0, len(piece), max_words * 20):
                yield piece[cut : cut + max_words * 20]
