"""Break a running server while visitors ask, and count what they lost.

Each process is killed again and again, or stopped (SIGSTOP); the database is locked, damaged, put
back from a backup; the clock jumps. Afterwards every answer that a visitor saw to its end must be
stored as it was shown, and none may be empty; but for those that ended after the copy was made that
took a database's place, which are counted apart. Prints a line for each fault; exit 1 if anything
was lost. The seconds of a start grow with what else the machine does; those of the processor do
not.

    PYTHONPATH=scripts python -m benchmarks.serving.faults MODEL.gguf --kills 50 --faults web
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from benchmarks.serving.asking_visitors import LOSSES, AskingVisitors
from benchmarks.serving.visitors import fill
from benchmarks.serving.web_server import Served, processes, processor_seconds
from chatbot_server.service.children import call_job

VISITORS = 4
PAGES = [
    (f"Room {number}", f"Room {number} has {number + 2} chairs and opens at {8 + number % 4}.")
    for number in range(20)
]
KILLED = ("web", "arbiter", "engine", "embedder", "job", "parent")
STOPPED = ("stop-engine", "stop-web", "stop-embedder")
# Nobody has to end these: what they watch over goes on, and so do they when they are let.
PAUSED = ("pause-arbiter", "pause-parent")
OTHERS = ("locked", "damaged", "restored", "clock")
PAUSE_SECONDS = 20.0
READY_SECONDS = 180.0
# Every process of the server reads its time from this file's offset, if there is one.
SHIFTED = """
import os, time
_real, _file = time.time, os.environ.get("FAULTS_CLOCK", "")
def _now():
    try:
        with open(_file) as offset:
            return _real() + float(offset.read())
    except (OSError, ValueError):
        return _real()
time.time = _now
"""


class FaultInjector:
    """Does one thing to the server; returns the seconds until it answered again."""

    def __init__(self, served: Served, clock: Path) -> None:
        self._served = served
        self._clock = clock
        self._client = httpx.Client(timeout=5)
        self.put_back: list[tuple[float, float]] = []

    def processor(self) -> float:
        """Seconds of the processor that the server has taken since its parent was started."""
        return sum(processor_seconds(self._served.process.pid).values())

    def kill(self, role: str) -> float:
        """SIGKILL; a parent that is gone is started anew, as a service manager would."""
        if role == "job":
            call_job(self._served.folder / "data" / "run", "embed")
        pid = self._pid(role)
        began = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        if role == "parent":
            self._served.process.wait()
            self._start()
        self._until(lambda: self._pid(role, 0.1) not in (pid, 0))
        self._until(self._is_ready)
        return time.monotonic() - began

    def stop(self, role: str) -> float:
        """SIGSTOP, until somebody ends it."""
        pid = self._pid(role)
        began = time.monotonic()
        os.kill(pid, signal.SIGSTOP)
        self._until(lambda: self._pid(role, 0.1) != pid)
        self._until(self._is_ready)
        return time.monotonic() - began

    def pause(self, role: str) -> float:
        """SIGSTOP, and SIGCONT after a while."""
        pid = self._pid(role)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(PAUSE_SECONDS)
        began = time.monotonic()
        os.kill(pid, signal.SIGCONT)
        self._until(self._is_ready)
        return time.monotonic() - began

    def locked(self) -> float:
        """Another program writes for nine seconds."""
        other = sqlite3.connect(self._database(), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        time.sleep(9)
        began = time.monotonic()
        other.execute("ROLLBACK")
        other.close()
        self._until(self._is_ready)
        return time.monotonic() - began

    def damaged(self) -> float:
        """The middle of the file is overwritten; then the copy from before is put back."""
        file, copied = self._database(), time.monotonic()
        with sqlite3.connect(file) as source, sqlite3.connect(f"{file}.copy") as copy:
            source.backup(copy)
        size = file.stat().st_size
        with file.open("r+b") as data:
            data.seek(size // 3)
            data.write(os.urandom(size // 3))
        time.sleep(5)
        self._served.end()
        for ending in ("-wal", "-shm"):
            Path(f"{file}{ending}").unlink(missing_ok=True)
        began = time.monotonic()
        shutil.move(f"{file}.copy", file)
        self.put_back.append((copied, began))
        self._start()
        self._until(self._is_ready)
        return time.monotonic() - began

    def restored(self) -> float:
        """A backup is made, and put back while the server runs; visitors ask all the time."""
        file, copied = self._served.folder / f"{len(self.put_back)}.backup", time.monotonic()
        self._served.command("backup", str(file))
        time.sleep(5)  # in which visitors get answers that the backup does not hold
        self._served.command("restore", str(file), "--replace")
        began = time.monotonic()
        self.put_back.append((copied, began))
        self._until(self._is_ready)
        return time.monotonic() - began

    def clock(self) -> float:
        """A day back, a month ahead, and right again."""
        for offset in (-86_400, 29 * 86_400, 0):
            self._clock.write_text(str(offset))
            time.sleep(3)
        began = time.monotonic()
        self._until(self._is_ready)
        return time.monotonic() - began

    def _start(self) -> None:
        """As a service manager does: again, while the port is not free yet."""
        for _attempt in range(20):
            with suppress(RuntimeError):
                self._served.start()
                return
            time.sleep(1)
        raise TimeoutError("the server does not start")

    def _database(self) -> Path:
        return self._served.folder / "data" / "chatbot.db"

    def _pid(self, role: str, seconds: float = READY_SECONDS) -> int:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if pid := processes(self._served.process.pid).get(role):
                return pid
            time.sleep(0.1)
        return 0

    def _is_ready(self) -> bool:
        with suppress(httpx.HTTPError):
            return self._client.get(f"{self._served.url}/readyz").status_code == 200
        return False

    def _until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not is_so():
            if time.monotonic() > deadline:
                raise TimeoutError("not ready again")
            time.sleep(0.1)


def main() -> int:
    """Every fault that was asked for, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--times", type=int, default=1, help="for what is no kill")
    parser.add_argument("--faults", default=",".join((*KILLED, *STOPPED, *PAUSED, *OTHERS)))
    parser.add_argument("--seconds", type=float, default=240, help="for each fault at most")
    parser.add_argument("--database", default="", help="an empty one of PostgreSQL")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as Ctrl-C: the server ends, too
    with tempfile.TemporaryDirectory(prefix="chatbot-faults-") as name, ExitStack() as running:
        folder = Path(name)
        key, clock = fill(folder, PAGES, options.database), folder / "clock"
        served = make_served(folder, options, clock)
        running.callback(served.end)
        server = served.start()
        visitors = AskingVisitors(lambda: served.url)
        threads = [
            threading.Thread(target=visitors.ask_on, args=(site,), daemon=True)
            for site in [key] * (VISITORS - 1) + [server.site]
        ]
        for thread in threads:
            thread.start()
        visitors.wait_for_answers()
        injector = FaultInjector(served, clock)
        are_ready = [
            report(each, injector, visitors, options) for each in options.faults.split(",")
        ]
        visitors.over.set()
        for thread in threads:
            thread.join()
        losses = visitors.losses(injector.put_back)
        print(
            f"refused or cut before their first word: {visitors.refused}; {dict(losses)}",
            flush=True,
        )
    return int(any(losses[name] for name in LOSSES) or not all(are_ready))


