"""One text as the chatbot reads it: what changed in it, and how to put the version before back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, request
from sqlalchemy.orm import Session

from chatbot_server.errors import Conflict, NotFound, UsageError
from chatbot_server.retrieval.curate.versions import (
    accept_text,
    document_changes,
    put_version_back,
)
from chatbot_server.storage.knowledge.tables import KnowledgeDocument, KnowledgeSource
from chatbot_server.storage.knowledge.versions import AUTOMATIC, version_before
from chatbot_server.storage.site.sites import find_site
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.audit_notes import tell_audit
from chatbot_server.web.admin.pages import AdminParts, go, load_site, problem_of, render


def add_texts(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of one text."""

    def show(key: str, number: int, *, status: int = 200, **values: Any) -> Response:
        with parts.database.session() as session:
            site, sites = load_site(session, key)
            row = _find_text(session, site.id, number)
            source = session.get_one(KnowledgeSource, row.source_id)
            version = version_before(session, row)
            changes = document_changes(row, version) if version else None
            comes_again = source.kind in AUTOMATIC
        return render(
            "answers/document", status=status, site=site, sites=sites, document=row,
            version=version, changes=changes, comes_again=comes_again, **values,
        )  # fmt: skip

    @bp.get(f"{PATH}/<key>/knowledge/document/<int:number>")
    def document(key: str, number: int) -> Response:
        return show(key, number)

    @bp.post(f"{PATH}/<key>/knowledge/document/<int:number>")
    def change_text(key: str, number: int) -> Response:
        action = request.form.get("action", "")
        with parts.database.session() as session:
            site_id = find_site(session, key).id
            row = _find_text(session, site_id, number)
            title, ids = row.title or row.url, (site_id, row.source_id, number)
        tell_audit(f"{action} {title}".strip())
        if action == "accept":
            accept_text(parts.database, *ids)
            return go("document", key=key, number=number, done="saved")
        if action != "back":
            raise UsageError("field_missing", field="action", name="action")
        digest = request.form.get("digest", "")
        try:
            put_version_back(parts.database, *ids, digest=digest, who=g.account.name)
        except Conflict as error:
            return show(key, number, status=error.status, problem=problem_of(error))
        parts.call_job("embed")
        return go("document", key=key, number=number, done="exchanged")


def _find_text(session: Session, site_id: int, number: int) -> KnowledgeDocument:
    row = session.get(KnowledgeDocument, number)
    if row is None or row.site_id != site_id:
        raise NotFound("document_unknown", number=number)
    return row
