"""An HTTP server of this process, in a thread of its own."""

from __future__ import annotations

import threading
from socketserver import TCPServer

from flask import Flask
from werkzeug.serving import make_server


def serve_app(app: Flask) -> Serving:
    """*app* on a free port."""
    return Serving(make_server("127.0.0.1", 0, app, threaded=True))


class Serving:
    """Serves until it is closed; *server* listens on a port of this machine already."""

    def __init__(self, server: TCPServer) -> None:
        self._server = server
        _host, port, *_ = server.socket.getsockname()
        self.url = f"http://127.0.0.1:{port}"
        # How often it looks whether to end: who closes it waits for that once.
        again = {"poll_interval": 0.02}
        self._thread = threading.Thread(target=server.serve_forever, kwargs=again, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
