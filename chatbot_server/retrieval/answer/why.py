"""Why a question was answered as it was: the sections found, and the evidence for the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from chatbot_server.retrieval.answer.decide.closer_look import CloserLook
from chatbot_server.retrieval.answer.decide.evidence import (
    gather_evidence,
    is_held_back,
    quotable,
    threshold_raise,
)
from chatbot_server.retrieval.answer.search.query import EarlierTurns, Query
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.answer.sections.relevance import section_relevances
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.answer.several_questions import has_few_own_words
from chatbot_server.retrieval.answer.show.sources import clean_heading
from chatbot_server.retrieval.base import GroundingOutcome
from chatbot_server.retrieval.index.chunks import below

EXCERPT = 160


@dataclass(frozen=True)
class Contender:
    """A section or entry that could have answered.

    Attributes:
        relevance: the score that orders the sections of one question.
        cosine: similarity in meaning to the question; None if meaning was not searched.
        coverage: the share of the question's words, by weight, that it contains.
    """

    title: str
    heading: str
    url: str
    is_entry: bool
    relevance: float
    cosine: float | None
    coverage: float
    excerpt: str


@dataclass(frozen=True)
class Explanation:
    """How one question of a message was understood, what was found, and the outcome.

    Attributes:
        looked_up: the text that was searched for: after the question it follows, without “today”.
        evidence: the evidence for the first contender, by name, and ``other_page``: 1 if its page
            answered none of the questions before; empty without contenders.
    """

    question: str
    looked_up: str
    language: str
    status: GroundingOutcome
    contenders: tuple[Contender, ...]
    evidence: dict[str, float | None]


def explain(
    base: KnowledgeBase,
    site_id: int,
    message: str,
    history: Sequence[str] = (),
    locale: str = "",
    outcome: GroundingOutcome | None = None,
) -> list[Explanation]:
    """Explain the answer to each question in *message*.

    Args:
        locale: the language of the visitor's panel.
        outcome: that of the whole message, where it is known; a question is looked up again
            only where it is not the whole message.
    """
    questions, language = base.questions(site_id, message, locale)
    return [
        _explain_one(
            base, site_id, each.text, history, language, outcome if each.text == message else None
        )
        for each in questions
    ]


def _explain_one(
    base: KnowledgeBase,
    site_id: int,
    asked: str,
    history: Sequence[str],
    language: str,
    outcome: GroundingOutcome | None,
) -> Explanation:
    question = asked
    pages = base.pages_shown(site_id, history, language)
    earlier = EarlierTurns(history, pages=pages)
    outcome = outcome or base.ground(site_id, question, history, language).outcome
    subject = base.subject_asked_about(site_id, question, history, language)
    site = base.site(site_id, language)
    (first, *_others), _language = base.questions(site_id, question, language)
    if subject and site.ground_property(first.text, subject):
        # Such a question is searched for together with the one that names its subject.
        question, earlier = f"{subject.question} {question}", EarlierTurns(pages=pages)
    elif history and not has_few_own_words(question):
        earlier = replace(site.in_conversation(question, history), pages=pages)
    with site.open(question, earlier) as result:
        query, index = result.query, result.index
        closer_look = CloserLook(result.sections, query, index)
        if base.searcher.embedder is not None:
            closer_look.read(base.searcher.embedder)
        sections = _excluded_last(closer_look.sections(), query)
        contenders = _contenders(sections)
        evidence = _evidence(sections, query, index.chunk_count) if sections else {}
    return Explanation(
        asked,
        query.text,
        query.language,
        outcome,
        contenders,
        {name: value and round(value, 3) for name, value in evidence.items()},
    )


def _excluded_last(sections: Sequence[Candidate], query: Query) -> list[Candidate]:
    """*sections* in their order, those of pages that may not be quoted at the end."""
    quotable_ids = {section.chunk.id for section in quotable(sections, query)}
    return sorted(
        sections, key=lambda each: not each.document.faq and each.chunk.id not in quotable_ids
    )


def _evidence(
    sections: Sequence[Candidate], query: Query, chunk_count: int
) -> dict[str, float | None]:
    evidence = gather_evidence(sections, query, chunk_count)
    arguments = evidence, sections[0], query
    is_held_back_now = threshold_raise(*arguments) > 0 and is_held_back(*arguments)
    return asdict(evidence) | {"other_page": float(is_held_back_now)}


def _contenders(sections: Sequence[Candidate]) -> tuple[Contender, ...]:
    relevances = section_relevances(sections)
    return tuple(
        Contender(
            section.document.title,
            below(section.document.title, clean_heading(section.chunk.heading)),
            section.document.url,
            section.document.faq,
            round(relevances[section.chunk.id], 2),
            section.match.cosine and round(section.match.cosine, 3),
            round(section.coverage, 2),
            section.chunk.text[:EXCERPT],
        )
        for section in sections
    )
