"""Which endpoint answers next."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence

from chatbot_server.engine.openai.endpoint import Server
from chatbot_server.errors import EngineError

CHECK_EVERY = 15.0


class Pool:
    """Several endpoints with the same model, watched."""

    def __init__(self, servers: Sequence[Server], *, slots: int) -> None:
        self._servers = tuple(servers)
        self._slots = slots
        self._ended = threading.Event()
        self._checked = threading.Event()
        self._lock = threading.Lock()
        self._watcher: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._servers)

    def __iter__(self) -> Iterator[Server]:
        return iter(self._servers)

    def in_order(self, conversation: str | None) -> list[Server]:
        """The endpoints in the order to try them.

        Those that are well before those that rest; then the conversation's own, unless all
        its places are taken; then the least busy.
        """
        self.watch()
        # Without a conversation, chance decides between endpoints that are equally busy.
        name = conversation or str(random.random())  # noqa: S311 - nothing secret
        rank = {server.url: server.affinity(name) for server in self._servers}
        home = max(self._servers, key=lambda server: rank[server.url])

        def order(server: Server) -> tuple[float, bool, int, bytes]:
            at_home = bool(conversation) and server is home and server.busy < self._slots
            reverse = bytes(255 - byte for byte in rank[server.url])
            return server.resting(), not at_home, server.busy, reverse

        return sorted(self._servers, key=order)

    def nobody(self) -> EngineError:
        """What to say when none of them answers."""
        why = "; ".join(f"{server.name}: {server.why() or '?'}" for server in self._servers)
        return EngineError("openai_nobody", why=why[:500], retry_after=5)

    def watch(self) -> None:
        """Check the endpoints from now on.

        Begun at the first question and not before: a web server may fork after it has
        made this, and threads do not survive that.
        """
        with self._lock:
            if self._watcher is None or not self._watcher.is_alive():
                self._watcher = threading.Thread(target=self._watch, daemon=True)
                self._watcher.start()

    def wait_checked(self, seconds: float) -> None:
        """Until every endpoint was asked once."""
        self.watch()
        self._checked.wait(seconds)

    def close(self) -> None:
        """Stop watching."""
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.is_set():
            checks = [threading.Thread(target=server.check, daemon=True) for server in self]
            for check in checks:
                check.start()
            for check in checks:
                check.join()
            self._checked.set()
            self._ended.wait(CHECK_EVERY)
