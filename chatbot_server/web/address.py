"""Where visitors and applications reach this server, as its own pages and errors say it."""

from __future__ import annotations

from flask import Request

from chatbot_server.config.sections import ServerSection


def own_address(server: ServerSection, request: Request) -> str:
    """``server.public_url``, or else the address of *request*; no slash at its end.

    Behind a proxy the request's own host may be one that only the proxy can reach.
    """
    return str(server.public_url or request.root_url).rstrip("/")
