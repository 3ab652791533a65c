"""Questions without an answer: answered once, or ignored."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from chatbot_server.errors import ChatbotError, UsageError
from chatbot_server.retrieval.curate.learning.teaching import Lesson, teach
from chatbot_server.retrieval.curate.learning.unanswered import (
    find_group,
    still_open,
    unanswered_groups,
)
from chatbot_server.retrieval.curate.library import LONGEST_ANSWER
from chatbot_server.retrieval.curate.quality.golden_runs import Preview, preview_entry
from chatbot_server.storage.knowledge.index.chunks import chunk_count
from chatbot_server.storage.site.sites import find_site
from chatbot_server.storage.visitors.inbox import ConversationFilter, list_conversations
from chatbot_server.storage.visitors.learning import LONGEST_QUESTION, set_ignored
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.audit_notes import tell_audit
from chatbot_server.web.admin.pages import (
    AdminParts,
    go,
    load_site,
    problem_of,
    render,
    typed,
)

MOST_GROUPS = 20
# How long the page itself asks questions again before it is shown. On a site with as many sections
# as LARGE_SITE, where a question takes long, it asks none.
ASKING_SECONDS = 0.05
LARGE_SITE = 2000
MOST_IGNORED = 100  # ignored groups that are listed


def add_questions(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of unanswered questions."""

    @bp.get(f"{PATH}/<key>/unanswered")
    def unanswered(key: str) -> Response:
        return _show_unanswered(parts, key)

    @bp.post(f"{PATH}/<key>/unanswered/<group>")
    def answer_group(key: str, group: str) -> Response:
        try:
            if request.form.get("action") == "preview":
                return _show_unanswered(
                    parts, key, group=group, preview=_preview(parts, key, group)
                )
            lesson = _teach(parts, key, group)
        except ChatbotError as error:
            values = {
                "problem": problem_of(error),
                "group": group,
                "may_force": error.status == 409,
            }
            return _show_unanswered(parts, key, status=error.status, **values)
        if not lesson.is_kept:
            return _show_unanswered(parts, key, lesson=lesson, group=group, status=409)
        return go("unanswered", key=key, done="answered")

    @bp.post(f"{PATH}/<key>/unanswered/<group>/ignore")
    def ignore_group(key: str, group: str) -> Response:
        with parts.database.session() as session:
            site_id = find_site(session, key).id
        names = find_group(unanswered_groups(parts.database, site_id, parts.groupings), group).names
        is_ignored = request.form.get("ignored") != "no"
        tell_audit("yes" if is_ignored else "no")
        with parts.database.session() as session:
            set_ignored(session, site_id, names, ignored=is_ignored)
        return go("unanswered", key=key, done="ignored" if is_ignored else "saved")


def _show_unanswered(parts: AdminParts, key: str, *, status: int = 200, **values: Any) -> Response:
    with parts.database.session() as session:
        site, sites = load_site(session, key)
        site_id = site.id
        seconds = ASKING_SECONDS if chunk_count(session, site_id) < LARGE_SITE else 0
    groups = unanswered_groups(parts.database, site_id, parts.groupings)
    still = still_open(parts.knowledge, site_id, groups, most=MOST_GROUPS, seconds=seconds)
    if not still.is_settled:
        parts.call_job("embed")
    was_used = bool(groups)
    if not was_used:
        with parts.database.session() as session:
            was_used = bool(list_conversations(session, ConversationFilter(site_id), limit=1))
    return render(
        "answers/unanswered",
        status=status,
        site=site,
        sites=sites,
        groups=still.groups,
        is_settled=still.is_settled,
        answered_count=still.answered_count,
        was_used=was_used,
        ignored=[group for group in groups if group.ignored][:MOST_IGNORED],
        answer=request.form.get("answer", ""),
        goes_on=request.args.get("done") == "answered",  # to the next question
        **{"lesson": None, "group": "", "may_force": False, "preview": None} | values,
    )


def _preview(parts: AdminParts, key: str, name: str) -> Preview:
    """A preview of what the typed answer would change.

    Raises:
        UsageError: there is no answer.
    """
    with parts.database.session() as session:
        site_id = find_site(session, key).id
    group = find_group(unanswered_groups(parts.database, site_id, parts.groupings), name)
    answer = typed("answer", LONGEST_ANSWER, lines=True)
    if not answer:
        raise UsageError("lesson_answer", field="answer", limit=LONGEST_ANSWER)
    question = typed("question", LONGEST_QUESTION) or group.question
    return preview_entry(parts.knowledge, site_id, question, answer, group.quotable())


def _teach(parts: AdminParts, key: str, name: str) -> Lesson:
    with parts.database.session() as session:
        site_id = find_site(session, key).id
    return teach(
        parts.knowledge,
        site_id,
        find_group(unanswered_groups(parts.database, site_id, parts.groupings), name),
        typed("answer", LONGEST_ANSWER, lines=True),
        question=typed("question", LONGEST_QUESTION) or None,
        force=request.form.get("force") == "yes",
    )
