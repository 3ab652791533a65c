"""Name, words and colours of a site's chatbot, beside the chatbot itself; messages to a person."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from chatbot_server.errors import ChatbotError, NotFound
from chatbot_server.messages import LANGUAGES
from chatbot_server.storage.feedback import ContactRequest, contact_requests
from chatbot_server.storage.site_settings import (
    POSITIONS,
    change_site,
    name_of,
    origin_of,
)
from chatbot_server.storage.sites import Site, find_site
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
from chatbot_server.web.snippet import snippet_for

ONE_LINE = (
    "color",
    "language",
    "position",
    "contact_email",
    "contact_url",
    "policy_url",
    "free_chat",
)


def add_appearance(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of what a site's owner decides, and of what visitors wrote to them."""

    def show(key: str, *, status: int = 200, **values: Any) -> Response:
        with parts.database.session() as session:
            site, sites = load_site(session, key)
            tag = snippet_for(parts.address, find_site(session, key))
        return render(
            "appearance",
            status=status,
            site=site,
            sites=sites,
            tag=tag,
            positions=POSITIONS,
            languages=LANGUAGES,
            **values,
        )

    @bp.get(f"{PATH}/<key>/appearance")
    def appearance(key: str) -> Response:
        return show(key)

    @bp.post(f"{PATH}/<key>/appearance")
    def save_appearance(key: str) -> Response:
        try:
            with parts.database.session() as session:
                _change(find_site(session, key))
        except ChatbotError as error:
            return show(key, problem=problem_of(error), status=error.status)
        return go("appearance", key=key, done="saved")

    @bp.get(f"{PATH}/<key>/messages")
    def messages(key: str) -> Response:
        with parts.database.session() as session:
            site, sites = load_site(session, key)
            letters = list(contact_requests(session, find_site(session, key).id))
        return render("messages", site=site, sites=sites, letters=letters)

    @bp.post(f"{PATH}/<key>/messages/<int:number>/delete")
    def delete_message(key: str, number: int) -> Response:
        with parts.database.session() as session:
            letter = session.get(ContactRequest, number)
            if letter is None or letter.site_id != find_site(session, key).id:
                raise NotFound("contact_unknown", field="NUMBER", number=number)
            session.delete(letter)
        parts.database.forget_erased()
        return go("messages", key=key, done="deleted")


def _change(site: Site) -> None:
    """Everything on the form, as it was typed; an empty field is a setting that is taken back.

    Raises:
        UsageError: names the value that is wrong, and says why.
    """
    site.name = name_of(typed("name", 80))
    site.origins = list(dict.fromkeys(map(origin_of, typed_lines("origins"))))
    for name in ("greeting", "notice"):
        site.words = {**site.words, name: {}}
        change_site(site, {name: _wordings(name)})
    site.suggestions = {}
    settings: dict[str, Any] = {name: typed(name) for name in ONE_LINE if name in request.form}
    settings["suggestion"] = tuple(
        f"{language}={line}"
        for language in LANGUAGES
        for line in typed_lines(f"suggestions_{language}")
    )
    for name in ("time_zone", "country"):  # an empty field is the setting that finds it out
        settings[name] = typed(name) or "auto"
    settings["instructions"] = typed("instructions", 4000, lines=True)
    change_site(site, settings)


def _wordings(name: str) -> tuple[str, ...]:
    texts = {language: typed(f"{name}_{language}", lines=True) for language in LANGUAGES}
    return tuple(f"{language}={text}" for language, text in texts.items() if text)
