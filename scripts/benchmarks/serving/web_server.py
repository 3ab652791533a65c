"""A whole server in processes of its own, asked as a visitor's browser asks it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

START_SECONDS = 180


@dataclass(frozen=True)
class HttpAnswer:
    """One answer over HTTP: seconds to its first token and to its end, and its tokens."""

    first: float
    whole: float
    tokens: int
    conversation: str
    secret: str

    @property
    def write_speed(self) -> float:
        """Tokens per second after the first."""
        return (self.tokens - 1) / max(1e-9, self.whole - self.first)


@dataclass(frozen=True)
class WebServer:
    """A running ``chatbot-server serve``."""

    pid: int
    url: str
    site: str
    run_dir: Path
    start_seconds: float

    def ask(self, message: str, before: HttpAnswer | None = None) -> HttpAnswer:
        """Ask as a visitor's browser does; *before* goes on with that conversation."""
        body = {"site": self.site, "message": message}
        headers = {"Origin": self.url}
        if before:
            body["conversation"] = before.conversation
            headers["Authorization"] = f"Bearer {before.secret}"
        began = time.monotonic()
        first, start, end = 0.0, {}, {}
        with httpx.stream(
            "POST", f"{self.url}/api/chat", json=body, headers=headers, timeout=300
        ) as response:
            response.raise_for_status()
            for name, data in _events(response.iter_lines()):
                if name == "token":
                    first = first or time.monotonic() - began
                elif name == "start":
                    start = data
                elif name in ("done", "error"):
                    end = data
        whole = time.monotonic() - began
        if "usage" not in end or not end["usage"]:
            raise RuntimeError(f"no answer of the model: {end}")
        secret = start.get("secret") or (before.secret if before else "")
        tokens = end["usage"]["completion_tokens"]
        return HttpAnswer(first, whole, tokens, start["conversation"], secret)


class Served:
    """A server that can be started again, with a folder of its own.

    Args:
        engine: settings of the model.
        sections: further settings.
        environment: further variables.
    """

    def __init__(
        self,
        folder: Path,
        engine: dict[str, Any],
        sections: dict[str, Any] | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process: subprocess.Popen[bytes]
        self._site = ""
        self._environment = os.environ | (environment or {})
        more = dict(sections or {})
        limits: dict[str, Any] = {"visitor": ["100000 per minute"], "site": ["100000 per minute"]}
        limits["visitor_streams"] = 200  # all come from one address
        server = {"port": port} | more.pop("server", {})
        settings = {"server": server, "engine": engine, "limits": limits, "data_dir": "data"}
        file = folder / "config.yaml"
        file.write_text(yaml.safe_dump(settings | more), encoding="utf-8")
        self._command = [sys.executable, "-m", "chatbot_server", "--config", str(file)]

    def start(self) -> WebServer:
        """Start it, and wait until it is ready.

        Raises:
            RuntimeError: it has ended, or takes too long.
        """
        began = time.monotonic()
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self._command, "serve"],
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,  # it shares no part of the processor with who asks
            )
        try:
            _wait_ready(self.process, self.url)
        except RuntimeError:  # nor may it answer for the next one
            self.process.kill()
            self.process.wait()
            raise
        seconds = time.monotonic() - began
        run_dir = self.folder / "data" / "run"
        if self._site:
            return WebServer(self.process.pid, self.url, self._site, run_dir, seconds)
        rows = json.loads(self.command("site", "list", "--json"))
        self._site = next(row["key"] for row in rows if row["demo"] and row["free_chat"])
        return WebServer(self.process.pid, self.url, self._site, run_dir, seconds)

    def command(self, *words: str) -> bytes:
        """What a command of the same installation prints.

        Raises:
            CalledProcessError: it has failed.
        """
        return subprocess.run(
            [*self._command, *words], capture_output=True, check=True, env=self._environment
        ).stdout

    def end(self) -> None:
        """Ask it to stop, and wait."""
        self.process.terminate()
        self.process.wait(30)


@contextmanager
def web_server(
    folder: Path, engine: dict[str, Any], **sections: dict[str, Any]
) -> Iterator[WebServer]:
    """A server with a folder of its own, the settings *engine* and those of *sections*."""
    served = Served(folder, engine, sections)
    try:
        yield served.start()
    finally:
        served.end()


def processes(parent: int) -> dict[str, int]:
    """The server's processes by what they do."""
    roles = {"parent": parent}
    for pid in children(parent):
        line = command_line(pid)
        if "run_gunicorn" in line:
            roles["arbiter"] = pid
        elif "engine.process.worker" in line:
            roles["engine"] = pid
        elif "jobs embed" in line:
            roles["job"] = pid
    for pid in children(roles.get("arbiter", -1)):
        roles["web"] = pid
    for pid in children(roles.get("web", -1)):
        if "embedder_child" in command_line(pid):
            roles["embedder"] = pid
    return roles


def children(pid: int) -> list[int]:
    """Its children that have not ended."""
    numbers: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            numbers += map(int, file.read_text().split())
    return [number for number in numbers if command_line(number)]


def command_line(pid: int) -> str:
    """Empty where the process is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def processor_seconds(parent: int) -> dict[str, float]:
    """The processor's time that each of the server's processes has taken, by what it does."""
    tick = os.sysconf("SC_CLK_TCK")
    seconds = {}
    for role, pid in processes(parent).items():
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        seconds[role] = (int(words[11]) + int(words[12])) / tick
    return seconds


def _wait_ready(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(timeout=5) as client:  # each new one costs 30 ms of the processor
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(httpx.HTTPError):
                if client.get(f"{url}/readyz").status_code == 200:
                    return
            time.sleep(0.02)
    raise RuntimeError("the server did not become ready")


def _events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    name = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)
