"""Which pages may talk to which chatbot."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from flask import Flask, Request, current_app
from sqlalchemy.orm import Session

from chatbot_server.config.sections import ServerSection
from chatbot_server.errors import Forbidden
from chatbot_server.storage.site.sites import Site, find_site
from chatbot_server.web.middleware.address import own_origins

# Last parts of host names that no registry assigns.
PRIVATE_ZONES = frozenset(
    ("corp", "home", "internal", "intranet", "lan", "local", "localhost", "test")
)
_EXTENSION = "own-names"


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

    A request without ``Origin`` is allowed: browsers send the header with every request to another
    origin, and other clients could send any. The server's own pages may use every site, and pages
    on this machine may use the demo site.

    Raises:
        Forbidden: says which origin to allow, and how; or how to configure the server's name.
    """
    origin = request.headers.get("Origin")
    if origin is None or site.allows(origin) or (site.demo and is_loopback(origin)):
        return
    if origin.lower() in own_origins(request):
        own_names: OwnNames = current_app.extensions[_EXTENSION]
        if own_names.include(_host_of(origin), request):
            return
        raise Forbidden("host_unknown", field="Host", host=request.host[:200])
    # Files and sandboxed frames of anybody have the origin “null”, so it cannot be allowed.
    code = "origin_null" if origin == "null" else "origin_not_allowed"
    raise Forbidden(code, field="Origin", origin=origin[:200], key=site.key, name=site.name)


class OwnNames:
    """The hosts under which a page counts as one of this server's own.

    This protects a server in a private network against DNS rebinding: after a page was loaded, its
    name can be made to lead to an address in the visitor's network, so that the page has the same
    origin as a server there. A server with a public address can be asked by anybody anyway.
    """

    def __init__(self, server: ServerSection) -> None:
        hostname = socket.gethostname().lower()
        self._known = {hostname, server.host.lower()}
        if server.public_url:
            self._known.add((server.public_url.host or "").lower())
        self._has_public_url = server.public_url is not None
        self._has_proxy = server.trusted_proxies > 0

    def include(self, host: str, request: Request) -> bool:
        """Whether *host*, which *request* was sent to, is one of them."""
        host = host.rstrip(".")
        if not host:
            return False
        if host in self._known or _address(host) or is_private_name(host):
            return True
        if self._has_public_url:
            return False
        arrival = _address(request.environ.get("SERVER_NAME", ""))
        return self._has_proxy or (arrival is not None and arrival.is_global)


def set_own_names(app: Flask, server: ServerSection) -> None:
    """Set the names of the server in *app*."""
    app.extensions[_EXTENSION] = OwnNames(server)


def is_private_name(host: str) -> bool:
    """Whether *host* cannot be registered, and has a meaning in a private network only."""
    *before, last = host.split(".")
    return not before or last in PRIVATE_ZONES or host.endswith(".home.arpa")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_loopback(origin: str) -> bool:
    """Whether pages of *origin* are served by this machine."""
    host = _host_of(origin)
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _host_of(origin: str) -> str:
    """The host of *origin*; empty if it has none."""
    try:
        return urlsplit(origin).hostname or ""
    except ValueError:
        return ""
