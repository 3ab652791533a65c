"""``GET /``: a demo page with the bubble on it."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from chatbot_server.messages import own_command, say
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import demo_site, playground_site
from chatbot_server.web.middleware.address import own_address
from chatbot_server.web.middleware.requests import language_of


def demo_blueprint(database: Database) -> Blueprint:
    """The demo page."""
    bp = Blueprint("demo", __name__, template_folder="../templates")

    @bp.get("/")
    def demo() -> Response:
        language = language_of(request)
        with database.session() as session:
            key = demo_site(session).key
            playground = playground_site(session)
            playground_key = playground.key if playground.free_chat else None
        response = make_response(
            render_template(
                "demo.html",
                key=key,
                playground_key=playground_key,
                language=language,
                say=lambda name, **values: say(name, language, **values),
                command=own_command,
                address=own_address(request),
            )
        )
        response.vary.add("Accept-Language")
        return response

    return bp
