"""One server that speaks the OpenAI API: how to reach it, and how it is doing."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from chatbot_server.config.home import in_home
from chatbot_server.config.sections import EndpointSection
from chatbot_server.engine.openai.wire import MAX_LINE
from chatbot_server.errors import ConfigError

CONNECT_SECONDS = 5.0
CHECK_SECONDS = 10.0
REST_SECONDS = (1.0, 2.0, 5.0, 15.0, 30.0)  # after the first, second… failure in a row
MAX_KEY_BYTES = 4096


@dataclass
class Facts:
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
class Server:
    """An endpoint and what was seen of it. Every method may be called from any thread."""

    settings: EndpointSection
    key: str | None = None
    busy: int = 0
    plain: bool = False
    facts: Facts | None = None
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

    def resting(self) -> float:
        """Seconds until it should be tried again; 0 if it is well."""
        return max(0.0, self._health.resting_until - time.monotonic())

    def why(self) -> str:
        """What went wrong last."""
        return self._health.why

    def hold(self, change: int) -> None:
        """Count an answer that begins (1) or ends (-1)."""
        with self._lock:
            self.busy += change

    def well(self) -> None:
        """It answered."""
        self._health = _Health()

    def failed(self, why: str) -> None:
        """It did not; let it rest, longer each time."""
        with self._lock:
            failures = self._health.failures + 1
            rest = REST_SECONDS[min(failures, len(REST_SECONDS)) - 1]
            self._health = _Health(failures, time.monotonic() + rest, why)

    def affinity(self, conversation: str) -> bytes:
        """Rendezvous hashing: the endpoint with the highest value has the conversation.

        Where one is added or lost, only that one's conversations move.
        """
        return hashlib.sha256(f"{conversation}\n{self.url}".encode()).digest()

    def check(self) -> None:
        """Ask for its models; afterwards it is well, or rests."""
        try:
            self.facts = self._ask()
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RecursionError) as error:
            # A small server may be too busy with our own answers to reply.
            if not self.busy:
                self.failed(_in_words(error))
        else:
            self.well()

    def _ask(self) -> Facts:
        with self.client(CHECK_SECONDS) as client:
            started = time.monotonic()
            with client.stream("GET", f"{self.url}/models") as response:
                response.raise_for_status()
                body = b""
                for chunk in response.iter_raw():
                    body += chunk
                    if len(body) > MAX_LINE or time.monotonic() - started > CHECK_SECONDS:
                        raise ValueError("no list of models")
        return self._facts(json.loads(body))

    def _facts(self, raw: Any) -> Facts:
        rows = raw.get("data") if isinstance(raw, dict) else None
        rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else None
        if rows is None:
            raise ValueError("no list of models")
        wanted = self.settings.model
        row: dict[str, Any] = next((row for row in rows if wanted in (None, row.get("id"))), {})
        meta = row["meta"] if isinstance(row.get("meta"), dict) else {}
        return Facts(
            model=str(row["id"])[:200] if "id" in row else None,
            context_length=_count(meta.get("n_ctx")) or _count(row.get("max_model_len")),
            parameters=_count(meta.get("n_params")) or 0,
            local=is_local(self.settings.url.host or ""),
        )


def open_server(settings: EndpointSection) -> Server:
    """*settings* with its key read.

    Raises:
        ConfigError: the file of the key is not there, not readable, or not a key.
    """
    file = settings.api_key_file
    return Server(settings, _read_key(file) if file else None)


def is_local(host: str) -> bool:
    """Whether every address of *host* is this machine's own, whoever else is near.

    Visitors read it as “nothing is sent to anyone else”; a private network has others in it.
    """
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host.strip("[]"), None)}
    except (OSError, UnicodeError):
        return False
    addresses = [ipaddress.ip_address(address.split("%")[0]) for address in found]
    return bool(addresses) and all(a.is_loopback or a.is_unspecified for a in addresses)


def _read_key(file: Path) -> str:
    try:
        data = in_home(file).read_bytes()[: MAX_KEY_BYTES + 1]
        key = data.decode("ascii").strip()
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not ASCII"
        raise ConfigError("openai_key_unreadable", file=file, why=why) from None
    if not key.isprintable() or not key or " " in key or len(data) > MAX_KEY_BYTES:
        raise ConfigError("openai_key_unreadable", file=file, why="not a key")
    return key


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 < value < 10**13 else None


def _in_words(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"status {error.response.status_code}"
    return str(error)[:200] or type(error).__name__
