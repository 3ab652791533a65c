"""Ports for servers that are started later, each given to one test of one process only."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST = 20_000


def free_port() -> int:
    """A port nobody listens on, and nobody is given before this process has ended.

    Not one that the system picked: between the picking and the server's start it would give
    the same one to another test's server, or to a client on its way out.
    """
    folder = Path(tempfile.gettempdir()) / f"chatbot-server-test-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    ports = list(range(LOWEST, _first_ephemeral()))
    random.SystemRandom().shuffle(ports)
    for port in ports:
        if _take(folder / str(port)) and _unused(port):
            return port
    raise AssertionError("no port is free")


def _first_ephemeral() -> int:
    """The first port that the system gives away by itself."""
    first = int(EPHEMERAL.read_text().split()[0]) if EPHEMERAL.exists() else 32_768
    return first if first > LOWEST + 1000 else 32_768


def _take(path: Path) -> bool:
    """Lock a file for as long as this process lives: nothing closes its descriptor before."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return False
    return True


def _unused(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
