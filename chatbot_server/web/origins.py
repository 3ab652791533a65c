"""Which pages may talk to which chatbot."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Request

from chatbot_server.errors import Forbidden
from chatbot_server.storage.sites import Site


def check_origin(request: Request, site: Site) -> None:
    """Refuse a page whose origin the site does not allow.

    A request without ``Origin`` comes from no page: browsers send it with every request to
    another origin, and what is not a browser could claim any. The server's own pages may use
    every site; the demo site may be tried from pages on this machine.

    Raises:
        Forbidden: says which origin to allow, and how.
    """
    origin = request.headers.get("Origin")
    if origin is None or _is_own(request, origin) or site.allows(origin):
        return
    if site.demo and is_loopback(origin):
        return
    raise Forbidden(
        "origin_not_allowed", field="Origin", origin=origin[:200], key=site.key, name=site.name
    )


def is_loopback(origin: str) -> bool:
    """Whether *origin* is a page served by this very machine."""
    try:
        host = urlsplit(origin).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_own(request: Request, origin: str) -> bool:
    return origin.lower() == f"{request.scheme}://{request.host}".lower()
