"""What a site may be asked first: questions made of its headings, and those of most visitors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from chatbot_server.messages import LANGUAGES as MESSAGE_LANGUAGES
from chatbot_server.messages import say
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.index.chunks import BETWEEN
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.language.text import fold
from chatbot_server.storage.knowledge.chunks import PageHeading, headings_of
from chatbot_server.storage.site.sites import Site

MOST_HEADINGS = 500
SHORTEST, LONGEST = 8, 90  # characters of a heading that asks for something
FEW_BLANKS = 3
ANY_LANGUAGE = ""
FOR_ALL = "*"  # visitors of every language

Kind = Literal["figure", "way", "fact"]
KINDS: tuple[Kind, ...] = ("figure", "way", "fact")
# What visitors of most sites ask: sentence, kind, and kinds of facts of which an answer has one.
USUAL: tuple[tuple[str, Kind, tuple[str, ...]], ...] = (
    ("trial_ask_hours", "figure", ("time",)),
    ("trial_ask_price", "figure", ("price",)),
    ("trial_ask_book", "way", ("phone", "email", "link")),
    ("trial_ask_come", "way", ("street", "link")),
)
_ASKS_WAY = re.compile(r"how (?:to|do|does|can|should)\b|comment\b|wie (?:kann|komm)|como\b")
_OF_FIGURES = ("price", "opening_hours")  # synonyms
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class FirstQuestion:
    """A question that the site may answer.

    Attributes:
        language: of the visitors whom it can be suggested to; ``*``: all.
        kind: as its words tell: for a price or hours, for how something is done, or for a fact.
        page: the address of the page whose heading it is; empty: it is none.
        stated: kinds of facts of which an answer has one; empty: any will do.
    """

    text: str
    language: str
    kind: Kind
    page: str = ""
    stated: tuple[str, ...] = ()

    @property
    def wording(self) -> str:
        """The question as a setting of the site: ``fr=…`` for visitors of one language."""
        return self.text if self.language == FOR_ALL else f"{self.language}={self.text}"


def first_questions(base: KnowledgeBase, site_id: int) -> Iterator[FirstQuestion]:
    """Those to try: one of each kind in turn, those that are likest to a visitor's first."""
    with base.database.session() as session:
        headings = headings_of(session, site_id, MOST_HEADINGS)
        name = session.get_one(Site, site_id).name.casefold()
    topics = base.topics(site_id, ANY_LANGUAGE)  # which renews the languages, too
    spoken = base.searcher.languages(base.database, site_id).documents
    main = spoken[0] if spoken else ""
    own = [row._replace(path=row.path.split(BETWEEN)[-1]) for row in headings]
    own = [row for row in own if SHORTEST <= len(row.path) <= LONGEST and _stands_alone(row)]
    audience = FOR_ALL if len(spoken) < 2 else ""
    made = [
        FirstQuestion(
            row.path, audience or row.language, kind_of(row.path, row.language), _page(row)
        )
        for row in (*own, *(PageHeading(topic, "", main) for topic in topics))
        if row.path.casefold() != name
    ]
    # “Any questions?” asks nothing.
    asking = [
        each for each in made if each.text.endswith("?") and each.text.count(" ") >= FEW_BLANKS
    ]
    usual = list(_usual(main, audience))
    # Hours and prices are asked for before anything that a page is headed by.
    first = [each for each in usual if each.kind == "figure"]
    return _in_turn([*first, *asking, *usual, *made])


def audience_of(base: KnowledgeBase, site_id: int, text: str) -> str:
    """Whom the question *text* can be suggested to."""
    site = base.searcher.languages(base.database, site_id)
    return FOR_ALL if len(site.documents) < 2 else site.language_of(text)


def kind_of(text: str, language: str) -> Kind:
    """What a question or heading asks for, as its words tell."""
    words = fold(text)
    if _ASKS_WAY.match(words):
        return "way"
    language_words = LANGUAGES.get(language)
    figures = language_words.asks_number if language_words else ()
    synonyms = (
        [language_words.synonyms.get(name, frozenset()) for name in _OF_FIGURES]
        if language_words
        else []
    )
    if any(words.startswith(phrase) for phrase in figures):
        return "figure"
    return "figure" if frozenset().union(*synonyms) & set(_WORD.findall(words)) else "fact"


def _stands_alone(row: PageHeading) -> bool:
    """Not “And for children?”, which goes on from another heading."""
    language_words = LANGUAGES.get(row.language)
    openings = language_words.followup_openings if language_words else ()
    return not any(fold(row.path).startswith(f"{words} ") for words in openings)


def _page(row: PageHeading) -> str:
    """The address that sources name; notes and own answers have none."""
    return row.url if row.url.startswith(("http://", "https://")) else ""


def _usual(language: str, audience: str) -> Iterator[FirstQuestion]:
    if language in MESSAGE_LANGUAGES:
        for name, kind, stated in USUAL:
            yield FirstQuestion(say(name, language), audience or language, kind, "", stated)


def _in_turn(questions: Iterable[FirstQuestion]) -> Iterator[FirstQuestion]:
    """*questions* without repetitions, one of each kind after the other."""
    by_text: dict[str, FirstQuestion] = {}
    for question in questions:
        by_text.setdefault(fold(question.text), question)
    columns = ([each for each in by_text.values() if each.kind == kind] for kind in KINDS)
    rows = zip_longest(*columns)
    return (question for row in rows for question in row if question)
