"""Serves one backend over a private Unix socket."""

from __future__ import annotations

import hashlib
import json
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, replace
from typing import Any

from chatbot_server.engine.backend import Backend
from chatbot_server.engine.base import EngineInfo
from chatbot_server.engine.process import protocol
from chatbot_server.errors import BadRequest, ChatbotError, EngineBusy, EngineChanged, EngineError
from chatbot_server.prompt.base import Prompt

logger = logging.getLogger(__name__)

REQUEST_SECONDS = 10  # a client that connects and says nothing
WRITE_SECONDS = 30  # a client that does not read its answer
MAX_TEXTS = 10_000
LOOKS = ("info", "status")  # requests that do not keep an idle model in memory


class Host:
    """Answers each connection in a thread; their number is bounded."""

    def __init__(self, backend: Backend, info: EngineInfo, connections: int) -> None:
        self._backend = backend
        # The identity of a model is the same after a restart.
        digest = hashlib.sha256(json.dumps(asdict(info)).encode()).hexdigest()
        self._info = replace(info, identity=digest[:16])
        self._free_connections = threading.BoundedSemaphore(connections)
        self._watcher = DisconnectWatcher()
        self._lock = threading.Lock()
        self._working = 0
        self._worked_at = time.monotonic()
        self._operations: dict[str, Callable[[dict[str, Any]], Any]] = {
            "info": lambda _: asdict(self._info),
            "status": lambda _: self._backend.workload(),
            "count": lambda request: self._backend.count_tokens(_texts(request)),
            "count_prompt": lambda request: len(self._backend.tokenize(self._own_prompt(request))),
            "embed": lambda request: self._backend.embed(_texts(request)),
        }

    def idle_seconds(self) -> float:
        """The seconds since the model last worked."""
        with self._lock:
            return 0.0 if self._working else time.monotonic() - self._worked_at

    def serve(self, listener: socket.socket) -> None:
        """Accept connections until *listener* is closed."""
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            if self._free_connections.acquire(blocking=False):
                threading.Thread(target=self._handle, args=(connection,), daemon=True).start()
                continue
            waiting = self._backend.workload().waiting
            busy = EngineBusy("engine_busy", retry_after=5, waiting=waiting)
            with connection:
                connection.settimeout(1)
                _send_error(connection, busy)

    def _handle(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.settimeout(REQUEST_SECONDS)
                request = next(protocol.read_lines(connection), None)
                connection.settimeout(WRITE_SECONDS)
                if request is None:
                    return
                operation = str(request.get("op"))
                with self._at_work() if operation not in LOOKS else nullcontext():
                    if operation == "generate":
                        self._generate(connection, request)
                    else:
                        result = self._operations[operation](request)
                        connection.sendall(protocol.encode({"result": result}))
            except OSError:
                pass  # the client left
            except ChatbotError as error:
                _send_error(connection, error)
            except (KeyError, TypeError, ValueError):
                logger.exception("a request could not be understood")
                _send_error(connection, EngineError("engine_protocol"))
            finally:
                self._free_connections.release()

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._lock:
            self._working += 1
        try:
            yield
        finally:
            with self._lock:
                self._working -= 1
                self._worked_at = time.monotonic()

    def _own_prompt(self, request: dict[str, Any]) -> Prompt:
        """The prompt of *request*.

        Raises:
            EngineChanged: it was made for another model, in the chat format of that one.
        """
        prompt = Prompt.from_json(request["prompt"])
        if prompt.model not in ("", self._info.identity):
            raise EngineChanged("engine_changed", retry_after=1)
        return prompt

    def _generate(self, connection: socket.socket, request: dict[str, Any]) -> None:
        client_left = self._watcher.watch(connection)
        try:
            events = self._backend.generate(
                self._own_prompt(request),
                protocol.sampling_of(request["sampling"]),
                conversation=request["conversation"],
                cancelled=client_left.is_set,
            )
            for event in events:
                connection.sendall(protocol.encode(protocol.event_record(event)))
        except OSError:
            client_left.set()  # the watcher has not noticed yet
        finally:
            self._watcher.forget(connection)


class DisconnectWatcher:
    """Notices clients that leave while the threads that serve them wait for the model."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        threading.Thread(target=self._watch_all, name="watcher", daemon=True).start()

    def watch(self, connection: socket.socket) -> threading.Event:
        """An event that is set once the client has closed *connection*."""
        client_left = threading.Event()
        self._selector.register(connection, selectors.EVENT_READ, client_left)
        return client_left

    def forget(self, connection: socket.socket) -> None:
        """Stop watching; to be called before *connection* is closed, as its number is reused."""
        with suppress(KeyError):
            self._selector.unregister(connection)

    def _watch_all(self) -> None:
        while True:
            for key, _ in self._selector.select(timeout=1):
                # A client sends a single request, so that this is its end.
                key.data.set()
                with suppress(KeyError, ValueError):
                    self._selector.unregister(key.fileobj)


def _texts(request: dict[str, Any]) -> list[str]:
    texts = request["texts"]
    if not isinstance(texts, list) or len(texts) > MAX_TEXTS:
        raise BadRequest("engine_protocol")
    return [str(text) for text in texts]


def _send_error(connection: socket.socket, error: ChatbotError) -> None:
    with suppress(OSError):
        connection.sendall(protocol.encode({"error": protocol.error_record(error)}))
