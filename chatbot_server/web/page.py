"""``/chat/KEY``: the chat as a plain page. A form, a whole answer, no script at all.

The conversation and its secret travel in the form's hidden fields, never in an address or a
cookie; the page is not stored by anyone.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from chatbot_server.config.sections import LimitsSection
from chatbot_server.conversation.events import Failed
from chatbot_server.conversation.service import ConversationService, Question
from chatbot_server.errors import ChatbotError
from chatbot_server.messages import say
from chatbot_server.storage.conversations import ChatMessage
from chatbot_server.storage.database import Database
from chatbot_server.storage.sites import Site, find_site
from chatbot_server.web.disconnect import has_left
from chatbot_server.web.limits import RateLimits
from chatbot_server.web.origins import check_origin
from chatbot_server.web.problems import told
from chatbot_server.web.requests import language_of, read_message, refuse_nul

# No script may run here, not even the server's own; the one style in it is the owner's colour.
POLICY = (
    "default-src 'none'; style-src 'self' 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
ORIGINS = {"faq": "page_from_faq", "pages": "page_from_pages", "model": "page_from_model"}


@dataclass
class View:
    """What one rendering of the page shows."""

    conversation: str = ""
    secret: str = ""
    messages: list[ChatMessage] = field(default_factory=list)
    problem: str = ""
    said: str = ""
    draft: str = ""


def page_blueprint(
    service: ConversationService, database: Database, rates: RateLimits, limits: LimitsSection
) -> Blueprint:
    """Routes of the plain page."""
    bp = Blueprint("page", __name__, template_folder="templates")

    def load(key: str) -> Site:
        with database.session() as session:
            site = find_site(session, key)
            check_origin(request, site)
        return site

    @bp.get("/chat/<key>")
    def show(key: str) -> Response:
        rates.check_small()
        return _render(load(key), View(), language_of(request), limits)

    @bp.post("/chat/<key>")
    def act(key: str) -> Response:
        site, language = load(key), language_of(request)
        form = request.form
        refuse_nul(*form.values())
        view = View(form.get("conversation", ""), form.get("secret", ""))
        try:
            if form.get("action") == "erase":
                view = _erase(service, view, language)
            else:
                rates.check_question(key)
                text = read_message(form.get("message", ""), limits.message_chars)
                _ask(service, view, Question(key, text, language, visitor=rates.visitor()))
        except ChatbotError as error:
            view.problem = told(error, language)
            view.draft = form.get("message", "")[: limits.message_chars]
        _read(service, view)
        return _render(site, view, language, limits)

    return bp


def _ask(service: ConversationService, view: View, question: Question) -> None:
    """One question, answered whole; *view* then knows its conversation."""
    keep, conversation = request.form.get("keep") != "no", view.conversation or None
    answer = service.ask(
        replace(question, conversation=conversation, secret=view.secret, keep=keep)
    )
    for entry in answer.follow(left=has_left(request)):
        event = entry[1] if entry else None
        if isinstance(event, Failed):
            raise event.error
        if secret := getattr(event, "secret", None):
            view.secret = secret
        view.conversation = getattr(event, "conversation", view.conversation)


def _erase(service: ConversationService, view: View, language: str) -> View:
    erased = service.erase(view.conversation, view.secret)
    return View(said=say("page_erased", language, messages=erased))


def _read(service: ConversationService, view: View) -> None:
    if not view.conversation:
        return
    try:
        view.messages = list(service.read(view.conversation, view.secret).messages)
    except ChatbotError:
        view.conversation = view.secret = ""  # erased or expired: the next question begins anew


def _render(site: Site, view: View, language: str, limits: LimitsSection) -> Response:
    def words(name: str, **values: Any) -> str:
        return say(name, language, **values)

    nonce = secrets.token_urlsafe(12)
    html = render_template(
        "chat.html",
        site=site,
        view=view,
        language=language,
        say=words,
        limits=limits,
        origins=ORIGINS,
        nonce=nonce,
        ink=ink(site.color),
    )
    response = make_response(html)
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    # With "no-referrer" a browser sends the form with "Origin: null", which no site allows.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept-Language")
    return response


def ink(color: str) -> str:
    """Black or white, whichever has 4.5:1 on *color* (``#rrggbb``): WCAG's relative luminance."""
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return "#000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#fff"
