"""Which pages may talk to which chatbot."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Request
from sqlalchemy.orm import Session

from chatbot_server.errors import Forbidden
from chatbot_server.storage.sites import Site, find_site
from chatbot_server.web.address import own_origins


def find_allowed_site(session: Session, request: Request, key: str) -> Site:
    """The site with *key*, for a page that may talk to it.

    Raises:
        NotFound: there is none.
        Forbidden: as :func:`check_origin`.
    """
    site = find_site(session, key)
    check_origin(request, site)
    return site


def check_origin(request: Request, site: Site) -> None:
    """Refuse a page whose origin the site does not allow.

    A request without ``Origin`` comes from no page: browsers send it with every request to
    another origin, and what is not a browser could claim any. The server's own pages may use
    every site; the demo site may be tried from pages on this machine.

    Raises:
        Forbidden: says which origin to allow, and how.
    """
    origin = request.headers.get("Origin")
    if origin is None or origin.lower() in own_origins(request) or site.allows(origin):
        return
    if site.demo and is_loopback(origin):
        return
    # All files and sandboxed frames are “null”, those of strangers too: none can be allowed.
    code = "origin_null" if origin == "null" else "origin_not_allowed"
    raise Forbidden(code, field="Origin", origin=origin[:200], key=site.key, name=site.name)


def is_loopback(origin: str) -> bool:
    """Whether *origin* is a page served by this very machine."""
    try:
        host = urlsplit(origin).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
