"""What install.sh and the control script cannot do portably in the shell; standard library only.

Run as ``python steps.py STEP ARGUMENT…``; exit 1 and one line where a step fails.
``listen``, ``save`` and ``restore`` read the configuration, so they need the installed Python.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

# All that a wheel is built from, and what is installed beside it.
SOURCES = (
    *(
        "chatbot_server",
        "setup.cfg",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "MANIFEST.in",
        "config.example.yaml",
    ),
    *("widget/dist", "requirements.lock", "requirements", "packaging"),
)
MOST_SAID = 10_000  # bytes of an answer that are read
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "node_modules", "*.part")


def fingerprint(root: str, *more: str) -> str:
    """The version and a hash of all that would be installed: equal means nothing to do."""
    digest = hashlib.sha256()
    for file in _files(Path(root)):
        digest.update(f"{file.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    digest.update("\0".join(more).encode())
    text = (Path(root) / "chatbot_server" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'__version__ = "([0-9A-Za-z.]+)"', text)
    return f"{found[1] if found else '0'}-{digest.hexdigest()[:8]}"


def stage(root: str, folder: str) -> None:
    """Copy the sources: building in the checkout would leave files there, and use old ones."""
    for name in SOURCES:
        source, target = Path(root) / name, Path(folder) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=IGNORED)
        elif source.exists():
            shutil.copyfile(source, target)


def port(host: str, number: str) -> str:
    """``free``, or why nobody can listen there: ``port: …``, or ``host: …`` for the address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(number)))
        except OSError as error:
            where = "port" if error.errno in (errno.EADDRINUSE, errno.EACCES) else "host"
            return f"{where}: {error.strerror or error}"
    return "free"


def place(path: str) -> str:
    """``fine``, ``readonly`` or ``noexec``: what the folder at *path* is, or would be, on."""
    folder = Path(path)
    while not folder.exists():
        folder = folder.parent
    flags = os.statvfs(folder).f_flag
    if flags & os.ST_RDONLY or not os.access(folder, os.W_OK | os.X_OK):
        return "readonly"
    # Where it is missing (macOS), programs can always be run.
    return "noexec" if flags & getattr(os, "ST_NOEXEC", 0) else "fine"


def flip(link: str, target: str) -> None:
    """Let *link* point to *target* in one step: there is no moment without it."""
    fresh = Path(f"{link}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def listen(config: str) -> str:
    """``HOST PORT ADDRESS`` as the configuration says."""
    from chatbot_server.config import load_config

    server = load_config(Path(config)).server
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(server.host, server.host)  # noqa: S104
    shown = f"[{host}]" if ":" in host else host
    return f"{server.host} {server.port} http://{shown}:{server.port}"


def model(config: str) -> str:
    """The model that the configuration names; nothing where it names none."""
    from chatbot_server.config import load_config

    return load_config(Path(config)).engine.model or ""


def save(config: str, folder: str, name: str) -> str:
    """Copy the SQLite database; prints the copy's path, or nothing where there is no file."""
    database = _database(config)
    if not database or not database.exists():
        return ""
    Path(folder).mkdir(parents=True, exist_ok=True)
    copy = Path(folder) / f"{name}.db"
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    copy.chmod(0o600)
    return str(copy)


def restore(config: str, copy: str) -> None:
    """Put a saved database back. The server must not be running."""
    database = _database(config)
    if database is None:
        raise ValueError("only a SQLite database was saved")
    part = database.with_name(database.name + ".restored")
    shutil.copyfile(copy, part)
    shutil.copystat(copy, part)
    os.chown(part, database.stat().st_uid, database.stat().st_gid)
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    part.replace(database)


def spawn(pid_file: str, log: str, *command: str) -> None:
    """Start *command* in a session of its own: it outlives the terminal. Its *log* is private.

    It runs beside its pid file: Python would import what lies in the folder one is in.
    """
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


def ready(address: str) -> str:
    """``ready``, ``failed`` where waiting does not help, or what ``/readyz`` said instead."""
    # A proxy of the environment is not asked for this machine's own address.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{address}/readyz", timeout=5) as answer:
            return "ready" if answer.status == 200 else f"{answer.status}"
    except urllib.error.HTTPError as error:
        return "failed" if b'"engine":"failed"' in error.read(MOST_SAID) else str(error)
    except OSError as error:
        return str(error)


def wait(address: str, seconds: str, pid: str) -> str:
    """Wait for ``/readyz``; gives up at once where it would be in vain.

    That is: the model has failed, or the process *pid* (0: unknown) has ended.
    """
    end = time.monotonic() + float(seconds)
    said = ""
    while time.monotonic() < end:
        said = ready(address)
        if said in ("ready", "failed") or (pid != "0" and not _alive(int(pid))):
            return said
        time.sleep(0.3)
    return said


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


def _database(config: str) -> Path | None:
    from chatbot_server.config import load_config

    url = load_config(Path(config)).database_url
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def _files(root: Path) -> Iterator[Path]:
    for name in SOURCES:
        source = root / name
        if source.is_file():
            yield source
        for folder, folders, names in os.walk(source, followlinks=True):
            skipped = IGNORED(folder, [*folders, *names])
            folders[:] = sorted(set(folders) - skipped)
            yield from (Path(folder) / file for file in sorted(set(names) - skipped))


def _in_words(error: Exception) -> str:
    if not hasattr(error, "sentence"):
        return ""
    from chatbot_server.messages import terminal_language

    return str(error.sentence(terminal_language()))


def main(step: str, *arguments: str) -> None:
    """Do one step and print what it returns."""
    steps = (fingerprint, stage, port, place, flip, listen, model, save, restore)
    steps += (spawn, ready, wait)
    do = {function.__name__: function for function in steps}[step]
    try:
        said = do(*arguments)  # type: ignore[operator]
    except Exception as error:  # a person reads this: one line, whatever it was
        sys.exit(_in_words(error) or f"{step}: {error}")
    if said is not None:
        print(said)  # noqa: T201
    if step in ("port", "place", "ready", "wait"):
        sys.exit(0 if said in ("free", "fine", "ready") else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
