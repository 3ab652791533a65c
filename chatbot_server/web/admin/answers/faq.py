"""The owner's own answers: written, changed, imported, exported."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from chatbot_server.errors import ChatbotError, NotFound, UsageError
from chatbot_server.messages import say
from chatbot_server.retrieval.curate.imports.faq_file import (
    COLUMNS,
    BadLine,
    EntryFile,
    import_entries,
    read_entries,
)
from chatbot_server.retrieval.curate.library import (
    LONGEST_ANSWER,
    add_faq,
    entry_of,
    remove_document,
)
from chatbot_server.retrieval.curate.listing import describe_entries
from chatbot_server.retrieval.curate.quality.golden_runs import Preview, preview_entry
from chatbot_server.storage.knowledge.documents import faq_entry, faq_page
from chatbot_server.storage.knowledge.tables import KnowledgeDocument
from chatbot_server.storage.site.sites import find_site
from chatbot_server.storage.visitors.feedback import question_of
from chatbot_server.storage.visitors.inbox import find_answer_of
from chatbot_server.storage.visitors.learning import LONGEST_QUESTION
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.pages import (
    AdminParts,
    admin_language,
    go,
    load_site,
    problem_of,
    render,
    typed,
    typed_lines,
)
from chatbot_server.web.spreadsheet import csv_lines, download

PAGE = 50
MOST_BAD_LINES = 200  # of a file that are shown
FIELDS = ("question", "wordings", "answer", "former", "better", "version")
WORDINGS_SHOWN = 3  # of an entry in the list; the others are folded away
FOLDED = 700  # characters: of a longer answer the list shows the beginning
LONGEST_QUOTE = 300  # of an answer that would be overwritten


def add_faq_pages(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of single entries."""

    @bp.get(f"{PATH}/<key>/faq")
    def faq_entries(key: str) -> Response:
        return _show(parts, key)

    @bp.post(f"{PATH}/<key>/faq")
    def save_entry(key: str) -> Response:
        try:
            if request.form.get("action") == "preview":
                return _show(parts, key, draft=_draft(), preview=_preview(parts, key))
            _save(parts, key)
        except ChatbotError as error:
            problem, status, draft = problem_of(error), error.status, _draft()
            if error.code in ("entry_changed", "entry_exists", "entry_unknown"):
                draft |= _seen_now(parts, key, draft)
            return _show(parts, key, problem=problem, status=status, draft=draft)
        parts.call_job("embed")
        if better := request.form.get("better", ""):  # back to the conversation, and its answer now
            with parts.database.session() as session, suppress(NotFound):
                message = find_answer_of(session, find_site(session, key).id, better)
                conversation = message.conversation_id
                return go(
                    "conversation", key=key, identifier=conversation, again="yes", done="saved"
                )
        return go("faq_entries", key=key, done="saved")

    @bp.post(f"{PATH}/<key>/faq/<int:number>/delete")
    def delete_entry(key: str, number: int) -> Response:
        with parts.database.session() as session:
            site_id = find_site(session, key).id
            source_id = _entry(session, site_id, number).source_id
        remove_document(parts.database, site_id, source_id, number)
        parts.call_job("embed")
        return go("faq_entries", key=key, done="deleted")


