"""``/.well-known/security.txt`` (RFC 9116): where to report a vulnerability of this server."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from flask import Blueprint, Response

from chatbot_server.errors import NotFound

# How long a copy of the file is valid. The file is made for each request.
VALID_FOR = timedelta(days=90)


def security_txt_blueprint(contact: str | None) -> Blueprint:
    """The route; a 404 without *contact*."""
    bp = Blueprint("security_txt", __name__)

    @bp.get("/.well-known/security.txt")
    def security_txt() -> Response:
        if contact is None:
            raise NotFound("http_404")
        expires = (datetime.now(timezone.utc) + VALID_FOR).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines = (f"Contact: {contact}", f"Expires: {expires}", "Preferred-Languages: en, fr")
        return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")

    return bp
