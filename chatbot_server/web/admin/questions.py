"""Questions without an answer, and the owner's own answers."""

from __future__ import annotations

from itertools import islice
from typing import Any

from flask import Blueprint, Response, request

from chatbot_server.errors import ChatbotError, NotFound, UsageError
from chatbot_server.retrieval.curate.library import add_faq, describe_entries, remove_document
from chatbot_server.retrieval.curate.teaching import LONGEST_ANSWER, Lesson, teach
from chatbot_server.retrieval.curate.unanswered import (
    QuestionGroup,
    find_group,
    still_open,
    unanswered_groups,
)
from chatbot_server.storage.sites import find_site
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.pages import (
    AdminParts,
    go,
    load_site,
    problem_of,
    render,
    typed,
    typed_lines,
)

MOST_GROUPS = 20
LONGEST_QUESTION = 300


def add_questions(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of the FAQ and of what it lacks."""

    @bp.get(f"{PATH}/<key>/unanswered")
    def unanswered(key: str) -> Response:
        return _show_unanswered(parts, key)

    @bp.post(f"{PATH}/<key>/unanswered/<group>")
    def answer_group(key: str, group: str) -> Response:
        try:
            lesson = _teach(parts, key, group)
        except ChatbotError as error:
            values = {
                "problem": problem_of(error),
                "group": group,
                "may_force": error.status == 409,
            }
            return _show_unanswered(parts, key, status=error.status, **values)
        if not lesson.kept:
            return _show_unanswered(parts, key, lesson=lesson, group=group, status=409)
        return go("unanswered", key=key, done="answered")

    @bp.get(f"{PATH}/<key>/faq")
    def faq_entries(key: str) -> Response:
        return _show_entries(parts, key)

    @bp.post(f"{PATH}/<key>/faq")
    def save_entry(key: str) -> Response:
        try:
            _save_entry(parts, key)
        except ChatbotError as error:
            draft = {
                name: request.form.get(name, "") for name in ("question", "wordings", "answer")
            }
            return _show_entries(
                parts, key, problem=problem_of(error), status=error.status, draft=draft
            )
        parts.call_chore("embed")
        return go("faq_entries", key=key, done="saved")

    @bp.post(f"{PATH}/<key>/faq/<int:number>/delete")
    def delete_entry(key: str, number: int) -> Response:
        with parts.database.session() as session:
            site_id = find_site(session, key).id
            entry = _entry(describe_entries(session, site_id), number)
        remove_document(parts.database, site_id, entry["source"], number)
        return go("faq_entries", key=key, done="deleted")


def _show_unanswered(parts: AdminParts, key: str, *, status: int = 200, **values: Any) -> Response:
    with parts.database.session() as session:
        site, sites = load_site(session, key)
        site_id = site.id
    groups = unanswered_groups(parts.database, site_id)
    open_groups: list[QuestionGroup] = list(
        islice(still_open(parts.knowledge, site_id, groups), MOST_GROUPS)
    )
    return render(
        "unanswered",
        status=status,
        site=site,
        sites=sites,
        groups=open_groups,
        answer=request.form.get("answer", ""),
        **{"lesson": None, "group": "", "may_force": False} | values,
    )


def _teach(parts: AdminParts, key: str, name: str) -> Lesson:
    with parts.database.session() as session:
        site_id = find_site(session, key).id
    return teach(
        parts.knowledge,
        site_id,
        find_group(unanswered_groups(parts.database, site_id), name),
        typed("answer", LONGEST_ANSWER, lines=True),
        question=typed("question", LONGEST_QUESTION) or None,
        force=request.form.get("force") == "yes",
    )


def _show_entries(parts: AdminParts, key: str, *, status: int = 200, **values: Any) -> Response:
    with parts.database.session() as session:
        site, sites = load_site(session, key)
        entries = describe_entries(session, site.id)
    number = request.args.get("edit", type=int)
    draft = {"question": "", "wordings": "", "answer": "", "former": ""}
    if number is not None:
        entry = _entry(entries, number)
        draft = {
            "question": entry["title"],
            "wordings": "\n".join(entry["wordings"]),
            "answer": entry["text"],
            "former": str(number),
        }
    return render(
        "faq", status=status, site=site, sites=sites, entries=entries, **{"draft": draft} | values
    )


def _save_entry(parts: AdminParts, key: str) -> None:
    """The entry that was typed; where its question changed, the former one goes.

    Raises:
        UsageError: no question, or no answer.
    """
    question, answer = (
        typed("question", LONGEST_QUESTION),
        typed("answer", LONGEST_ANSWER, lines=True),
    )
    if not question:
        raise UsageError("text_empty", field="question", name="question")
    if not answer:
        raise UsageError("lesson_answer", field="answer", limit=LONGEST_ANSWER)
    with parts.database.session() as session:
        site_id = find_site(session, key).id
        entries = describe_entries(session, site_id)
    former = request.form.get("former", type=int)
    add_faq(parts.database, site_id, question, answer, typed_lines("wordings"))
    if former is not None:
        entry = _entry(entries, former)
        if entry["title"] != question:
            remove_document(parts.database, site_id, entry["source"], former)


def _entry(entries: list[dict[str, Any]], number: int) -> dict[str, Any]:
    for entry in entries:
        if entry["document"] == number:
            return entry
    raise NotFound("entry_unknown", number=number)
