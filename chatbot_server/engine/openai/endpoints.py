"""Servers that speak the OpenAI API: how to reach each, how it is doing, and who answers next."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import random
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from chatbot_server.config.home import in_home
from chatbot_server.config.sections import EndpointSection
from chatbot_server.errors import ConfigError, EngineError

MAX_LINE = 1_000_000  # bytes: a line of a stream, a list of models, an error
CONNECT_SECONDS = 5.0
CHECK_SECONDS = 10.0
REST_SECONDS = (1.0, 2.0, 5.0, 15.0, 30.0)  # after the first, second… failure in a row
CHECK_EVERY = 15.0
MAX_KEY_BYTES = 4096


@dataclass
class EndpointFacts:
    """What the endpoint says about itself."""

    model: str | None = None
    context_length: int | None = None
    parameters: int = 0
    local: bool = False


@dataclass
class _Health:
    failures: int = 0
    resting_until: float = 0.0
    why: str = ""


@dataclass
class RemoteEndpoint:
    """An endpoint and what was seen of it. Every method may be called from any thread."""

    settings: EndpointSection
    key: str | None = None
    busy: int = 0
    openai_fields_only: bool = False  # it refuses the fields that only some servers know
    facts: EndpointFacts | None = None
    _health: _Health = field(default_factory=_Health)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        return str(self.settings.url).rstrip("/")

    @property
    def name(self) -> str:
        """Host and port, for people; an address may hold a password."""
        return f"{self.settings.url.host}:{self.settings.url.port}"

    @property
    def model(self) -> str:
        """The model to ask for."""
        return self.settings.model or (self.facts and self.facts.model) or "default"

    def client(self, seconds: float) -> httpx.Client:
        """Connections of one request; environment variables and proxies play no part."""
        headers = {"Accept-Encoding": "identity"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
        return httpx.Client(headers=headers, timeout=timeout, trust_env=False)

    def rest_seconds(self) -> float:
        """Seconds until it should be tried again; 0 if it works."""
        return max(0.0, self._health.resting_until - time.monotonic())

    def last_failure(self) -> str:
        """What went wrong last."""
        return self._health.why

    def count_answer(self, change: int) -> None:
        """Count an answer that begins (1) or ends (-1)."""
        with self._lock:
            self.busy += change

    def mark_well(self) -> None:
        """Note that it responded."""
        self._health = _Health()

    def mark_failed(self, why: str) -> None:
        """Note a failure; the pause before the next try grows each time."""
        with self._lock:
            failures = self._health.failures + 1
            rest = REST_SECONDS[min(failures, len(REST_SECONDS)) - 1]
            self._health = _Health(failures, time.monotonic() + rest, why)

    def affinity(self, conversation: str) -> bytes:
        """How much this endpoint is to have *conversation*; the one with the highest value has it.

        With this (rendezvous hashing), only the conversations of an endpoint that is added or lost
        move to another.
        """
        return hashlib.sha256(f"{conversation}\n{self.url}".encode()).digest()

    def check(self) -> None:
        """Check it by asking for its models."""
        try:
            self.facts = self._ask_for_facts()
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RecursionError) as error:
            # A small server may be too busy with our own answers to reply.
            if not self.busy:
                self.mark_failed(failure_text(error))
        else:
            self.mark_well()

    def _ask_for_facts(self) -> EndpointFacts:
        with self.client(CHECK_SECONDS) as client:
            deadline = time.monotonic() + CHECK_SECONDS
            with client.stream("GET", f"{self.url}/models") as response:
                response.raise_for_status()
                body = b""
                for chunk in response.iter_raw():
                    body += chunk
                    if len(body) > MAX_LINE or time.monotonic() > deadline:
                        raise ValueError("no list of models")
        raw = json.loads(body)
        rows = raw.get("data") if isinstance(raw, dict) else None
        if not isinstance(rows, list):
            raise ValueError("no list of models")
        models = (row for row in rows if isinstance(row, dict))
        row = next((row for row in models if self.settings.model in (None, row.get("id"))), {})
        meta = row["meta"] if isinstance(row.get("meta"), dict) else {}
        return EndpointFacts(
            model=str(row["id"])[:200] if "id" in row else None,
            context_length=_count(meta.get("n_ctx")) or _count(row.get("max_model_len")),
            parameters=_count(meta.get("n_params")) or 0,
            local=is_local(self.settings.url.host or ""),
        )


class EndpointPool:
    """Several endpoints with the same model, watched."""

    def __init__(self, endpoints: Sequence[RemoteEndpoint], *, slots: int) -> None:
        self._endpoints = tuple(endpoints)
        self._slots = slots
        self._closed = threading.Event()
        self._checked = threading.Event()
        self._lock = threading.Lock()
        self._watcher: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._endpoints)

    def __iter__(self) -> Iterator[RemoteEndpoint]:
        return iter(self._endpoints)

    def in_order(self, conversation: str | None) -> list[RemoteEndpoint]:
        """The endpoints in the order to try them.

        Those that are well before those that rest; then the conversation's own, unless all
        its slots are busy; then the least busy.
        """
        self.watch()
        # Without a conversation, chance decides between endpoints that are equally busy.
        name = conversation or str(random.random())  # noqa: S311 - nothing secret
        affinity = {endpoint.url: endpoint.affinity(name) for endpoint in self._endpoints}
        home = max(self._endpoints, key=lambda endpoint: affinity[endpoint.url])

        def rank(endpoint: RemoteEndpoint) -> tuple[float, bool, int, bytes]:
            at_home = bool(conversation) and endpoint is home and endpoint.busy < self._slots
            descending = bytes(255 - byte for byte in affinity[endpoint.url])
            return endpoint.rest_seconds(), not at_home, endpoint.busy, descending

        return sorted(self._endpoints, key=rank)

    def unavailable_error(self) -> EngineError:
        """The error to raise if none of them responds."""
        why = "; ".join(
            f"{endpoint.name}: {endpoint.last_failure() or '?'}" for endpoint in self._endpoints
        )
        return EngineError("openai_nobody", why=why[:500], retry_after=5)

    def watch(self) -> None:
        """Check the endpoints from now on.

        Not called before the first question: a web server may fork after it has made this object,
        and threads do not survive a fork.
        """
        with self._lock:
            if self._watcher is None or not self._watcher.is_alive():
                self._watcher = threading.Thread(target=self._watch, daemon=True)
                self._watcher.start()

    def wait_checked(self, seconds: float) -> None:
        """Wait until every endpoint was checked once."""
        self.watch()
        self._checked.wait(seconds)

    def close(self) -> None:
        """Stop watching."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.is_set():
            checks = [threading.Thread(target=endpoint.check, daemon=True) for endpoint in self]
            for check in checks:
                check.start()
            for check in checks:
                check.join()
            self._checked.set()
            self._closed.wait(CHECK_EVERY)


