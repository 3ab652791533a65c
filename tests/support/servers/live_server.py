"""A whole server in processes of its own, as operators run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from support.command_line import run_on
from support.patience import LONG, wait_for


def is_personal(name: str) -> bool:
    """Whether a variable of the environment is a setting of the person who runs the tests."""
    return name.startswith("CHATBOT_") and not name.startswith("CHATBOT_TEST_")


def impersonal_environment() -> dict[str, str]:
    """The environment without such settings."""
    return {name: value for name, value in os.environ.items() if not is_personal(name)}


@dataclass
class LiveServer:
    """A real ``chatbot-server serve`` with a folder of its own."""

    folder: Path
    port: int
    settings: dict[str, Any]
    _process: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=impersonal_environment)
    program: tuple[str, ...] = ("-m", "chatbot_server")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")

    def start(self, *, wait: bool = True) -> None:
        self.config.write_text(yaml.safe_dump(self.settings), encoding="utf-8")
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self.program, "--config", str(self.config), "serve"],
                stdout=log,
                stderr=log,
                env=self.environment,
            )
        if wait:
            self.wait_ready()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process that was started last."""
        assert self._process is not None, "it was never started"
        return self._process

    def wait_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.log
            return self.status("/readyz") == 200

        wait_for(ready, say=lambda: self.log, every=0.1)

    def status(self, path: str) -> int:
        """The HTTP status of a GET, 0 if nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=60) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0

    def cli(self, *words: str) -> str:
        """What the command line, on this server's configuration, says to *words*."""
        ran = run_on(self.config, *words)
        assert ran.exit_code == 0, ran.err
        return ran.out

    @cached_property
    def playground_key(self) -> str:
        """The key of the demo page's second site: it has no pages, and the model writes freely."""
        sites = json.loads(self.cli("site", "list", "--json"))
        return str(next(site["key"] for site in sites if site["demo"] and site["free_chat"]))

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(LONG)
