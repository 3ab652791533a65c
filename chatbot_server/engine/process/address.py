"""The engine's socket, also in a folder whose path is too long for one."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatbot_server.errors import EngineError

SOCKET = "engine.sock"
# The system's limit is 108 bytes on Linux and 104 on macOS, the closing zero included.
LONGEST = 100


def listen(path: Path) -> socket.socket:
    """A listening socket at *path* that only this user can reach.

    Raises:
        EngineError: the system refused it.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        path.unlink(missing_ok=True)
        with reachable(path) as name:
            listener.bind(str(name))
        path.chmod(0o600)
        listener.listen(128)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise EngineError("engine_socket", path=path, reason=reason) from error
    return listener


def connect(path: Path) -> socket.socket:
    """A connection to the socket at *path*.

    Raises:
        OSError: nobody listens there.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with reachable(path) as name:
            connection.connect(str(name))
    except BaseException:
        connection.close()
        raise
    return connection


def is_listening(path: Path) -> bool:
    """Whether a process listens at *path*, busy or not; does not block."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, reachable(path) as name:
        probe.setblocking(False)
        return probe.connect_ex(str(name)) in (0, errno.EAGAIN, errno.EINPROGRESS)


@contextmanager
def reachable(path: Path) -> Iterator[Path]:
    """A name for *path* that socket calls accept; a long one leads through its open folder."""
    if len(os.fsencode(path)) <= LONGEST or sys.platform != "linux":
        yield path
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
