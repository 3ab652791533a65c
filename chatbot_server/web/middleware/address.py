"""Where visitors and applications reach this server, as its own pages and errors say it."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Request, current_app

from chatbot_server.config.sections import ServerSection

SETTING = "PUBLIC_URL"


def set_public_address(app: Flask, server: ServerSection) -> None:
    """Let *app* know ``server.public_url``."""
    app.config[SETTING] = str(server.public_url or "").rstrip("/")


def own_address(request: Request) -> str:
    """``server.public_url``, or else the address of *request*; no slash at its end.

    Behind a proxy the request's own host may be one that only the proxy can reach.
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
    """Whether *page* is the address of one of the owner's pages on this server."""
    if "/admin/" not in page:
        return False
    try:
        parts = urlsplit(page)
    except ValueError:
        return False
    is_own = f"{parts.scheme}://{parts.netloc}".lower() in own_origins(request)
    return is_own and "/admin/" in parts.path
