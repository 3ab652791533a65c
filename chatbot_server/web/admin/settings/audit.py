"""The audit log: written after each request that changes something, shown to owners."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from chatbot_server.accounts.audit_words import about_in_words, action_in_words
from chatbot_server.errors import NotFound
from chatbot_server.storage.owners.audit import AuditEntry, entries_before, note_action
from chatbot_server.storage.site.sites import find_site
from chatbot_server.web.admin.access import PATH, SAFE_METHODS
from chatbot_server.web.admin.pages import AdminParts, admin_language, render
from chatbot_server.web.admin.settings.history import name_of_setting, stored_value_in_words

PAGE = 50
# They change nothing, but what visitors wrote leaves the server with them.
AUDITED_READS = ("admin.export_conversations", "admin.download_backup")
# Forms that change nothing.
NO_CHANGES = ("admin.enrol_factor", "admin.check_server", "admin.ask_again")


def add_audit(bp: Blueprint, parts: AdminParts) -> None:
    """What writes the log."""

    @bp.before_request
    def note_site() -> None:
        """Remember the name of the site, which the request may delete."""
        g.audited_site = ""
        key = (request.view_args or {}).get("key")
        if key and is_audited():
            try:
                with parts.database.session() as session:
                    g.audited_site = find_site(session, key).name
            except NotFound:
                return

    @bp.after_request
    def note_request(response: Response) -> Response:
        account = g.get("account")
        if account is None or response.status_code >= 400 or not is_audited():
            return response
        places = (request.view_args or {}).values()
        about, changes = g.get("audit", ("", {}))
        numbers = ", ".join(str(place) for place in places if isinstance(place, int))
        entry = AuditEntry(
            who=account.name,
            action=(request.endpoint or "").removeprefix("admin."),
            site=g.get("audited_site", ""),
            about=about or numbers,
            changes=changes,
        )
        with parts.database.session() as session:
            note_action(session, entry)
        return response


def add_log(bp: Blueprint, parts: AdminParts) -> None:
    """The page of the log."""

    @bp.get(f"{PATH}/log")
    def log() -> Response:
        language = admin_language()
        before = request.args.get("before", 0, int)
        with parts.database.session() as session:
            entries = entries_before(session, before, PAGE + 1)
        rows = [
            {
                "entry": entry,
                "action": action_in_words(entry.action, language),
                "about": about_in_words(entry, language),
                "changes": [
                    (
                        name_of_setting(name, language),
                        *(stored_value_in_words(name, value, language) for value in values),
                    )
                    for name, values in entry.changes.items()
                ],
            }
            for entry in entries[:PAGE]
        ]
        last = entries[PAGE - 1].id if len(entries) > PAGE else 0
        return render("settings/log", rows=rows, last=last)


def is_audited() -> bool:
    """Whether this request is logged."""
    endpoint = request.endpoint or ""
    is_preview = request.form.get("action") == "preview"
    is_change = request.method not in SAFE_METHODS and endpoint not in NO_CHANGES
    return (is_change and not is_preview) or endpoint in AUDITED_READS
