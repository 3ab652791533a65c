"""The audit log: written after each request that changes something, shown to owners."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from chatbot_server.errors import NotFound
from chatbot_server.messages import catalogue, say
from chatbot_server.storage.owners.accounts import ROLES
from chatbot_server.storage.owners.audit import AuditEntry, entries_before, note_action
from chatbot_server.storage.site.sites import find_site
from chatbot_server.web.admin.access import PATH, SAFE_METHODS
from chatbot_server.web.admin.pages import AdminParts, admin_language, render
from chatbot_server.web.admin.settings.history import name_of_setting, stored_value_in_words

PAGE = 50
# They change nothing, and take visitors' words away; or only look like a change.
AUDITED_READS = ("admin.export_conversations", "admin.download_backup")
# The sentence of each action of a view with several.
SEVERAL_ACTIONS = {
    "change_person": {
        "role": "people_role",
        "reset": "people_reset",
        "factor": "people_factor_off",
        "remove": "admin_delete",
        "withdraw": "people_withdraw",
    },
    "change_source": {
        "again": "source_again",
        "pause": "source_pause",
        "resume": "source_resume",
        "remove": "admin_delete",
    },
    "change_text": {"back": "log_text_back", "accept": "version_accept"},
    "change_webhook": {
        "resend": "webhook_resend",
        "resume": "webhook_resume",
        "remove": "admin_delete",
    },
    "ignore_group": {"yes": "unanswered_ignore", "no": "unanswered_show_again"},
}
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


def about_in_words(entry: AuditEntry, language: str) -> str:
    """What the action was about; roles, and which action of several it was, in words."""
    words = entry.about.split(" ")
    if words[-1] in ROLES and (
        entry.action == "invite" or (entry.action == "change_person" and words[0] == "role")
    ):
        words[-1] = say(f"role_{words[-1]}", language)
    sentences = SEVERAL_ACTIONS.get(entry.action, {})
    if words[0] in sentences:
        words[0] = say(sentences[words[0]], language) + (" ·" if words[1:] else "")
    return " ".join(words)


def action_in_words(action: str, language: str) -> str:
    """The logged action in words; commands of the terminal are shown as typed."""
    code = f"audit_{action}"
    return say(code, language) if code in catalogue() else action
