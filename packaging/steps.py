"""What install.sh and the control script cannot do portably in the shell; standard library only.

Run as ``python steps.py STEP ARGUMENT…``; exit 1 and one line where a step fails.
Steps that are given a configuration read it, so they need the installed Python.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import server_steps as server

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
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "node_modules", "*.part")


def fingerprint(root: str, *more: str) -> str:
    """The version and a hash of all that would be installed: equal means nothing to do."""
    sum_of_all = hashlib.sha256("\0".join([digest(root), *more]).encode()).hexdigest()
    return f"{_version(Path(root))}-{sum_of_all[:8]}"


def digest(root: str) -> str:
    """A hash of the sources; noted beside a wheel that was built of them."""
    with suppress(FileNotFoundError):
        return (Path(root) / "digest").read_text(encoding="ascii").strip()
    digest = hashlib.sha256()
    for file in _files(Path(root)):
        digest.update(f"{file.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _version(root: Path) -> str:
    """As the sources say, or the name of the wheel that a released installer carries."""
    for wheel in root.glob("wheel/chatbot_server-*.whl"):
        return wheel.name.split("-")[1]
    text = (root / "chatbot_server" / "__init__.py").read_text(encoding="utf-8")
    match = re.search(r'__version__ = "([0-9A-Za-z.]+)"', text)
    return match[1] if match else "0"


def checksum(*files: str) -> str:
    """A short name for the contents of *files*."""
    return hashlib.sha256(b"".join(Path(file).read_bytes() for file in files)).hexdigest()[:10]


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
    """``free``, ``busy NUMBER`` with the next one that is not, ``forbidden``, or ``host: …``.

    The latter says why nobody can listen at that address.
    """
    error = _bind_error(host, int(number))
    if error is None:
        return "free"
    if error.errno == errno.EADDRINUSE:
        spare = next((n for n in range(int(number) + 1, 65536) if not _bind_error(host, n)), "")
        return f"busy {spare}"
    return "forbidden" if error.errno == errno.EACCES else f"host: {error.strerror or error}"


def _bind_error(host: str, number: int) -> OSError | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError as error:
            return error
    return None


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
    """The address at which the server answers on this machine, as the configuration says."""
    from chatbot_server.config import load_config

    return load_config(Path(config)).server.local_address


def data(config: str) -> str:
    """The folder of the data, and behind a blank the database where it is a server's."""
    from chatbot_server.config import load_config

    settings = load_config(Path(config))
    address = settings.database_url
    away = "" if address.startswith("sqlite:") else re.sub(r"//[^/@]*@", "//", address)
    return f"{settings.data_dir}\n{away}"


def model(config: str, name: str, file: str) -> str:
    """``missing`` where the configuration names the model *name* and its *file* is not there."""
    from chatbot_server.config import load_config

    settings = load_config(Path(config))
    is_wanted = settings.engine.kind != "openai" and settings.engine.model == name
    return "missing" if is_wanted and not (settings.models_dir / file).is_file() else ""


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


def restore(config: str, copy: str) -> str:
    """Put a saved database back, and keep the one it replaces; its path.

    The server must not be running.
    """
    database = _database(config)
    if database is None:
        raise ValueError("only a SQLite database was saved")
    replaced = save(config, str(Path(copy).parent), f"replaced-{int(time.time())}")
    part = database.with_name(database.name + ".restored")
    shutil.copyfile(copy, part)
    shutil.copystat(copy, part)
    owner = (database if database.exists() else database.parent).stat()
    os.chown(part, owner.st_uid, owner.st_gid)
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    part.replace(database)
    return replaced


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
    steps: list[Callable[..., str | None]] = [
        fingerprint,
        digest,
        checksum,
        stage,
        port,
        place,
        flip,
        listen,
        data,
        model,
        save,
        restore,
        server.look,
        server.launch,
        server.servers,
        server.stop,
        server.ready,
        server.describe,
        server.wait,
        server.trouble,
    ]
    do = {function.__name__: function for function in steps}[step]
    try:
        result = do(*arguments)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # a person reads this: one line, whatever it was
        sys.exit(_in_words(error) or f"{step}: {error}")
    if result is not None:
        print(result)  # noqa: T201
    if step in ("port", "place", "ready", "wait"):
        sys.exit(0 if result in ("free", "fine", "ready") else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
