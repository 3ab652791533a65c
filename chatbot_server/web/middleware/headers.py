"""Headers of every response, and corrections of a request's head."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

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


def with_headers(app: WsgiApp) -> WsgiApp:
    """Wrap *app* so that each response has the headers that it does not set itself.

    Flask takes twenty times as long to add them.
    """

    def run(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            own = {name for name, _value in headers}
            further = [header for header in HEADERS.items() if header[0] not in own]
            return start_response(status, headers + further, exc_info)

        return app(environ, start)

    return run


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
