"""``/chat/KEY``: the chat as a plain page. A form, a whole answer, no script at all.

The conversation and its secret travel in the form's hidden fields, never in an address or a
cookie; the page is not stored by anyone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from chatbot_server.config.sections import Limits
from chatbot_server.conversation.events import Failed
from chatbot_server.conversation.service import ConversationService, Question
from chatbot_server.errors import ChatbotError
from chatbot_server.messages import say
from chatbot_server.storage.conversations import ChatMessage
from chatbot_server.storage.database import Database
from chatbot_server.storage.sites import Site, find_site
from chatbot_server.web.limits import RateLimits
from chatbot_server.web.origins import check_origin
from chatbot_server.web.problems import told
from chatbot_server.web.requests import language_of, read_message, refuse_nul

# No script may run here, not even the server's own.
POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


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
    service: ConversationService, database: Database, rates: RateLimits, limits: Limits
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
                _ask(service, view, key, language, limits)
        except ChatbotError as error:
            view.problem = told(error, language)
            view.draft = form.get("message", "")[: limits.message_chars]
        _read(service, view)
        return _render(site, view, language, limits)

    return bp


def _ask(service: ConversationService, view: View, key: str, language: str, limits: Limits) -> None:
    """One question, answered whole; *view* then knows its conversation."""
    text = read_message(request.form.get("message", ""), limits.message_chars)
    answer = service.ask(
        Question(
            site=key,
            text=text,
            locale=language,
            conversation=view.conversation or None,
            secret=view.secret,
            keep=request.form.get("keep") != "no",
        )
    )
    for entry in answer.follow():
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


def _render(site: Site, view: View, language: str, limits: Limits) -> Response:
    def words(name: str, **values: Any) -> str:
        return say(name, language, **values)

    html = render_template(
        "chat.html", site=site, view=view, language=language, say=words, limits=limits
    )
    response = make_response(html)
    response.headers["Content-Security-Policy"] = POLICY
    # With "no-referrer" a browser sends the form with "Origin: null", which no site allows.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept-Language")
    return response
