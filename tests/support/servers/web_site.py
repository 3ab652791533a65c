"""A real web site on loopback, to be crawled."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support.servers.serving import Serving

# Status, headers, body.
Answer = tuple[int, dict[str, str], bytes]


class WebSite:
    """Pages by path, changed at will; remembers what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        self.answered: list[int] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                site.asked.append(self.path)
                site.agent = self.headers["User-Agent"]
                status, headers, body = site.pages.get(self.path) or site.other(self.path)
                tag = headers.get("ETag")
                if tag and self.headers.get("If-None-Match") == tag:
                    status, body = 304, b""
                site.answered.append(status)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                return

        self.agent = ""
        self._serving = Serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        self.address = self._serving.url
        # What is answered where no page is.
        self.other: Callable[[str], Answer] = self._calendar

    def _calendar(self, path: str) -> Answer:
        """A calendar without end; everything else does not exist."""
        if path.startswith("/calendar/"):
            day = int(path.rsplit("/", 1)[1])
            return (
                200,
                {"Content-Type": "text/html"},
                page(f"Day {day}", f'<a href="/calendar/{day + 1}">next</a>'),
            )
        return 404, {"Content-Type": "text/plain"}, b"no"

    def put(self, path: str, title: str, text: str, **headers: str) -> None:
        body = page(title, text)
        tag = f'"{hash(body)}"'
        self.pages[path] = (
            200,
            {"Content-Type": "text/html; charset=utf-8", "ETag": tag, **headers},
            body,
        )

    def close(self) -> None:
        self._serving.close()


def page(title: str, text: str) -> bytes:
    return f"<html lang=en><title>{title}</title><body><main><h1>{title}</h1><p>{text}</p></main></body></html>".encode()  # noqa: E501
