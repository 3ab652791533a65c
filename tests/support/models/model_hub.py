"""A small server that behaves like the model hub, and misbehaves on demand (loopback only)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from support.servers.serving import Serving


@dataclass
class Hub:
    """What it serves and how.

    Attributes:
        files: by path under ``/owner/repo/resolve/main/``.
        drops: the next this many answers break off after *drop_at* bytes.
        requests: (method, path, Range header) of every request.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    url: str = ""
    drops: int = 0
    drop_at: int = 1000
    status: int = 0
    false_hash: bool = False
    ranges: bool = True
    version: str = "v1"
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        self.hub.requests.append((self.command, path, self.headers.get("Range")))
        name = path.rsplit("/", 1)[-1]
        if self.hub.status:
            self._plain(self.hub.status, b"")
        elif path.startswith("/loop"):
            self._plain(302, b"", Location="/loop")
        elif path.startswith("/api/models/"):
            self._plain(200, json.dumps([{"path": name} for name in self.hub.files]).encode())
        elif name not in self.hub.files:
            self._plain(404, b"")
        elif "/resolve/" in path:
            digest = hashlib.sha256(self.hub.files[name]).hexdigest()
            declared = "0" * 64 if self.hub.false_hash else digest
            size = str(len(self.hub.files[name]))
            self._plain(302, b"", **{"Location": f"/cdn/{name}", "X-Linked-Etag": f'"{declared}"',
                                     "X-Linked-Size": size})  # fmt: skip
        else:
            self._file(self.hub.files[name])

    def _plain(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _file(self, data: bytes) -> None:
        wanted = self.headers.get("Range")
        same = self.headers.get("If-Range") in (None, f'"{self.hub.version}"')
        start = int(wanted.split("=")[1].rstrip("-")) if wanted and same and self.hub.ranges else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("ETag", f'"{self.hub.version}"')
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = len(data)
        if self.hub.drops:
            self.hub.drops -= 1
            end = min(end, start + self.hub.drop_at)
            self.close_connection = True
        self.wfile.write(data[start:end])


@contextmanager
def serving() -> Iterator[Hub]:
    """A running hub."""
    hub = Hub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    running = Serving(server)
    hub.url = running.url
    try:
        yield hub
    finally:
        running.close()
