"""Notes on a conversation, for the people of the site."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from chatbot_server.errors import ChatbotError
from chatbot_server.storage.site.sites import find_site
from chatbot_server.storage.visitors.inbox import find_conversation
from chatbot_server.storage.visitors.internal_notes import (
    LONGEST_NOTE,
    add_internal_note,
    erase_internal_note,
)
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.pages import AdminParts, go, problem_of, typed
from chatbot_server.web.admin.visitors.conversations import show_conversation


def add_internal_notes(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of the notes on a conversation."""

    @bp.post(f"{PATH}/<key>/conversations/<identifier>/notes")
    def write_note(key: str, identifier: str) -> Response:
        try:
            text = typed("note", LONGEST_NOTE, lines=True)
            with parts.database.session() as session:
                conversation = find_conversation(session, find_site(session, key).id, identifier)
                number = add_internal_note(session, conversation, g.account.name, text).id
        except ChatbotError as error:
            if error.status == 404:
                raise
            values = {"problem": problem_of(error), "note": request.form.get("note", "")}
            return show_conversation(parts, key, identifier, status=error.status, **values)
        place = {"done": "noted", "_anchor": f"turn-note-{number}"}
        return go("conversation", key=key, identifier=identifier, **place)

    @bp.post(f"{PATH}/<key>/conversations/<identifier>/notes/<int:number>/delete")
    def delete_note(key: str, identifier: str, number: int) -> Response:
        with parts.database.session() as session:
            conversation = find_conversation(session, find_site(session, key).id, identifier)
            erase_internal_note(session, conversation, number)
        parts.database.forget_erased()
        return go("conversation", key=key, identifier=identifier, done="deleted")
