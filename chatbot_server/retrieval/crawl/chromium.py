"""A Chromium of this machine, driven through a pipe: hostile pages in its sandbox, no network.

It has neither proxy nor names of hosts: whatever a page asks for is given to it through the pipe
(the Chrome DevTools Protocol), or not at all.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from chatbot_server.processes.json_line_child import harmless_environment, when_ready

PROGRAMS = (
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome",
    "google-chrome-stable",
)  # fmt: skip
# The browser finds its pipes at descriptors 3 and 4; of one file (shared memory, too, is made of
# files) it writes no more than half a gigabyte.
STARTER = """
ulimit -c 0; ulimit -f 500000
exec nice -n 10 "$@" 3<&0 4>&1 </dev/null >/dev/null
"""
START_SECONDS = 60.0
# A process gives its rights away soon after its start, before it is given a page.
CONFINED_SECONDS = 10.0
# What its processes hold for themselves and share, which is about a third of it for small pages.
MEMORY_BYTES = 1_200_000_000
MEMORY_CHECK_SECONDS = 0.5
MAX_MESSAGE = 64_000_000
MAX_EVENTS = 10_000
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
_FLAGS = (
    "--headless", "--remote-debugging-pipe", "--proxy-bypass-list=<-loopback>", "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp", "--block-new-web-contents",
    "--disable-extensions", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--disable-default-apps", "--disable-domain-reliability",
    "--disable-breakpad", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio",
    "--no-first-run", "--no-default-browser-check", "--no-pings", "--password-store=basic",
    "--js-flags=--max-old-space-size=256",
)  # fmt: skip


class BrowserFailed(Exception):
    """The browser cannot be used; the argument is the code of the sentence that says why."""


def find_chromium() -> str | None:
    """The program, if there is one on this machine."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Chromium:
    """A browser, from its start to :meth:`close`; not for two threads at once.

    Args:
        program: see :func:`find_chromium`.
        profile: a folder of its own, emptied before and after.

    Raises:
        BrowserFailed: it does not start here, or not in a sandbox.
    """

    def __init__(self, program: str, profile: Path) -> None:
        self._profile = profile
        shutil.rmtree(profile, ignore_errors=True)
        profile.mkdir(mode=0o700, parents=True)
        # Where its proxy should be, nobody ever listens: a request that was not given to us fails.
        self._nowhere = socket.socket()
        self._nowhere.bind(("127.0.0.1", 0))
        self._events: deque[dict[str, Any]] = deque()
        self._received = bytearray()
        self._number = 0
        self._memory_check_at = 0.0
        self._process = self._start(program)
        try:
            self.call("Browser.getVersion", seconds=START_SECONDS)
            context = self.call("Target.createBrowserContext", disposeOnDetach=True)
            self.context = context["browserContextId"]
            self._refuse_unless_sandboxed()
        except BrowserFailed as error:
            sandbox = "no usable sandbox" in self._complaints() or str(error) == "browser_sandbox"
            self.close()
            raise BrowserFailed("browser_sandbox" if sandbox else "browser_failed") from None

    def _start(self, program: str) -> subprocess.Popen[bytes]:
        home = str(self._profile)
        own_flags = [
            f"--proxy-server=http://127.0.0.1:{self._nowhere.getsockname()[1]}",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={home}",
        ]
        with (self._profile / "stderr").open("wb") as complaints:
            process = subprocess.Popen(
                ["/bin/sh", "-c", STARTER, "sh", program, *_FLAGS, *own_flags, "about:blank"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env={**harmless_environment(), "HOME": home},
                start_new_session=True,
                bufsize=0,
            )
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        os.set_blocking(process.stdin.fileno(), False)
        return process

    def _complaints(self) -> str:
        with suppress(OSError), (self._profile / "stderr").open("rb") as file:
            return file.read(20_000).decode("utf-8", "replace").lower()
        return ""

    def _refuse_unless_sandboxed(self) -> None:
        """Files of the machine may add ``--no-sandbox``: the system itself must tell (seccomp)."""
        self.call("Target.createTarget", url="about:blank", browserContextId=self.context)
        deadline = time.monotonic() + CONFINED_SECONDS
        while not all(map(_is_confined, _session(self._process.pid))):
            if time.monotonic() > deadline:
                raise BrowserFailed("browser_sandbox")
            time.sleep(0.05)

    def call(
        self, method: str, session: str = "", seconds: float = 20.0, **parameters: Any
    ) -> dict[str, Any]:
        """What *method* of the protocol gives; events that come before it are kept.

        Raises:
            BrowserFailed: it is refused, does not come in time, or the browser ended.
        """
        number = self.send(method, session, **parameters)
        deadline = time.monotonic() + seconds
        while True:
            message = self._receive(deadline)
            if message.get("id") == number:
                if "result" not in message:
                    raise BrowserFailed("browser_failed")
                return dict(message["result"])
            if "method" in message:
                self._events.append(message)
            if len(self._events) > MAX_EVENTS:
                raise BrowserFailed("browser_failed")

    def send(self, method: str, session: str = "", **parameters: Any) -> int:
        """Call *method* without waiting for its result; returns the number of the call."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        unwritten = memoryview(json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + 10
        try:
            while unwritten:
                pipe = when_ready(self._process.stdin, select.POLLOUT, deadline)
                unwritten = unwritten[os.write(pipe, unwritten) :]
        except OSError:
            raise BrowserFailed("browser_failed") from None
        return self._number

    def event(self, deadline: float) -> dict[str, Any]:
        """The next event.

        Raises:
            TimeoutError: none came before the *deadline* (monotonic).
            BrowserFailed: the browser ended, or holds too much memory.
        """
        while True:
            if self._events:
                return self._events.popleft()
            if time.monotonic() >= deadline:
                raise TimeoutError
            with suppress(_StillSilent):
                message = self._receive(deadline)
                if "method" in message:
                    return message

    def _receive(self, deadline: float) -> dict[str, Any]:
        search_start = 0
        while (end := self._received.find(0, search_start)) < 0:
            search_start = len(self._received)
            self._read_more(deadline)
            if len(self._received) > MAX_MESSAGE:
                raise BrowserFailed("browser_failed")
        message = bytes(self._received[:end])
        del self._received[: end + 1]
        try:
            return dict(json.loads(message))
        except ValueError:
            raise BrowserFailed("browser_failed") from None

    def _read_more(self, deadline: float) -> None:
        while True:
            now = time.monotonic()
            if now >= self._memory_check_at:
                self._memory_check_at = now + MEMORY_CHECK_SECONDS
                if _memory(self._process.pid) > MEMORY_BYTES:
                    raise BrowserFailed("browser_failed")
            try:
                pipe = when_ready(
                    self._process.stdout, select.POLLIN, min(deadline, self._memory_check_at)
                )
                chunk = os.read(pipe, 1 << 20)
            except TimeoutError:
                if time.monotonic() < deadline:
                    continue
                raise _StillSilent("browser_failed") from None
            except OSError:
                chunk = b""
            if not chunk:
                raise BrowserFailed("browser_failed")
            self._received += chunk
            return

    def close(self) -> None:
        """Kill all its processes, and delete their files."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._nowhere.close()
        shutil.rmtree(self._profile, ignore_errors=True)


class _StillSilent(BrowserFailed):
    """Nothing came before the deadline."""


def _session(leader: int) -> Iterator[int]:
    """The processes in the session of *leader*; none if the system does not tell."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            fields = file.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == leader:
                yield int(file.parent.name)


def _is_confined(pid: int) -> bool:
    """Whether a process may make few system calls only, or shows no pages."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:  # it has ended
        return True
    return b"--type=renderer" not in arguments or "Seccomp:\t2" in status


def _memory(leader: int) -> int:
    """The memory in bytes of the processes of a session, without mapped files."""
    pages = 0
    for pid in _session(leader):
        with suppress(OSError, ValueError, IndexError):
            fields = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
            pages += int(fields[1]) - int(fields[2])
    return pages * PAGE_SIZE
