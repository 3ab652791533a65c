"""Whole conversations: their list, one with its messages, deletion, export."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from heapq import merge
from operator import attrgetter
from typing import Any, get_args

from flask import Blueprint, Response, g, request

from chatbot_server.conversation.model.todays_answers import (
    asked_questions,
    is_requested,
    request_answers,
    stored_answers,
    todays_answers,
)
from chatbot_server.conversation.service import QUIET_SECONDS
from chatbot_server.engine.base import may_write
from chatbot_server.errors import UsageError
from chatbot_server.messages import LANGUAGES
from chatbot_server.storage.base import now
from chatbot_server.storage.site.sites import Site, find_site
from chatbot_server.storage.visitors.conversations import (
    ChatMessage,
    Conversation,
    erase_conversation,
)
from chatbot_server.storage.visitors.inbox import (
    ConversationFilter,
    Trait,
    export_messages,
    feedback_on,
    find_conversation,
    languages_of,
    list_conversations,
)
from chatbot_server.storage.visitors.internal_notes import internal_notes
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.clock import Clock
from chatbot_server.web.admin.pages import AdminParts, admin_language, go, load_site, render
from chatbot_server.web.spreadsheet import csv_lines, download

PAGE = 50
LONGEST_SEARCH = 100
LONGEST_SOURCE = 2000  # an address, or the question of an entry
ORIGINS = ("faq", "pages", "model", "none")
FILTERS = (
    *("trait", "origin", "language", "since", "until", "page", "text", "previews", "source"),
)
COLUMNS = (
    *("conversation", "began", "page", "language", "role", "person"),
    *("at", "text", "origin", "sources"),
)


def add_conversations(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of the list and of a conversation."""

    @bp.get(f"{PATH}/<key>/conversations")
    def conversations(key: str) -> Response:
        with parts.database.session() as session:
            site, sites = load_site(session, key)
            filters = _filter(site)
            before = request.args.get("before", "")[:22]
            rows = list_conversations(session, filters, before, PAGE + 1)
            choices = {*languages_of(session, site.id), filters.language} - {""}
        last = rows[PAGE - 1].id if len(rows) > PAGE else ""
        values = {name: request.args.get(name, "") for name in FILTERS}
        return render(
            "visitors/conversations",
            site=site,
            sites=sites,
            rows=rows[:PAGE],
            last=last,
            wanted=values,
            unsourced={name: text for name, text in values.items() if text and name != "source"},
            traits=[trait for trait in get_args(Trait) if trait],
            origins=ORIGINS,
            language_choices=sorted(choices),
        )

    @bp.get(f"{PATH}/<key>/conversations/<identifier>")
    def conversation(key: str, identifier: str) -> Response:
        return show_conversation(parts, key, identifier)

    @bp.post(f"{PATH}/<key>/conversations/<identifier>/again")
    def ask_again(key: str, identifier: str) -> Response:
        with parts.database.session() as session:
            site_id = find_site(session, key).id
            find_conversation(session, site_id, identifier)
        if not may_write(parts.engine):
            return go("conversation", key=key, identifier=identifier, again="yes")
        request_answers(parts.config.run_dir, parts.database, site_id, identifier)
        parts.call_job("again")
        return go("conversation", key=key, identifier=identifier, again="model")


def show_conversation(
    parts: AdminParts, key: str, identifier: str, *, status: int = 200, **values: Any
) -> Response:
    """The page of a whole conversation.

    Raises:
        NotFound: the site has no such conversation.
    """
    with parts.database.session() as session:
        site, sites = load_site(session, key)
        conversation = find_conversation(session, site.id, identifier)
        messages, feedback = list(conversation.messages), feedback_on(session, conversation.id)
        notes = internal_notes(session, [conversation.id]).get(conversation.id, ())
    is_asked_again = "again" in request.args
    is_recent = bool(messages) and messages[-1].created > now() - QUIET_SECONDS
    return render(
        "visitors/conversation",
        status=status,
        site=site,
        sites=sites,
        conversation=conversation,
        thread_messages=list(merge(messages, notes, key=attrgetter("created"))),
        feedback=feedback,
        **_answers_now(parts, conversation, messages),
        is_live=(is_recent or conversation.answering_person) and not is_asked_again,
        **{"fields": {"name": g.account.public_name or "", "text": ""}, "note": ""} | values,
    )


