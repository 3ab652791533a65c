"""Headers of every response, and corrections of a request's head."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response

SLASHES = re.compile("//+")
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# Only styles and scripts from 'self', so that text injected into a page cannot run. The widget's
# panel uses constructed style sheets, which this policy allows.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types chatbot-server"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def register_headers(app: Flask) -> None:
    """Add the headers to each response that does not set them itself."""

    @app.after_request
    def add(response: Response) -> Response:
        own = {name for name, _value in response.headers}
        for name, value in HEADERS.items():
            if name not in own:
                response.headers.add(name, value)
        return response


def plain_addresses(app: WsgiApp) -> WsgiApp:
    """Wrap *app* so that it gets only the schemes ``http`` and ``https``, and single slashes.

    The scheme may come from a header that can say anything; a double slash comes from clients that
    append a path to a base URL with a final slash.
    """

    def run(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["PATH_INFO"] = SLASHES.sub("/", environ["PATH_INFO"])
        if environ["wsgi.url_scheme"] not in ("http", "https"):
            environ["wsgi.url_scheme"] = "http"
        return app(environ, start_response)

    return run
