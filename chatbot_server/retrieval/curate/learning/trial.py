"""A first look at a site's answers: questions made of its own headings, answered right there."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.index.chunks import BETWEEN
from chatbot_server.storage.knowledge.chunks import headings_of
from chatbot_server.storage.site.sites import Site

WANTED, MOST_ASKED, MOST_HEADINGS = 3, 12, 500
SHORTEST, LONGEST = 8, 90  # characters of a heading that asks for something


@dataclass(frozen=True)
class Trial:
    """A question and what the site says of it."""

    question: str
    grounding: Grounding


def try_own_headings(base: KnowledgeBase, site_id: int, own_question: str = "") -> list[Trial]:
    """The owner's own question, if there is one, and up to three of the site's headings."""
    trials = [Trial(own_question, base.ground(site_id, own_question))] if own_question else []
    with base.database.session() as session:
        places = headings_of(session, site_id, MOST_HEADINGS)
        name = session.get_one(Site, site_id).name.casefold()
    last_parts = [replace(place, heading=place.heading.split(BETWEEN)[-1]) for place in places]
    headings = [place for place in last_parts if SHORTEST <= len(place.heading) <= LONGEST]
    # One of each document first, questions before titles, and the site's own name last.
    headings.sort(
        key=lambda row: (
            row.heading.casefold() == name,
            not row.heading.endswith("?"),
            row.position,
        )
    )
    question_count, documents = 0, set[int]()
    for row in headings:
        if len(documents) >= WANTED or question_count >= MOST_ASKED:
            break
        if row.document in documents:
            continue
        question_count += 1
        grounding = base.ground(site_id, row.heading)
        if grounding.status in ("faq", "quoted"):
            documents.add(row.document)
            trials.append(Trial(row.heading, grounding))
    return trials
