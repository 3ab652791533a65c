"""A first look at a site's answers: questions made of its own headings, answered right there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.index.chunks import BETWEEN
from chatbot_server.storage.knowledge.chunks import headings_of
from chatbot_server.storage.site.sites import Site

WANTED, MOST_ASKED, MOST_HEADINGS = 3, 12, 500
SHORTEST, LONGEST = 8, 90  # characters of a heading that asks for something
FEW_BLANKS = 3
ANY_LANGUAGE = ""


@dataclass(frozen=True)
class Trial:
    """A question and what the site says of it."""

    question: str
    grounding: Grounding


def try_own_headings(base: KnowledgeBase, site_id: int, own_question: str = "") -> list[Trial]:
    """The owner's own question, if there is one, and up to three of the site's headings."""
    trials = [Trial(own_question, base.ground(site_id, own_question))] if own_question else []
    answers = set[str]()
    for number, question in enumerate(dict.fromkeys(_questions(base, site_id))):
        if len(answers) >= WANTED or number >= MOST_ASKED:
            break
        grounding = base.ground(site_id, question)
        if grounding.status in ("faq", "quoted") and grounding.answer not in answers:
            answers.add(grounding.answer)
            trials.append(Trial(question, grounding))
    return trials


def _questions(base: KnowledgeBase, site_id: int) -> Iterator[str]:
    """Headings that ask something, what the site can be asked about, then any of its headings."""
    with base.database.session() as session:
        paths = headings_of(session, site_id, MOST_HEADINGS)
        name = session.get_one(Site, site_id).name.casefold()
    headings = [
        heading
        for path in paths
        if SHORTEST <= len(heading := path.split(BETWEEN)[-1]) <= LONGEST
        and heading.casefold() != name
    ]
    # “Any questions?” asks nothing.
    yield from (line for line in headings if line.endswith("?") and line.count(" ") >= FEW_BLANKS)
    yield from base.topics(site_id, ANY_LANGUAGE)
    yield from headings
