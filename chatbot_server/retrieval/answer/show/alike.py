"""Sections that answer a question alike, each for another branch, year or size.

“Are you open on Sunday?” has three answers on the site of three shops. One of them would mislead:
all are shown, each under its name, or the visitor is asked which one is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten

from chatbot_server.retrieval.answer.search.fusion import Hit
from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.answer.sections.relevance import section_relevances
from chatbot_server.retrieval.answer.show.sources import Titles
from chatbot_server.retrieval.index.chunks import BETWEEN
from chatbot_server.retrieval.language.words import stems
from chatbot_server.retrieval.language.words.synonyms import is_date

# How much less relevant than the best one an alike section may be.
AS_GOOD = 2.5
# The share of common stems and concepts from which two sections are of one kind.
SAME_WORDS = 0.4
SAME_WORDS_UNDER_HEADING = 0.2  # where both have the same heading
LONGEST_NAME = 60  # characters
# How much less relevant a section in the question's language may be than its twin in another.
TWINS = 1.0


def alike_sections(sections: Sequence[Candidate], titles: Titles) -> dict[str, Candidate]:
    """The first of *sections* and those that answer alike, by name, in the order of the site.

    Empty if no other section answers alike, or if their names do not tell them apart.
    """
    first, relevances = sections[0], section_relevances(sections)
    group = [first]
    for other in sections[1:]:
        is_as_good = relevances[first.chunk.id] - relevances[other.chunk.id] <= AS_GOOD
        if (
            is_as_good
            and all(other.chunk.text != member.chunk.text for member in group)
            and other.held == first.held  # else the question names one of them
            and _is_of_one_kind(first, other, titles)
        ):
            group.append(other)
    paths = [_path(member, titles) for member in group]
    columns = zip(*paths, strict=True)
    distinct = [at for at, column in enumerate(columns) if len(set(column)) > 1]
    full_names = (BETWEEN.join(path[at] for at in distinct) for path in paths)
    names = [shorten(name, LONGEST_NAME, placeholder="…") for name in full_names]
    if len(group) < 2 or len(set(names)) < len(names) or not all(names):
        return {}
    by_name = dict(zip(names, group, strict=True))
    in_order = sorted(by_name, key=lambda name: (by_name[name].document.id, by_name[name].chunk.id))
    return {name: by_name[name] for name in in_order}


def _is_of_one_kind(first: Candidate, other: Candidate, titles: Titles) -> bool:
    """Whether both have the same place in their pages, and say the same kind of thing."""
    first_path, other_path = _path(first, titles), _path(other, titles)
    if len(first_path) != len(other_path) or first.document.faq or other.document.faq:
        return False
    if is_in_another_language(first, other):
        return False
    if first.document.id == other.document.id and first_path[:-1] != other_path[:-1]:
        return False
    ours, theirs = (_terms_but_dates(each) for each in (first, other))
    if any(term.startswith("=") for term in ours ^ theirs):  # they state different kinds of facts
        return False
    has_same_heading = len(first_path) > 1 and first_path[-1] == other_path[-1]
    return stems.overlap(ours, theirs) >= (
        SAME_WORDS_UNDER_HEADING if has_same_heading else SAME_WORDS
    )


def _terms_but_dates(section: Candidate) -> frozenset[str]:
    """The stems and concepts of its sentences: hours of all kinds tell days."""
    terms = frozenset().union(*section.sentence_terms)
    return frozenset(term for term in terms if not is_date(term))


def in_own_language(sections: Sequence[Candidate], query: Query) -> list[Candidate]:
    """Those of *sections* in the language of *query*, if one of them is nearly as relevant as the
    best; else all.

    So of twins in two languages, the visitor is shown the one in the language of the question.
    """
    relevances = section_relevances(sections)
    enough = max(relevances.values(), default=0.0) - TWINS
    languages = (query.language, None, "")
    readable = [each for each in sections if each.document.language in languages]
    if any(relevances[section.chunk.id] >= enough for section in readable):
        return readable
    return [*sections]


def with_own_entries(
    sections: Sequence[Candidate], hits: Sequence[Hit], query: Query
) -> tuple[list[Candidate], list[Hit]]:
    """*sections* and *hits* without FAQ entries that have a twin in the language of *query*."""
    entries = [section for section in sections if section.document.faq]
    to_keep = in_own_language(entries, query) if query.entry is None else entries
    left_out = {entry.document.id for entry in entries}
    left_out -= {entry.document.id for entry in to_keep}
    return (
        [section for section in sections if section.document.id not in left_out],
        [hit for hit in hits if hit.document not in left_out],
    )


def is_in_another_language(first: Candidate, other: Candidate) -> bool:
    """Whether *first* and *other* are known to be in two different languages."""
    languages = {first.document.language, other.document.language}
    return len(languages - {"", None}) > 1


def _path(section: Candidate, titles: Titles) -> tuple[str, ...]:
    """The title of the page, and the headings above *section*."""
    title = titles.clean(section.document.title)
    heading = titles.below(section.document.title, section.chunk.heading)
    return (title, *heading.split(BETWEEN)) if heading else (title,)