def open_endpoint(settings: EndpointSection) -> RemoteEndpoint:
    """*settings* with its key read.

    Raises:
        ConfigError: the file of the key is not there, not readable, or not a key.
    """
    file = settings.api_key_file
    if not file:
        return RemoteEndpoint(settings)
    try:
        data = in_home(file).read_bytes()[: MAX_KEY_BYTES + 1]
        key = data.decode("ascii").strip()
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not ASCII"
        raise ConfigError("openai_key_unreadable", file=file, why=why) from None
    if not key.isprintable() or not key or " " in key or len(data) > MAX_KEY_BYTES:
        raise ConfigError("openai_key_unreadable", file=file, why="not a key")
    return RemoteEndpoint(settings, key)


def is_local(host: str) -> bool:
    """Whether every address of *host* is of this machine.

    A private network is not local: visitors read this as “nothing is sent to anyone else”.
    """
    try:
        entries = socket.getaddrinfo(host.strip("[]"), None)
    except (OSError, UnicodeError):
        return False
    addresses = [ipaddress.ip_address(str(entry[4][0]).split("%")[0]) for entry in entries]
    return bool(addresses) and all(a.is_loopback or a.is_unspecified for a in addresses)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 < value < 10**13 else None


def failure_text(error: Exception) -> str:
    """What went wrong, for the operator."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"status {error.response.status_code}"
    return str(error)[:200] or type(error).__name__
