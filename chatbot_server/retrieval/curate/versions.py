"""What changed of a text since the version before, and putting that version back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import islice, zip_longest
from typing import Any, Literal

from sqlalchemy.orm import Session

from chatbot_server.errors import Conflict, NotFound
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.sources import get_source
from chatbot_server.storage.knowledge.tables import KnowledgeDocument
from chatbot_server.storage.knowledge.versions import (
    KnowledgeVersion,
    version_before,
    version_of,
)

MOST_COMPARED = 2000  # lines of each version: comparing takes the square of it at worst
MOST_SHOWN = 200  # lines
LONGEST_COMPARED = 400  # words of a line
LONGEST_SHOWN = 2000  # characters of a line
LONGEST_PARAGRAPH = 500  # characters
SENTENCE_END = re.compile(r"(?<=[.!?…]) ")
LEAST_ALIKE = 0.4  # of two lines that are shown as one, with the words that differ

Mark = Literal["same", "added", "removed"]
Piece = tuple[Mark, str]


@dataclass(frozen=True)
class TextChanges:
    """What is in a text and was not in its version before, and the other way round.

    Attributes:
        added, removed: numbers of words.
        lines: those that differ, each in pieces, and a line before and after for orientation; an
            empty one where lines are left out.
        is_whole: whether all that differs is among ``lines``.
    """

    added: int
    removed: int
    lines: tuple[tuple[Piece, ...], ...]
    is_whole: bool


def text_changes(before: Sequence[str], after: Sequence[str]) -> TextChanges:
    """Compare two texts, given as lines, in bounded time."""
    former, current = (Counter(" ".join(lines).split()) for lines in (before, after))
    before, after = _without_common_ends(before, after)
    is_whole = max(len(before), len(after)) <= MOST_COMPARED
    is_whole = is_whole and all(len(line) <= LONGEST_SHOWN for line in (*before, *after))
    before, after = ([line[:LONGEST_SHOWN] for line in lines] for lines in (before, after))
    lines = list(
        islice(_changed_lines(before[:MOST_COMPARED], after[:MOST_COMPARED]), MOST_SHOWN + 1)
    )
    return TextChanges(
        added=(current - former).total(),
        removed=(former - current).total(),
        lines=tuple(lines[:MOST_SHOWN]),
        is_whole=is_whole and len(lines) <= MOST_SHOWN,
    )


def document_changes(document: KnowledgeDocument, version: KnowledgeVersion) -> TextChanges:
    """What changed between *document* and its *version*, from the earlier text to the later."""
    texts = lines_of(version), lines_of(document)
    return text_changes(*(reversed(texts) if version.state == "undone" else texts))


def lines_of(text: KnowledgeDocument | KnowledgeVersion) -> list[str]:
    """Title, other wordings and text, line by line, without empty ones.

    Of a long paragraph, each sentence is a line.
    """
    lines: list[str] = []
    for line in map(str.strip, (text.title, *text.wordings, *text.text.split("\n"))):
        lines += SENTENCE_END.split(line) if len(line) > LONGEST_PARAGRAPH else [line]
    return [line for line in lines if line]


def find_version(
    session: Session, site_id: int, source_id: int, document_id: int
) -> tuple[KnowledgeDocument, KnowledgeVersion]:
    """A document of a source, and the version before.

    Raises:
        NotFound: there is no such source or document, or no version before.
    """
    get_source(session, site_id, source_id)
    document = session.get(KnowledgeDocument, document_id)
    if document is None or document.source_id != source_id:
        raise NotFound("knowledge_no_document", number=source_id, document=document_id)
    version = version_before(session, document)
    if version is None:
        raise NotFound("version_none", title=document.title or document.url)
    return document, version


def put_version_back(
    database: Database,
    site_id: int,
    source_id: int,
    document_id: int,
    *,
    digest: str | None = None,
    who: str = "",
) -> dict[str, Any]:
    """Exchange the text of a document and its version before; called again, it undoes itself.

    Args:
        digest: of the version that was shown; None: whatever there is now.
        who: the name of the account.

    Returns:
        ``title``, and whether the text is one that was taken back before: ``again``.

    Raises:
        NotFound: as :func:`find_version`.
        Conflict: the text has changed since the version was shown.
    """
    with database.session() as session:
        document, version = find_version(session, site_id, source_id, document_id)
        digest = version.digest if digest is None else digest
    words = version.title, version.text, version.language, document.faq, tuple(version.wordings)
    analysis = replace(analyse(Draft(document.url, *words)), digest=version.digest)
    with database.session() as session:
        document, version = find_version(session, site_id, source_id, document_id)
        if version.digest != digest:
            raise Conflict("version_changed", title=document.title)
        is_again, read = version.state == "undone", version.read
        former = version_of(document, "replaced" if is_again else "undone", who)
        version.state = "replaced"  # else the text would be one that must not come again
        session.flush()
        indexing.put(session, get_source(session, site_id, source_id), analysis)
        document.read = read
        session.merge(former)
        return {"title": document.title, "again": is_again}


def accept_text(
    database: Database, site_id: int, source_id: int, document_id: int
) -> dict[str, Any]:
    """Note that the current text, which took the place of one that was put back, is right.

    Returns:
        ``title``, and whether it did take the place of such a text: ``accepted``.

    Raises:
        NotFound: as :func:`find_version`.
    """
    with database.session() as session:
        document, version = find_version(session, site_id, source_id, document_id)
        is_overtaken = version.state == "overtaken"
        if is_overtaken:
            version.state = "replaced"
        return {"title": document.title, "accepted": is_overtaken}


def _without_common_ends(
    before: Sequence[str], after: Sequence[str]
) -> tuple[Sequence[str], Sequence[str]]:
    """Both texts from the last line that both begin with to the first that both end with."""
    most = min(len(before), len(after))
    start = next((at for at in range(most) if before[at] != after[at]), most)
    most -= start
    end = next((at for at in range(most) if before[-1 - at] != after[-1 - at]), most)
    first, last = max(0, start - 1), max(0, end - 1)
    return before[first : len(before) - last], after[first : len(after) - last]


def _changed_lines(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[Piece, ...]]:
    groups = SequenceMatcher(None, before, after).get_grouped_opcodes(1)
    for number, group in enumerate(groups):
        if number:
            yield ()
        for kind, start, end, start_after, end_after in group:
            if kind == "equal":
                yield from ((("same", line),) for line in before[start:end])
                continue
            pairs = zip_longest(before[start:end], after[start_after:end_after], fillvalue="")
            for former, current in pairs:
                yield from _line_pair(former, current)


def _line_pair(former: str, current: str) -> Iterator[tuple[Piece, ...]]:
    """One line with the words that differ, or two where hardly any word is the same."""
    words = former.split(), current.split()
    matcher = SequenceMatcher(None, *words, autojunk=False)
    is_short = max(map(len, words)) <= LONGEST_COMPARED
    if not is_short or matcher.ratio() < LEAST_ALIKE:
        if former:
            yield (("removed", former),)
        if current:
            yield (("added", current),)
        return
    pieces: list[Piece] = []
    for kind, start, end, start_after, end_after in matcher.get_opcodes():
        if kind == "equal":
            pieces.append(("same", " ".join(words[0][start:end])))
            continue
        if start < end:
            pieces.append(("removed", " ".join(words[0][start:end])))
        if start_after < end_after:
            pieces.append(("added", " ".join(words[1][start_after:end_after])))
    yield tuple(pieces)
