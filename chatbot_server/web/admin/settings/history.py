"""The history of a site's settings, and undoing a change."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g

from chatbot_server.errors import Conflict
from chatbot_server.messages import LANGUAGES, say
from chatbot_server.storage.site.history import changes_of, undo_change, value_in_words
from chatbot_server.storage.site.sites import find_site
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.audit_notes import tell_audit
from chatbot_server.web.admin.pages import (
    AdminParts,
    admin_language,
    go,
    load_site,
    problem_of,
    render,
)

# The sentence that names each column of a site; those of the form, where it has them.
NAMES = {
    "name": "appearance_name",
    "color": "appearance_color",
    "position": "appearance_position",
    "words": "history_words",
    "suggestions": "appearance_suggestions",
    "offers_topics": "appearance_topics",
    "contact_email": "appearance_email",
    "contact_url": "appearance_contact_url",
    "contact_mail": "history_contact_mail",
    "silence_hours": "person_silence",
    "person_hours": "person_hours",
    "person_within": "person_within",
    "policy_url": "appearance_policy",
    "origins": "appearance_origins",
    "time_zone": "appearance_time_zone",
    "country": "appearance_country",
    "free_chat": "appearance_free_chat",
    "instructions": "appearance_instructions",
}

# Those of the texts in the column “words”.
NAMES_OF_TEXTS = {"greeting": "appearance_greeting", "notice": "appearance_notice"}
# Columns whose values name texts and languages.
WITH_CODES = ("words", "suggestions")


def add_history(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of the history of settings."""

    def show(key: str, *, status: int = 200, **values: Any) -> Response:
        language = admin_language()
        with parts.database.session() as session:
            site, sites = load_site(session, key)
            changes = [
                {
                    "number": change.id,
                    "created": change.created,
                    "who": change.who,
                    "settings": [
                        (
                            name_of_setting(column, language),
                            *(
                                stored_value_in_words(column, value_in_words(value), language)
                                for value in (change.before[column], change.after[column])
                            ),
                        )
                        for column in change.before
                    ],
                }
                for change in changes_of(session, site.id)
            ]
        return render(
            "settings/history", status=status, site=site, sites=sites, changes=changes, **values
        )

    @bp.get(f"{PATH}/<key>/history")
    def history(key: str) -> Response:
        return show(key)

    @bp.post(f"{PATH}/<key>/history/<int:number>")
    def undo_setting(key: str, number: int) -> Response:
        try:
            with parts.database.session() as session:
                site = find_site(session, key)
                tell_audit(change=undo_change(session, site, number, g.account.name))
        except Conflict as error:
            return show(key, status=error.status, problem=problem_of(error))
        parts.call_job("embed")
        return go("history", key=key, done="undone")


def stored_value_in_words(column: str, text: str, language: str) -> str:
    """A setting's value as :func:`value_in_words` writes it, with names of texts and languages."""
    if column not in WITH_CODES:
        return text
    names = {name: say(code, language) for name, code in NAMES_OF_TEXTS.items()}
    names |= {code: say(f"language_{code}", language) for code in LANGUAGES}

    def line_in_words(line: str) -> str:
        code, colon, rest = line.partition(": ")
        if not colon or code not in names:
            return line
        return say("named", language, name=names[code], text=line_in_words(rest))

    return "\n".join(map(line_in_words, text.split("\n")))


def name_of_setting(column: str, language: str) -> str:
    """The label of the setting in *column*."""
    return say(NAMES[column], language) if column in NAMES else column