def add_owner_rights(bp: Blueprint, parts: AdminParts) -> None:
    """Routes for owners only: deleting a conversation, exporting all."""

    @bp.post(f"{PATH}/<key>/conversations/<identifier>/delete")
    def delete_conversation(key: str, identifier: str) -> Response:
        with parts.database.session() as session:
            site_id = find_site(session, key).id
            erase_conversation(session, find_conversation(session, site_id, identifier))
        parts.database.forget_erased()
        return go("conversations", key=key, done="deleted")

    @bp.get(f"{PATH}/<key>/conversations.<kind>")
    def export_conversations(key: str, kind: str) -> Response:
        if kind not in ("csv", "jsonl"):
            raise UsageError("export_kind", field="kind", found=kind[:20])
        with parts.database.session() as session:
            filters = _filter(find_site(session, key))
        rows = _export(parts, filters)
        name = f"conversations-{time.strftime('%Y-%m-%d')}.{kind}"
        if kind == "csv":
            return download(csv_lines(COLUMNS, map(_cells, rows), admin_language()), name)
        return download((json.dumps(row, ensure_ascii=False) + "\n" for row in rows), name)


def _filter(site: Site) -> ConversationFilter:
    """The filter in the fields above the list.

    Raises:
        UsageError: a day is not a date.
    """
    trait, clock = request.args.get("trait", ""), Clock(admin_language(), site.time_zone)
    since, until, language = (request.args.get(name, "") for name in ("since", "until", "language"))
    return ConversationFilter(
        site.id,
        trait=trait if trait in get_args(Trait) else "",  # type: ignore[arg-type]
        origin=request.args.get("origin", "") if request.args.get("origin") in ORIGINS else "",
        since=clock.start_of(since, "since") if since else 0,
        until=clock.start_of(until, "until", days_later=1) if until else 0,  # that day included
        page=request.args.get("page", "")[:200],
        previews=request.args.get("previews") != "no",
        source=request.args.get("source", "")[:LONGEST_SOURCE],
        text=request.args.get("text", "")[:LONGEST_SEARCH],
        language=language if language in LANGUAGES else "",
    )


def _answers_now(
    parts: AdminParts, conversation: Conversation, messages: list[ChatMessage]
) -> dict[str, Any]:
    """Today's answers, by the question's id, and ids of the questions that are still asked.

    The model's are made by a job, and only read here: writing takes longer than a reader waits.
    """
    answerer = request.args.get("again")
    if answerer == "model":
        answers = stored_answers(messages)
        is_asking = is_requested(parts.config.run_dir, conversation.id)
        questions = asked_questions(messages) if is_asking else []
        waiting = [question.id for question in questions if question.id not in answers]
        return {"now_answers": answers, "waiting": waiting, "is_asking": is_asking}
    if not answerer:
        return {"now_answers": {}, "waiting": [], "is_asking": False}
    with parts.database.session() as session:
        site = session.get_one(Site, conversation.site_id)
    answers = {
        question.id: answer
        for question, answer in todays_answers(parts.knowledge, site, conversation, messages)
    }
    return {"now_answers": answers, "waiting": [], "is_asking": False}


def _export(parts: AdminParts, filters: ConversationFilter) -> Iterator[dict[str, Any]]:
    with parts.database.session() as session:
        for conversation, message in export_messages(session, filters):
            yield {
                "conversation": conversation.id,
                "began": _iso(conversation.created),
                "page": conversation.page or "",
                "language": conversation.locale,
                "role": message.role,
                "at": _iso(message.created),
                "person": message.person,
                "text": message.text,
                "origin": message.origin or "",
                "sources": [source.get("url", "") for source in message.sources],
            }


def _cells(row: dict[str, Any]) -> list[object]:
    return [*(row[name] for name in COLUMNS[:-1]), " ".join(row["sources"])]


def _iso(unix_seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(unix_seconds))
