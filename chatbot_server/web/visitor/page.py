"""``/chat/KEY``: the chat as a plain page with a form and whole answers, without any script.

The conversation and its secret are sent in hidden fields of the form, never in an address or a
cookie; the page must not be cached.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from flask import Blueprint, Response, make_response, render_template, request

from chatbot_server.config.sections import LimitsSection
from chatbot_server.conversation.events import Failed, Started
from chatbot_server.conversation.live import LiveAnswer
from chatbot_server.conversation.questions import VisitorQuestion
from chatbot_server.conversation.service import ConversationService
from chatbot_server.conversation.small_talk.person_hours import when_answered
from chatbot_server.errors import ChatbotError, Unavailable
from chatbot_server.messages import say
from chatbot_server.storage.knowledge.asked_sites import AskedSite
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.conversations import ChatMessage
from chatbot_server.web.markdown import in_html
from chatbot_server.web.middleware.problems import public_sentence
from chatbot_server.web.middleware.requests import language_of, refuse_nul
from chatbot_server.web.server.disconnect import disconnect_check
from chatbot_server.web.visitor.chat import admit_question, find_asked_site
from chatbot_server.web.visitor.parts import VisitorParts

# No script may run, not even the server's own; the only inline style is the owner's colour.
POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self' 'nonce-{nonce}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
ORIGINS = {"faq": "page_from_faq", "pages": "page_from_pages", "model": "page_from_model"}


@dataclass
class View:
    """What the page shows.

    Attributes:
        problem: the sentence of an error.
        confirmation: what was done, in words.
        draft: the text in the form.
    """

    conversation: str = ""
    secret: str = ""
    person: str = ""
    messages: list[ChatMessage] = field(default_factory=list)
    problem: str = ""
    confirmation: str = ""
    draft: str = ""

    def show(self, answer: LiveAnswer) -> None:
        """Wait for *answer*, and show its conversation.

        Raises:
            ChatbotError: the answer failed.
        """
        for entry in answer.follow(has_left=disconnect_check(request)):
            event = entry[1] if entry else None
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Started):
                self.conversation = event.conversation
                self.secret = event.secret or self.secret

    def place(self, question: VisitorQuestion) -> VisitorQuestion:
        """*question* as part of the shown conversation."""
        return replace(
            question,
            conversation=self.conversation or None,
            secret=self.secret,
            keep=request.form.get("keep") != "no",
        )

    def load_messages(self, service: ConversationService) -> None:
        """Show the whole conversation, if there is one."""
        if not self.conversation:
            return
        try:
            transcript = service.read(self.conversation, self.secret)
            self.messages = list(transcript.messages)
            self.person = transcript.conversation.answering_person or ""
        except ChatbotError:  # erased or expired: the next question begins another one
            self.conversation = self.secret = ""


class Places:
    """Limits how many threads wait for whole answers, to keep some free for short requests."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._free = threading.Semaphore(count)

    @contextmanager
    def take_one(self) -> Iterator[None]:
        """Occupy a place in the ``with`` block.

        Raises:
            Unavailable: none is free.
        """
        if not self._free.acquire(blocking=False):
            raise Unavailable("streams_full", retry_after=10, limit=self._count)
        try:
            yield
        finally:
            self._free.release()


def page_blueprint(parts: VisitorParts) -> Blueprint:
    """Routes of the plain page; up to half of the server's threads wait for whole answers."""
    bp = Blueprint("page", __name__, template_folder="../templates")
    service, limits = parts.service, parts.config.limits
    free_places = Places(parts.config.server.threads // 2)

    def ask(asked_site: AskedSite, view: View, language: str) -> None:
        """Answer the question in the form, and show its conversation in *view*."""
        with free_places.take_one():
            text = request.form.get("message", "")
            question = view.place(admit_question(parts, asked_site, text, language))
            view.show(service.answer(service.prepare(question)))

    @bp.get("/chat/<key>")
    def show(key: str) -> Response:
        parts.rates.check_small()
        site = find_asked_site(parts, key).site
        service.expect_question(site.id)
        return _render(site, View(), language_of(request), limits)

    @bp.post("/chat/<key>")
    def act(key: str) -> Response:
        asked_site, language = find_asked_site(parts, key), language_of(request)
        form = request.form
        refuse_nul(*form.values())
        view = View(form.get("conversation", ""), form.get("secret", ""))
        try:
            if form.get("action") == "erase":
                erased_count = service.erase(view.conversation, view.secret)
                view = View(confirmation=say("page_erased", language, messages=erased_count))
            elif form.get("action") == "look":
                parts.rates.check_news()
            else:
                ask(asked_site, view, language)
        except ChatbotError as error:
            view.problem = public_sentence(error, language)
            view.draft = form.get("message", "")
        view.load_messages(service)
        return _render(asked_site.site, view, language, limits)

    return bp


def _render(site: Site, view: View, language: str, limits: LimitsSection) -> Response:
    nonce = secrets.token_urlsafe(12)
    html = render_template(
        "chat.html",
        site=site,
        view=view,
        language=language,
        say=lambda code, **values: say(code, language, **values),
        limits=limits,
        origins=ORIGINS,
        in_html=in_html,
        nonce=nonce,
        ink=ink(site.color),
        when=when_answered(site, language),
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
    """Black or white, whichever has a contrast of 4.5:1 on *color* (``#rrggbb``) by WCAG."""
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return "#000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#fff"
