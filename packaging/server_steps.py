"""Steps about the running server: started, found, asked, ended; standard library only.

A server is known by what runs and by what answers, and not by a file with a number: such a file
can be lost, old, or another program's.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

MOST_SAID = 10_000  # bytes of an answer that are read
# How a start is waited for on a busy machine: looked at LOOKS times in the given seconds, it goes
# on while the server gets LEAST_WORK of a processor. One that only answers meanwhile takes 0.02.
LOOKS, LEAST_WORK, LONGEST_WAIT = 10, 0.03, 5
STOP_SECONDS = 40  # as long as a server takes to finish its answers


def look(prefix: str, config: str) -> str:
    """What is known of the server, in a line each, at the price of one start of Python.

    Its address and the folder of its state, as the configuration says; its process number, and the
    folder of its version (both may be empty); last what it says, as in `ready`.
    """
    address, run_dir = _settings(config)
    [pid, *_] = servers(prefix, config).splitlines() or [""]
    return "\n".join([address, run_dir, pid, version(run_dir), ready(address, run_dir)])


def launch(prefix: str, config: str, pid_file: str, log: str) -> str:
    """As `look`; where no server runs, one of this version is started, and it says ``started``."""
    address, run_dir = _settings(config)
    if _servers(prefix, config):
        return look(prefix, config)
    stop(prefix, config, str(STOP_SECONDS))  # a web server without its parent would hold the port
    program = str(Path(__file__).with_name("program.py"))
    pid = spawn(pid_file, log, [sys.executable, program, "--config", config, "serve"])
    return "\n".join([address, run_dir, str(pid), "", "started"])


def _settings(config: str) -> tuple[str, str]:
    from chatbot_server.config import load_config

    settings = load_config(Path(config))
    return settings.server.local_address, str(settings.run_dir)


def spawn(pid_file: str, log: str, command: Sequence[str]) -> int:
    """Start *command* in a session of its own: it outlives the terminal. Its *log* is private.

    It runs beside its pid file: Python would import what lies in the folder one is in.
    """
    # An upgrade that is taken back ignores these, and a child would too.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_DFL)
    number = os.open(Path(log).absolute(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(number, "ab") as out:
        os.fchmod(number, 0o600)  # of an earlier version, others could read it
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            cwd=Path(pid_file).parent,
        )
    Path(pid_file).write_text(f"{process.pid}\n", encoding="ascii")
    return process.pid


class _Process(NamedTuple):
    pid: int
    parent: int
    command: str


def servers(prefix: str, config: str) -> str:
    """Process numbers of the servers that run from this installation with this configuration.

    They are looked for among all processes: a file with a number can be lost, or old.
    """
    return "\n".join(str(process.pid) for process in _servers(prefix, config))


def stop(prefix: str, config: str, seconds: str) -> str:
    """End every server of this installation, and web servers that outlived theirs; how many."""
    running = [*_servers(prefix, config), *_orphans(prefix)]
    _signal_all((process.pid for process in running), signal.SIGTERM)
    if not _all_ended(running, float(seconds)):
        for process in running:
            # A server leads its own session, so this reaches its children and nothing else.
            with suppress(ProcessLookupError):
                leads = os.getpgid(process.pid) == process.pid
                (os.killpg if leads else os.kill)(process.pid, signal.SIGKILL)
        _all_ended(running, 10)
    return str(len(running))


def _servers(prefix: str, config: str) -> list[_Process]:
    named = {f"--config {path} " for path in (config, os.path.realpath(config))}
    return [
        process
        for process in _own_processes(prefix)
        if " serve " in process.command and any(name in process.command for name in named)
    ]


def _orphans(prefix: str) -> list[_Process]:
    web = "chatbot_server.service.run_gunicorn"
    parents = {p.pid for p in _own_processes(prefix) if web in p.command or " serve " in p.command}
    return [p for p in _own_processes(prefix) if web in p.command and p.parent not in parents]


def _own_processes(prefix: str) -> Iterator[_Process]:
    """Whatever runs with the Python of a version of this installation, however it is spelt."""
    spellings = {str(Path(prefix)), os.path.realpath(prefix)}
    places = tuple(f"{path}/{folder}/" for path in spellings for folder in ("versions", "current"))
    for process in _processes():
        if process.command.startswith(places) and _sees(process.pid, os.path.realpath(prefix)):
            yield process


def _sees(pid: int, folder: str) -> bool:
    """Whether the process means the same *folder*: not one by that name in another container."""
    try:
        return Path(f"/proc/{pid}/root{folder}").samefile(folder)
    except OSError:
        return True  # another user’s, who will be named when it is to be ended; or no Linux


def _processes() -> Iterator[_Process]:
    """Every process that can be seen, its words with a blank behind each."""
    if not Path("/proc/self/cmdline").exists():
        ps = subprocess.run(["ps", "-axo", "pid=,ppid=,args="], capture_output=True, text=True)
        for line in ps.stdout.splitlines():
            pid, parent, command = line.split(None, 2)
            yield _Process(int(pid), int(parent), f"{command} ")
        return
    for folder in Path("/proc").glob("[1-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            words = (folder / "cmdline").read_bytes().decode(errors="surrogateescape")
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if words and fields[0] != "Z":
                yield _Process(int(folder.name), int(fields[1]), words.replace("\0", " "))


def _signal_all(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            _signal(pid, number)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except PermissionError:
        raise PermissionError(f"process {pid} is another user’s") from None


def _all_ended(processes: Iterable[_Process], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while any(_alive(process.pid) for process in processes):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def version(run_dir: str) -> str:
    """The folder of the version that the running server is of; nothing where it did not say."""
    return str(_announced(run_dir).get("program", ""))


def _announced(run_dir: str) -> dict[str, object]:
    """What the running server said of itself."""
    try:
        record = json.loads((Path(run_dir) / "server.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def ready(address: str, run_dir: str) -> str:
    """``ready``, ``failed`` where waiting does not help, or what ``/readyz`` said instead.

    ``other``: it is not the server of *run_dir* that answers there. ``closed``: nothing listens
    there. ``silent``: no answer in time. ``starting``: it gave no other reason.
    """
    # A proxy of the environment is not asked for this machine's own address.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.addheaders = [("Accept-Language", _language())]
    try:
        with opener.open(f"{address}/readyz", timeout=5) as answer:
            status, body = answer.status, answer.read(MOST_SAID)
    except urllib.error.HTTPError as error:
        status, body = error.code, error.read(MOST_SAID)
    except OSError as error:
        is_late = isinstance(getattr(error, "reason", error), TimeoutError)
        return "silent" if is_late else "closed"
    try:
        reply = json.loads(body)
        run = reply["run"]
    except (ValueError, TypeError, KeyError):
        return "other"
    if run != _announced(run_dir).get("run"):
        return "other"
    if status == 200:
        return "ready"
    is_sound = reply.get("disk") == reply.get("database") == "ready"
    return "failed" if reply["engine"] == "failed" and is_sound else reply.get("reason", "starting")


def describe(outcome: str, address: str, serving: str, installed: str) -> str:
    """The state of the server in one line of JSON; *outcome* is ``stopped`` or as in `ready`.

    A reason in words, which `ready` gives where the server cannot answer, makes it ``unable``.
    """
    states = ("stopped", "ready", "failed", "other", "closed", "silent", "starting")
    state = {
        "state": outcome if outcome in states else "unable",
        "reason": "" if outcome in states else outcome,
        "url": address,
        "current": outcome != "stopped" and serving in ("", installed),
    }
    return json.dumps(state, ensure_ascii=False)


def _language() -> str:
    """Of the terminal, as the shell scripts have it."""
    names = ("CHATBOT_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    language = next(filter(None, map(os.environ.get, names)), "")
    return "fr" if language.startswith("fr") else "en"


def wait(address: str, seconds: str, run_dir: str, watched: str) -> str:
    """Wait for ``/readyz``; gives up at once where it would be in vain.

    That is: the model has failed, or what is *watched* has ended: a process number, or a
    service (``user`` or ``system``) of systemd.
    """
    is_unit = watched in ("user", "system")
    start = _Unit(watched) if is_unit else _Spawned(int(watched))
    patience = _Patience(float(seconds))
    state = ""
    while not patience.is_over(start):
        state = ready(address, run_dir)
        if state in ("ready", "failed"):
            return state
        if start.has_ended():
            return "ended"
        time.sleep(0.3)
    return state


class _Spawned:
    """A server that was started here."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def pid(self) -> int:
        return self._pid

    def has_ended(self) -> bool:
        return not _alive(self._pid)