def make_served(folder: Path, options: argparse.Namespace, clock: Path) -> Served:
    """A server whose processes take their time from *clock*, and whose engine may die often."""
    (folder / "sitecustomize.py").write_text(SHIFTED)
    model = str(options.model.resolve())
    engine = {"model": model, "threads": 1, "max_restarts": 100, "max_tokens": 24}
    path = f"{folder}:{os.environ.get('PYTHONPATH', '')}"
    variables = {"PYTHONPATH": path, "FAULTS_CLOCK": str(clock)}
    settings: dict[str, Any] = {"server": {"trusted_proxies": 1}}
    if options.database:
        settings["database"] = options.database
    return Served(folder, engine, settings, variables)


def report(
    fault: str, injector: FaultInjector, visitors: AskingVisitors, options: argparse.Namespace
) -> bool:
    """One line: how often, seconds until the server was ready again, and answers meanwhile.

    Returns:
        Whether it always became ready again.
    """
    start = time.monotonic()
    end = start + options.seconds
    word, _, role = fault.partition("-")
    is_killed = not role and word not in OTHERS
    times = options.kills if is_killed else options.times
    seconds: list[float] = []
    processor: list[float] = []
    is_ready = True
    while len(seconds) < times and time.monotonic() < end and is_ready:
        began = time.monotonic()
        try:
            if is_killed:
                seconds.append(injector.kill(fault))
                processor.append(injector.processor())
            else:
                seconds.append(getattr(injector, word)(*filter(None, [role])))
        except TimeoutError:
            is_ready = False
            seconds.append(time.monotonic() - began)
        visitors.wait_for_answers()
    line = f"median {median(seconds):.1f} s, longest {max(seconds):.1f} s"
    if fault == "parent" and processor:  # a start, on a machine however busy
        line += f"; {median(processor):.1f} s of the processor, at most {max(processor):.1f}"
    answers = f"{visitors.whole_since(start)} answers in {time.monotonic() - start:.0f} s"
    line += "" if is_ready else " and NOT READY AGAIN"
    print(f"{fault:14} {len(seconds):3} times, ready again: {line}; {answers}", flush=True)
    return is_ready


if __name__ == "__main__":
    raise SystemExit(main())
