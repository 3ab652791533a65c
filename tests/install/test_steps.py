"""The steps of install.sh and the control script that are told in Python."""

from __future__ import annotations

import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from support.patience import LONG
from support.servers.serving import Serving

STEPS = Path(__file__).parents[2] / "packaging/steps.py"


class Failed(BaseHTTPRequestHandler):
    """A server whose model could not be loaded."""

    def do_GET(self) -> None:
        self.send_response(503)
        self.end_headers()
        body = b'"engine":"failed","ready":false,"disk":"ready","database":"ready"'
        self.wfile.write(b'{"run":null,' + body + b"}")

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_nobody_waits_for_a_model_that_has_failed(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), Failed) as server:
        serving = Serving(server)
        command = [sys.executable, str(STEPS), "wait", serving.url, str(2 * LONG)]
        command += [str(tmp_path), str(os.getpid())]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONG)
        serving.close()
    assert (done.returncode, done.stdout) == (1, "failed\n")
