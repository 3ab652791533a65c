"""Why a question is answered as it is: what was found, and the evidence for the best section."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from chatbot_server.conversation.questions import VisitorQuestion
from chatbot_server.conversation.small_talk.remarks import split_message
from chatbot_server.retrieval.answer.why import EXCERPT, Explanation, explain
from chatbot_server.retrieval.base import GroundingOutcome
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.conversations import ChatMessage, Conversation
from chatbot_server.storage.visitors.inbox import find_answer_of
from chatbot_server.storage.visitors.learning import LONGEST_QUESTION
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.pages import AdminParts, load_site, render

# By outcome, the name of the sentence that says what decided.
DECISIONS: dict[GroundingOutcome, str] = {
    "faq": "why_faq",
    "quoted": "why_quoted",
    "choices": "why_choices",
    "unsure": "why_unsure",
    "passages": "why_passages",
    "nothing": "why_nothing",
}
MOST_CONTENDERS = 5  # further ones explain nothing
# A section that is ahead of the next one by this much is called clearly the best.
CLEAR_MARGIN = 1.0


@dataclass(frozen=True)
class Point:
    """What speaks for a section, or against it: the name of a sentence, and its values."""

    is_for: bool
    name: str
    values: dict[str, int] = field(default_factory=dict)


def add_explanation(bp: Blueprint, parts: AdminParts) -> None:
    """Route of the page, about an answer that was given or a question that is typed."""

    @bp.get(f"{PATH}/<key>/why")
    def why(key: str) -> Response:
        message: ChatMessage | None = None
        question = " ".join(request.args.get("q", "").split())[:LONGEST_QUESTION]
        lookup = Asked(question)
        with parts.database.session() as session:
            site, sites = load_site(session, key)
            if identifier := request.args.get("message", ""):
                message = find_answer_of(session, site.id, identifier)
                question, lookup = _asked(session, site, message)
        values = _explained(parts, site.id, lookup) if question else {}
        return render(
            "answers/why",
            site=site,
            sites=sites,
            message=message,
            question=question,
            points=points,
            decisions=DECISIONS,
            most=MOST_CONTENDERS,
            excerpt=EXCERPT,
            **values,
        )


@dataclass(frozen=True)
class Asked:
    """A question as it was looked up.

    Attributes:
        text: without questions about the chatbot itself; the whole question where the visitor only
            replied “the second one”.
        history: the earlier questions that it was looked up after.
        locale: the language of the visitor's panel.
    """

    text: str
    history: Sequence[str] = ()
    locale: str = ""


def _asked(session: Session, site: Site, answer: ChatMessage) -> tuple[str, Asked]:
    """The question of *answer*, as it was typed and as it was looked up."""
    conversation = session.get_one(Conversation, answer.conversation_id)
    before = [each for each in conversation.messages if each.position < answer.position]
    places = [place for place, message in enumerate(before) if message.role == "user"]
    if not places:
        return "", Asked("")
    typed_text = before[places[-1]].text
    question = VisitorQuestion(site, typed_text, conversation.locale or "")
    dialogue = question.dialogue(before[: places[-1]])
    text = dialogue.completed or split_message(typed_text).rest
    return typed_text, Asked(text, dialogue.earlier_questions, question.locale)


def _explained(parts: AdminParts, site_id: int, asked: Asked) -> dict[str, Any]:
    """Today's answer from the pages, and, for each question in it, the sentence that says why.

    For a single question, the sentence is about the whole message, which is not looked up
    once more for it.
    """
    today = parts.knowledge.ground(site_id, asked.text, asked.history, asked.locale)
    explanations = explain(
        parts.knowledge, site_id, asked.text, asked.history, asked.locale, today.outcome
    )
    is_single = len(explanations) == 1
    reasons = [today.outcome if is_single else each.status for each in explanations]
    return {
        "today": today,
        "earlier": asked.history,
        "explanations": list(zip(reasons, explanations, strict=True)),
    }


def points(explanation: Explanation) -> list[Point]:
    """What speaks for and against the first section, as sentences; empty without a section."""
    evidence = {name: value or 0.0 for name, value in explanation.evidence.items()}
    return list(_points(evidence, len(explanation.contenders))) if evidence else []


def _points(evidence: Mapping[str, float], contender_count: int) -> Iterator[Point]:
    if evidence["other_language"]:
        yield Point(False, "why_other_language")
    else:
        yield from _points_of_words(evidence)
    if evidence["number_missing"]:
        yield Point(False, "why_number_missing")
    if evidence["fact_missing"]:
        yield Point(False, "why_fact_missing")
    if evidence["other_page"]:
        yield Point(False, "why_other_page")
    if contender_count > 1:
        is_clear = evidence["margin"] >= CLEAR_MARGIN
        yield Point(is_clear, "why_ahead" if is_clear else "why_level")


def _points_of_words(evidence: Mapping[str, float]) -> Iterator[Point]:
    missing, unknown, names = (
        round(100 * share)
        for share in (evidence["missing"], evidence["unknown"], 1 - evidence["names"])
    )
    if missing:
        yield Point(False, "why_missing", {"percent": missing})
    else:
        yield Point(True, "why_all_words")
    if unknown:
        yield Point(False, "why_unknown", {"percent": unknown})
    if names:
        yield Point(False, "why_names", {"percent": names})
