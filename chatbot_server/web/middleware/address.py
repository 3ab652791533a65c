"""The public address of this server, for its own pages and errors."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Request, current_app

from chatbot_server.config.sections import ServerSection

SETTING = "PUBLIC_URL"


def set_public_address(app: Flask, server: ServerSection) -> None:
    """Set ``server.public_url`` in the configuration of *app*."""
    app.config[SETTING] = str(server.public_url or "").rstrip("/")


def own_address(request: Request) -> str:
    """``server.public_url``, or else the address of *request*, without a final slash.

    Behind a proxy, the host of a request may be one that only the proxy can reach.
    """
    address: str = current_app.config.get(SETTING) or request.root_url.rstrip("/")
    return address


def own_origins(request: Request) -> set[str]:
    """The origins of the server's own pages, as browsers write them."""
    public = urlsplit(own_address(request))
    host = public.netloc.rpartition("@")[2]
    origins = (f"{request.scheme}://{request.host}", f"{public.scheme}://{host}")
    return {origin.lower() for origin in origins}


def is_owners_page(request: Request, page: str) -> bool:
    """Whether *page* is the address of an owner's page on this server."""
    if "/admin/" not in page:
        return False
    try:
        parts = urlsplit(page)
    except ValueError:
        return False
    is_own = f"{parts.scheme}://{parts.netloc}".lower() in own_origins(request)
    return is_own and "/admin/" in parts.path
