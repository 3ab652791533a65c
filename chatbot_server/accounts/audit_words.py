"""Entries of the audit log in words, for the owner's pages and the terminal."""

from __future__ import annotations

from chatbot_server.messages import catalogue, say
from chatbot_server.storage.owners.accounts import ROLES
from chatbot_server.storage.owners.audit import AuditEntry

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