def add_faq_files(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of many entries at once."""

    @bp.post(f"{PATH}/<key>/faq/import", endpoint="import_entries")
    def import_file(key: str) -> Response:
        with parts.database.session() as session:
            site_id = find_site(session, key).id
        try:
            upload = request.files.get("file")
            content = read_entries(upload.read() if upload is not None else b"")
        except ChatbotError as error:
            return _show(parts, key, problem=problem_of(error), status=error.status)
        change_count = import_entries(parts.database, site_id, content.entries)
        parts.call_job("embed")
        return _show(parts, key, report=_report(content, change_count))

    @bp.get(f"{PATH}/<key>/faq.<kind>")
    def export_entries(key: str, kind: str) -> Response:
        with parts.database.session() as session:
            entries = describe_entries(session, find_site(session, key).id)
        if kind == "csv":
            rows = [(row["title"], row["text"], "\n".join(row["wordings"])) for row in entries]
            return download(csv_lines(COLUMNS, rows, admin_language()), "faq.csv")
        if kind != "jsonl":
            raise UsageError("export_kind", field="kind", found=kind[:20])
        records = (
            {"question": row["title"], "answer": row["text"], "wordings": row["wordings"]}
            for row in entries
        )
        lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        return download(lines, "faq.jsonl")


def _report(content: EntryFile, change_count: int) -> dict[str, Any]:
    """The result of an import, for the page."""
    language = admin_language()

    def sentence(bad: BadLine) -> str:
        return say(bad.code, language, **bad.values)

    return {
        "kept": len(content.entries),
        "changed": change_count,
        "bad_count": len(content.bad),
        "bad": [(bad.line, sentence(bad)) for bad in content.bad[:MOST_BAD_LINES]],
    }


def _show(parts: AdminParts, key: str, *, status: int = 200, **values: Any) -> Response:
    contains = " ".join(request.args.get("q", "").split())[:LONGEST_QUESTION]
    after = request.args.get("after", 0, int)
    with parts.database.session() as session:
        site, sites = load_site(session, key)
        entries = faq_page(session, site.id, contains, after, PAGE + 1)
        number = request.args.get("edit", type=int)
        former = _entry(session, site.id, number) if number is not None else None
        draft = _first_draft(session, site.id, former)
    values = {"draft": draft, "report": None, "preview": None} | values
    return render(
        "answers/faq",
        status=status,
        site=site,
        sites=sites,
        entries=entries[:PAGE],
        last=entries[PAGE - 1].id if len(entries) > PAGE else 0,
        q=contains,
        wordings_shown=WORDINGS_SHOWN,
        folded=FOLDED,
        **values,
    )


def _first_draft(
    session: Session, site_id: int, former: KnowledgeDocument | None
) -> dict[str, str]:
    """The first values of the form: an entry to change, or the question of an answer to improve."""
    draft = dict.fromkeys(FIELDS, "")
    if former is not None:
        draft |= {"question": former.title, "wordings": "\n".join(former.wordings)}
        own = {"former": str(former.id), "version": _version(former)}
        return draft | {"answer": former.text} | own
    if better := request.args.get("better", ""):
        message = find_answer_of(session, site_id, better)
        question = (question_of(session, message) or "")[:LONGEST_QUESTION]
        return draft | {"question": question, "better": message.id}
    return draft | {"question": request.args.get("question", "")[:LONGEST_QUESTION]}


def _draft() -> dict[str, str]:
    """The typed values of the form."""
    return {name: request.form.get(name, "")[:LONGEST_ANSWER] for name in FIELDS}


def _typed_entry() -> tuple[str, str]:
    """The typed question and answer.

    Raises:
        UsageError: one of them is missing.
    """
    question = typed("question", LONGEST_QUESTION)
    answer = typed("answer", LONGEST_ANSWER, lines=True)
    if not question:
        raise UsageError("text_empty", field="question", name="question")
    if not answer:
        raise UsageError("lesson_answer", field="answer", limit=LONGEST_ANSWER)
    return question, answer


def _preview(parts: AdminParts, key: str) -> Preview:
    question, answer = _typed_entry()
    with parts.database.session() as session:
        site_id = find_site(session, key).id
    return preview_entry(parts.knowledge, site_id, question, answer, typed_lines("wordings"))


def _save(parts: AdminParts, key: str) -> None:
    """Store the typed entry; if its question was changed, it replaces the former entry.

    Raises:
        UsageError: no question, or no answer; or somebody else's answer would be lost.
    """
    question, answer = _typed_entry()
    number = request.form.get("former", type=int)
    with parts.database.session() as session:
        site_id = find_site(session, key).id
        former = _entry(session, site_id, number) if number is not None else None
        _refuse_overwriting(former, entry_of(session, site_id, question))
    add_faq(parts.database, site_id, question, answer, typed_lines("wordings"))
    if former is not None and former.title != question:
        remove_document(parts.database, site_id, former.source_id, former.id)


def _refuse_overwriting(former: KnowledgeDocument | None, same: KnowledgeDocument | None) -> None:
    """Refuse to replace an answer that the editor was not shown; *same* has the typed question.

    Raises:
        UsageError: it quotes that answer.
    """
    if "version" not in request.form:
        return
    known_versions = request.form["version"].split()
    if former is not None and _version(former) not in known_versions:
        raise UsageError("entry_changed", field="answer", answer=former.text[:LONGEST_QUOTE])
    if same is not None and _version(same) not in known_versions:
        raise UsageError("entry_exists", field="question", answer=same.text[:LONGEST_QUOTE])


def _seen_now(parts: AdminParts, key: str, draft: dict[str, str]) -> dict[str, str]:
    """The fields with which *draft*, sent again, may replace the entries that are shown now."""
    question = " ".join(draft["question"].split())
    number = int(draft["former"]) if draft["former"].isdecimal() else 0
    with parts.database.session() as session:
        site_id = find_site(session, key).id
        former = faq_entry(session, site_id, number)
        versions = [
            _version(entry) for entry in (former, entry_of(session, site_id, question)) if entry
        ]
    return {"former": draft["former"] if former else "", "version": " ".join(versions)}


def _version(entry: KnowledgeDocument) -> str:
    """A hash of what *entry* says, by which a form notices that it was changed meanwhile."""
    texts = (entry.title, entry.text, *entry.wordings)
    return hashlib.sha256(repr(texts).encode()).hexdigest()[:16]


def _entry(session: Session, site_id: int, number: int) -> KnowledgeDocument:
    """The site's entry with this number.

    Raises:
        NotFound: the site has none.
    """
    entry = faq_entry(session, site_id, number)
    if entry is None:
        raise NotFound("entry_unknown", number=number)
    return entry
