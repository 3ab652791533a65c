"""Questions to try on a site first: its own headings, and what visitors of most sites ask."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal
from urllib.parse import urlsplit

from chatbot_server.messages import LANGUAGES as MESSAGE_LANGUAGES
from chatbot_server.messages import say
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.answer.topics import without_site_name
from chatbot_server.retrieval.index.chunks import BETWEEN
from chatbot_server.retrieval.language.languages import ALL_LANGUAGES, LANGUAGES, any_phrase
from chatbot_server.retrieval.language.text import fold
from chatbot_server.storage.knowledge.index.chunks import PageHeading, headings_of
from chatbot_server.storage.site.sites import Site

MOST_HEADINGS = 500
SHORTEST, LONGEST = 8, 90  # characters of a heading that asks for something
FEWEST_BLANKS = 3  # of a question that says what it is about: not “Any questions?”
ANY_LANGUAGE = ""
FOR_ALL = "*"  # visitors of every language

Kind = Literal["figure", "way", "fact"]
KINDS: tuple[Kind, ...] = ("figure", "way", "fact")
# What visitors of most sites ask: the sentence, its kind, and kinds of facts that answer it.
USUAL: tuple[tuple[str, Kind, tuple[str, ...]], ...] = (
    ("trial_ask_hours", "figure", ("time",)),
    ("trial_ask_price", "figure", ("price",)),
    ("trial_ask_book", "way", ("phone", "email", "link")),
    ("trial_ask_come", "way", ("street", "link")),
)
# Titles of pages about the owner, for which hardly anybody comes.
ABOUT_PAGES = frozenset(title for each in LANGUAGES.values() for title in each.about_pages)
_ASKS_HOW_TO = re.compile(rf"{any_phrase('asks_how_to', ALL_LANGUAGES)}\b")
_FIGURE_SYNONYMS = ("price", "opening_hours")  # names of synonym families
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class FirstQuestion:
    """A question that the site may answer.

    Attributes:
        language: of the visitors to whom it can be suggested; ``*`` for all.
        kind: what it asks for: a ``figure`` (price, hours), a ``way`` to do something, a ``fact``.
        page: the address of the page of whose heading it is made; empty if it is of none.
        heading: this heading, or the topic of which it is made.
        fact_kinds: an answer states a fact of one of these kinds; empty if it need not.
    """

    text: str
    language: str
    kind: Kind
    page: str = ""
    fact_kinds: tuple[str, ...] = ()
    heading: str = ""

    @property
    def wording(self) -> str:
        """The question as a setting of the site: ``fr=…`` for visitors of one language."""
        return self.text if self.language == FOR_ALL else f"{self.language}={self.text}"


def first_questions(base: KnowledgeBase, site_id: int) -> Iterator[FirstQuestion]:
    """Questions to try, one of each kind in turn, the likeliest of each kind first."""
    with base.database.session() as session:
        headings = headings_of(session, site_id, MOST_HEADINGS)
        name = session.get_one(Site, site_id).name
    topics = base.topics(site_id, ANY_LANGUAGE)  # which renews the languages, too
    languages = base.searcher.languages(base.database, site_id).documents
    main = languages[0] if languages else ""
    headings = [
        row._replace(path=path)
        for row in headings
        for path in _without_name(row.path.split(BETWEEN)[-1], name)
    ]
    headings = [row for row in headings if _stands_alone(row)]
    audience = FOR_ALL if len(languages) < 2 else ""
    asked_by_pages = [
        FirstQuestion(
            question_about(row.path, row.language or main),
            audience or row.language,
            kind_of(row.path, row.language),
            _page(row),
            heading=row.path,
        )
        for row in (*headings, *(PageHeading(topic, "", main) for topic in topics))
        if not _is_name(row, name) and fold(row.path) not in ABOUT_PAGES
    ]
    complete = [
        question
        for question in asked_by_pages
        if question.heading.endswith("?") and question.heading.count(" ") >= FEWEST_BLANKS
    ]
    usual = [
        FirstQuestion(say(name, main), audience or main, kind, "", fact_kinds)
        for name, kind, fact_kinds in (USUAL if main in MESSAGE_LANGUAGES else ())
    ]
    # Hours and prices come before the headings of pages.
    figures = [question for question in usual if question.kind == "figure"]
    return _in_turn([*figures, *complete, *usual, *asked_by_pages])


def audience_of(base: KnowledgeBase, site_id: int, text: str) -> str:
    """The language of the visitors to whom the question *text* can be suggested."""
    site = base.searcher.languages(base.database, site_id)
    return FOR_ALL if len(site.documents) < 2 else site.language_of(text)


def question_about(heading: str, language: str) -> str:
    """*heading* as a visitor would ask it: “How to book” as a question, a topic as it is."""
    asks_how = not heading.endswith("?") and _ASKS_HOW_TO.match(fold(heading))
    if not asks_how or language not in MESSAGE_LANGUAGES:
        return heading
    return say("trial_ask_how", language, heading=heading)


def kind_of(text: str, language: str) -> Kind:
    """What a question or heading asks for, by its words."""
    words = fold(text)
    if _ASKS_HOW_TO.match(words):
        return "way"
    language_words = LANGUAGES.get(language)
    if language_words is None:
        return "fact"
    families = (language_words.synonyms.get(name, frozenset()) for name in _FIGURE_SYNONYMS)
    has_synonym = not frozenset().union(*families).isdisjoint(_WORD.findall(words))
    asks_number = any(words.startswith(phrase) for phrase in language_words.asks_number)
    return "figure" if has_synonym or asks_number else "fact"


def _without_name(heading: str, name: str) -> list[str]:
    """*heading* without the name of the site, which stands beside titles while it is being read."""
    return without_site_name([heading], name) if fold(name) in fold(heading) else [heading]


def _is_name(row: PageHeading, name: str) -> bool:
    """Whether the heading is the name of the site, or contains it on the first page."""
    words, words_of_name = _WORD.findall(fold(row.path)), _WORD.findall(fold(name))
    if words == words_of_name:
        return True
    is_first_page = bool(_page(row)) and urlsplit(row.url).path in ("", "/")
    return is_first_page and not row.path.endswith("?") and set(words_of_name) <= set(words)


def _stands_alone(row: PageHeading) -> bool:
    """Whether a heading is a question by itself, unlike “And for children?”."""
    language_words = LANGUAGES.get(row.language)
    openings = language_words.follow_up_openings if language_words else ()
    goes_on = any(fold(row.path).startswith(f"{words} ") for words in openings)
    return SHORTEST <= len(row.path) <= LONGEST and not goes_on


def _page(row: PageHeading) -> str:
    """The address of the page; empty for a note or an FAQ entry."""
    return row.url if row.url.startswith(("http://", "https://")) else ""


def _in_turn(questions: Iterable[FirstQuestion]) -> Iterator[FirstQuestion]:
    """*questions* without repetitions, one of each kind after the other."""
    by_text: dict[str, FirstQuestion] = {}
    for question in questions:
        by_text.setdefault(fold(question.text), question)
    distinct = by_text.values()
    columns = ([question for question in distinct if question.kind == kind] for kind in KINDS)
    rows = zip_longest(*columns)
    return (question for row in rows for question in row if question)
