"""A private Valkey on loopback; Debian 12 has none, but Redis 7.0, which it comes from."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.patience import wait_for
from support.servers.ports import free_port


class Valkey:
    """One server that can go away and come back at the same address."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("valkey-server") or shutil.which("redis-server")
        assert program, "there is no valkey-server: run scripts/browsers"
        self._port, self._folder = free_port(), folder
        self._command = [program, "--bind", "127.0.0.1", "--port", str(self._port), "--save", ""]
        self.address = f"valkey://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        """Run, with nothing counted yet."""
        with (self._folder / "valkey.log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, cwd=self._folder)
        wait_for(self._listens)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def stop(self) -> None:
        """Go away at once."""
        self._process.kill()
        self._process.wait()


@contextmanager
def valkey_server(folder: Path) -> Iterator[Valkey]:
    """A server for one test."""
    server = Valkey(folder)
    try:
        yield server
    finally:
        server.stop()