class _Unit:
    """A server that systemd starts; it has ended if it was started again since now, too."""

    def __init__(self, manager: str) -> None:
        self._words = ["systemctl", f"--{manager}", "show", "chatbot-server"]
        self._restarts = self._state().get("NRestarts")

    def _state(self) -> dict[str, str]:
        show = subprocess.run(
            [*self._words, "--property=ActiveState,SubState,NRestarts,MainPID"],
            capture_output=True,
            text=True,
        )
        return dict(line.split("=", 1) for line in show.stdout.splitlines() if "=" in line)

    def pid(self) -> int:
        return int(self._state().get("MainPID", 0)) or -1  # 0 is everybody's ancestor

    def has_ended(self) -> bool:
        now = self._state()
        over = now.get("ActiveState") in ("failed", "inactive") or "auto" in now.get("SubState", "")
        return over or now.get("NRestarts") != self._restarts


class _Patience:
    """Ends after *seconds*, or on a busy machine when the start makes no progress any more.

    A start needs some seconds of the processor. Where others take it, the clock says nothing: as
    long as the server computes it is waited for, up to `LONGEST_WAIT` times as long, but not
    beyond *seconds* of the processor, which no start needs.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self._worked = seconds, 0.0
        self._began_at = self._looked_at = time.monotonic()

    def is_over(self, start: _Spawned | _Unit) -> bool:
        """Looks at *start* ten times in the given seconds."""
        now = time.monotonic()
        since, waited = now - self._looked_at, now - self._began_at
        if since < self._seconds / LOOKS:
            return False
        before, self._worked = self._worked, _processor_seconds(start.pid())
        self._looked_at = now
        if waited < self._seconds:
            return False
        works = self._worked - before >= LEAST_WORK * since
        return not works or max(waited / LONGEST_WAIT, self._worked) >= self._seconds


def _processor_seconds(pid: int) -> float:
    """What the process and all that it started have computed; 0 where nobody tells (macOS)."""
    fields = {}
    for folder in Path("/proc").glob("[1-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            words = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            fields[int(folder.name)] = words
    family = {pid}
    while more := {p for p, words in fields.items() if int(words[1]) in family} - family:
        family |= more
    # Their own time and that of children that have ended, for user and system.
    ticks = sum(int(tick) for p in family & fields.keys() for tick in fields[p][11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def trouble(config: str) -> str:
    """Why the running server has no language model, in words."""
    from chatbot_server.config import load_config
    from chatbot_server.engine.process.state import read_state
    from chatbot_server.messages import say, terminal_language

    record = read_state(load_config(Path(config)).run_dir)
    return say(record.reason or "engine_none", terminal_language(), **record.values)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        # One that has ended but was not waited for still has a number.
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return True
