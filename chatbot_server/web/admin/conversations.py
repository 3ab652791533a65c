"""Whole conversations: list, thread, deletion, export."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from typing import Any, get_args

from flask import Blueprint, Response, request

from chatbot_server.errors import UsageError
from chatbot_server.storage.conversations import ChatMessage, Conversation, erase_conversation
from chatbot_server.storage.inbox import (
    ConversationFilter,
    Trait,
    export_messages,
    feedback_on,
    find_conversation,
    list_conversations,
)
from chatbot_server.storage.sites import find_site
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.pages import DAY, AdminParts, go, load_site, render

PAGE = 50
TRAITS = tuple(trait for trait in get_args(Trait) if trait)
ORIGINS = ("faq", "pages", "model", "none")
COLUMNS = ("conversation", "began", "page", "language", "role", "at", "text", "origin", "sources")
# A spreadsheet takes a cell that begins so for a formula, and runs it.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def add_conversations(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of what visitors asked."""

    @bp.get(f"{PATH}/<key>/conversations")
    def conversations(key: str) -> Response:
        with parts.database.session() as session:
            site, sites = load_site(session, key)
            filters = _filter(site.id)
            before = request.args.get("before", "")[:22]
            rows = list_conversations(session, filters, before, PAGE + 1)
        last = rows[PAGE - 1].id if len(rows) > PAGE else ""
        values = {
            name: request.args.get(name, "")
            for name in ("trait", "origin", "since", "until", "page")
        }
        return render(
            "conversations",
            site=site,
            sites=sites,
            rows=rows[:PAGE],
            last=last,
            wanted=values,
            traits=[trait for trait in get_args(Trait) if trait],
            origins=ORIGINS,
        )

    @bp.get(f"{PATH}/<key>/conversations/<identifier>")
    def conversation(key: str, identifier: str) -> Response:
        with parts.database.session() as session:
            site, sites = load_site(session, key)
            thread = find_conversation(session, site.id, identifier)
            messages, feedback = list(thread.messages), feedback_on(session, thread.id)
        now_answers = _ask_again(parts, thread, messages) if "again" in request.args else {}
        return render(
            "conversation",
            site=site,
            sites=sites,
            thread=thread,
            thread_messages=messages,
            feedback=feedback,
            now_answers=now_answers,
        )


def add_owner_rights(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of what owners alone may do with conversations: delete one, take all away."""

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
            filters = _filter(find_site(session, key).id)
        rows = _export(parts, filters)
        text = (
            _csv_lines(rows)
            if kind == "csv"
            else (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        )
        response = Response(text, mimetype="text/csv" if kind == "csv" else "application/jsonl")
        name = f"conversations-{time.strftime('%Y-%m-%d')}.{kind}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["Cache-Control"] = "no-store"
        return response


def _filter(site_id: int) -> ConversationFilter:
    """What the fields above the list say."""
    trait = request.args.get("trait", "")
    until = _moment("until")
    return ConversationFilter(
        site_id,
        trait=trait if trait in get_args(Trait) else "",  # type: ignore[arg-type]
        origin=request.args.get("origin", "") if request.args.get("origin") in ORIGINS else "",
        since=_moment("since"),
        until=until + DAY if until else 0,  # that day included
        page=request.args.get("page", "")[:200],
    )


def _moment(name: str) -> int:
    """The beginning of the day in the field *name*; 0: none was given.

    Raises:
        UsageError: it is no day.
    """
    text = request.args.get(name, "")
    try:
        return int(time.mktime(time.strptime(text, "%Y-%m-%d"))) if text else 0
    except (ValueError, OverflowError):
        raise UsageError("date_wrong", field=name, found=text[:20]) from None


def _ask_again(
    parts: AdminParts, thread: Conversation, messages: list[ChatMessage]
) -> dict[str, Any]:
    """What the pages answer today to each question of *thread*, by message."""
    questions: list[str] = []
    answers = {}
    for message in messages[:40]:
        if message.role == "user":
            answers[message.id] = parts.knowledge.ground(thread.site_id, message.text, questions)
            questions.append(message.text)
    return answers


def _export(parts: AdminParts, wanted: ConversationFilter) -> Iterator[dict[str, Any]]:
    with parts.database.session() as session:
        for thread, message in export_messages(session, wanted):
            yield {
                "conversation": thread.id,
                "began": _iso(thread.created),
                "page": thread.page or "",
                "language": thread.locale,
                "role": message.role,
                "at": _iso(message.created),
                "text": message.text,
                "origin": message.origin or "",
                "sources": [source.get("url", "") for source in message.sources],
            }


def _csv_lines(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    """*rows* as RFC 4180, with a mark by which spreadsheets know UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(COLUMNS)
    for row in rows:
        row["sources"] = " ".join(row["sources"])
        writer.writerow([_inert(str(row[name])) for name in COLUMNS])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _inert(cell: str) -> str:
    return "'" + cell if cell.startswith(FORMULA) else cell


def _iso(unix_seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(unix_seconds))
