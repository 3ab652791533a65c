"""Taking a visitor's conversation over, and handing it back to the chatbot."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from chatbot_server.errors import ChatbotError, UsageError
from chatbot_server.storage.owners.accounts import Account
from chatbot_server.storage.site.settings import name_of
from chatbot_server.storage.site.sites import find_site
from chatbot_server.storage.visitors.inbox import find_conversation
from chatbot_server.storage.visitors.takeover import (
    LONGEST_NAME,
    LONGEST_TEXT,
    hand_back,
    write_as_person,
)
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.pages import AdminParts, go, problem_of, typed
from chatbot_server.web.admin.visitors.conversations import show_conversation


def add_takeover(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of a person who answers in place of the chatbot."""

    @bp.post(f"{PATH}/<key>/conversations/<identifier>/write")
    def write_to_visitor(key: str, identifier: str) -> Response:
        try:
            _write(parts, key, identifier)
        except ChatbotError as error:
            if error.status == 404:
                raise
            fields = {name: request.form.get(name, "")[:LONGEST_TEXT] for name in ("name", "text")}
            values = {"problem": problem_of(error), "fields": fields}
            return show_conversation(parts, key, identifier, status=error.status, **values)
        return _back(key, identifier, "written")

    @bp.post(f"{PATH}/<key>/conversations/<identifier>/hand-back", endpoint="hand_back")
    def give_back(key: str, identifier: str) -> Response:
        with parts.database.session() as session:
            site_id = find_site(session, key).id
            hand_back(session, find_conversation(session, site_id, identifier))
        return _back(key, identifier, "handed_back")


def _write(parts: AdminParts, key: str, identifier: str) -> None:
    """Add the typed message to the conversation, under the typed name.

    Raises:
        UsageError: one of them is empty or too long.
        NotFound: the conversation is gone.
    """
    name = name_of(typed("name", LONGEST_NAME), LONGEST_NAME)
    text = typed("text", LONGEST_TEXT, lines=True)
    with parts.database.session() as session:
        site = find_site(session, key)
        conversation = find_conversation(session, site.id, identifier)
        if not text:
            raise UsageError("person_text", field="text", limit=LONGEST_TEXT)
        write_as_person(session, conversation, site, name, text)
        conversation.extend(site.days_kept(parts.config.privacy.retention_days))
        session.get_one(Account, g.account.id).public_name = name


def _back(key: str, identifier: str, done: str) -> Response:
    return go("conversation", key=key, identifier=identifier, done=done, _anchor="write")
