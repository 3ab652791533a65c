"""A scripted server for the tests of remote engines: a real socket that misbehaves."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

Script = Callable[[socket.socket, bytes], None]
MODELS = {"object": "list", "data": [{"id": "scripted", "meta": {"n_ctx": 1024}}]}


def response(body: bytes, kind: str = "application/json", status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return (head + "Connection: close\r\n\r\n").encode() + body


def head(kind: str = "text/event-stream") -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode()


def event(text: str | None = None, **choice: Any) -> bytes:
    delta = {} if text is None else {"content": text}
    raw = {"choices": [{"index": 0, "delta": delta, "finish_reason": None} | choice]}
    return b"data: " + json.dumps(raw).encode() + b"\n\n"


class ScriptedServer:
    """A real socket on loopback. ``/models`` is answered well, the rest by the script."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.hung_up = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def bodies(self) -> list[dict[str, Any]]:
        asked = [raw for raw in self.requests if raw.startswith(b"POST")]
        return [json.loads(raw.partition(b"\r\n\r\n")[2]) for raw in asked]

    def close(self) -> None:
        for one in (self._listener, *self._open):
            with suppress(OSError):  # it is closed already
                one.shutdown(socket.SHUT_RDWR)  # wakes who waits; closing alone would not
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                raw = self._read(connection)
                self.requests.append(raw)
                if raw.startswith(b"GET"):
                    connection.sendall(response(json.dumps(MODELS).encode()))
                else:
                    self.script(connection, raw)
            except OSError:
                self.hung_up.set()

    def _read(self, connection: socket.socket) -> bytes:
        raw = b""
        while b"\r\n\r\n" not in raw:
            raw += _some(connection)
        before, _, body = raw.partition(b"\r\n\r\n")
        length = 0
        for line in before.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(body) < length:
            body += _some(connection)
        return before + b"\r\n\r\n" + body


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionResetError
    return data
