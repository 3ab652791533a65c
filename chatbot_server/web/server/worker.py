"""The worker class for gunicorn: a loop that owns every socket, run by one thread at a time.

A request is read by the loop and, when it is whole, answered by the same thread; if that takes
long, another thread goes on with the loop (:class:`Leadership`). So no client keeps a thread,
however slowly it sends or reads, and a stream of events (:class:`EventStream`) needs none at all.
Why not gunicorn's own workers: ``docs/decisions/0013-a-loop-owns-the-sockets.md``.
"""

from __future__ import annotations

import errno
import gc
import os
import selectors
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from gunicorn.workers import base  # type: ignore[import-untyped]
from gunicorn.workers.gthread import PollableMethodQueue  # type: ignore[import-untyped]

from chatbot_server.web.server.connection import MOST_WAITING, Connection, State
from chatbot_server.web.server.event_stream import EventStream
from chatbot_server.web.server.incoming import (
    ReceiveTimeout,
    RequestReader,
    WholeRequest,
    expects_continue,
)
from chatbot_server.web.server.long_bodies import LONG, find_refusable
from chatbot_server.web.server.open_connections import OpenConnections, most_connections
from chatbot_server.web.server.request_handler import RequestHandler
from chatbot_server.web.server.scheduling.fair_queue import FairQueue
from chatbot_server.web.server.scheduling.leadership import NO_LEAD, Leadership
from chatbot_server.web.server.worker_settings import worker_settings_of

# Paths that the loop answers itself, so that a monitor finds the server alive while every thread is
# busy. The application never blocks there.
AT_ONCE = frozenset({"/healthz"})
TICK_SECONDS = 0.5
# The loop releases Python's global lock at each system call. It would then wait for it for 5 ms,
# Python's default.
SWITCH_SECONDS = 0.001
# New objects between two garbage collections, during which nobody is answered: 8 ms each. With ten
# times as many, as while the server starts, it takes five times as long.
NEW_OBJECTS = 5_000
ACCEPTED_AT_ONCE = 32
# gunicorn kills a worker that has not moved for a minute, and loading the application moves
# nothing: on a machine with much other work, it would be killed and started again for ever.
LOADING_SECONDS = 300.0
# How long a client that is still sending has to read an error.
CLOSE_SECONDS = 2.0
# Between the end of the streams and the end of the process, their answers are stored.
STORE_SECONDS = 1.0
BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\n"
    b"Connection: close\r\nContent-Length: 0\r\n\r\n"
)
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True)
class Task:
    """A complete request whose turn has come."""

    connection: Connection
    request: WholeRequest


class Worker(base.Worker):  # type: ignore[misc]
    """The worker class that ``serve`` gives to gunicorn.

    Attributes:
        receive_timeout: how long a request may take to come.
        patience: seconds in which a client must take some of what is sent to it.
    """

    receive_timeout = ReceiveTimeout()
    patience = 20.0

    def init_process(self) -> None:
        """Run in the new process; returns when the process is to end."""
        sys.setswitchinterval(SWITCH_SECONDS)
        self._threads = ThreadPoolExecutor(self.cfg.threads + 1, "web")  # one of them leads
        self._leadership = Leadership(self._lead, self._threads)
        self._queue = FairQueue[Connection](self.cfg.threads)
        self._selector = selectors.DefaultSelector()
        self._calls = PollableMethodQueue()
        self._calls.init()
        self._is_accepting = False
        self._ticked_at = 0.0
        self._has_loaded = threading.Event()
        threading.Thread(target=self._notify_while_loading, daemon=True).start()
        super().init_process()

    def _notify_while_loading(self) -> None:
        deadline = time.monotonic() + LOADING_SECONDS
        while not self._has_loaded.wait(TICK_SECONDS) and time.monotonic() < deadline:
            self.notify()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: finish the requests that were begun."""
        self.alive = False
        self._calls.defer(lambda: None)

    def handle_quit(self, sig: int, frame: Any) -> None:
        """SIGQUIT, SIGINT: end at once."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        super().handle_quit(sig, frame)

    def run(self) -> None:
        """Serve until the worker is told to stop, or its parent has ended."""
        self._has_loaded.set()
        gc.set_threshold(NEW_OBJECTS)
        self._selector.register(self._calls.fileno(), selectors.EVENT_READ)
        self._settings = worker_settings_of(self.wsgi)
        self._handler = RequestHandler(
            self.wsgi, self.cfg, self.receive_timeout, lambda: not self.alive, self._refuse
        )
        most = most_connections(self.cfg.worker_connections)
        self._connections = OpenConnections[Connection](
            most, self._settings.address_connections or None
        )
        self._settings.waits.on_wait(self._leadership.give_away)
        self._leadership.pass_on()
        while self.alive and self.ppid == os.getppid():
            self._leadership.watch(TICK_SECONDS)
        self.alive = False
        self._calls.defer(lambda: None)
        self._leadership.take()
        self._accept_more(False)
        for listener in self.sockets:  # at once: the next server needs the port
            listener.close()
        self._finish(time.monotonic() + max(1.0, self.cfg.graceful_timeout - 0.5))
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _lead(self, number: int) -> None:
        """Run the loop, as long as the lead of this *number* lasts."""
        while self._leadership.lasts(number) and self.alive:
            self._accept_more(self._connections.has_room)
            self._turn()
            if task := self._next():
                self._leadership.begin_answer()
                self._answer(task, number)

    def _next(self) -> Task | None:
        """The next request to answer; what was refused while it waited is passed over."""
        while connection := self._queue.take():
            request, connection.waiting = connection.waiting, None
            if request:
                return Task(connection, request)
            self._queue.done(connection)
        return None

    def _finish(self, deadline: float) -> None:
        """Wait for running answers to end, as long as there is time."""
        while len(self._connections) and time.monotonic() < deadline - STORE_SECONDS:
            self._turn()
            while task := self._next():
                self._threads.submit(self._answer, task, NO_LEAD)
            for connection in [each for each in self._connections if each.is_idle]:
                self._close(connection)
        had_any = bool(len(self._connections))
        for connection in self._connections:
            self._close(connection)
        if had_any:
            time.sleep(min(STORE_SECONDS, max(0.0, deadline - time.monotonic())))

    def _turn(self) -> None:
        """One round of the loop: handle all events."""
        for key, events in self._selector.select(self._queue.seconds_left(TICK_SECONDS)):
            if key.data is None:
                self._calls.run_callbacks(key.fileobj)
            elif isinstance(key.data, Connection):
                self._step(key.data, events)
            else:
                self._accept(key.data)
        now = time.monotonic()
        if now - self._ticked_at >= TICK_SECONDS:
            self._ticked_at = now
            self._tick(now)

    def _tick(self, now: float) -> None:
        self.notify()  # not in each round: it writes to a file
        for connection in self._connections:
            if connection.is_overdue(now):
                self._close(connection)
            elif connection.state is State.STREAMING:
                self._guard(connection, self._pump)

    def _accept_more(self, is_wanted: bool) -> None:
        """Watch the listening sockets, or no longer."""
        if is_wanted == self._is_accepting:
            return
        self._is_accepting = is_wanted
        for listener in self.sockets:
            if is_wanted:
                listener.setblocking(False)
                self._selector.register(listener, selectors.EVENT_READ, listener)
            else:
                self._selector.unregister(listener)

    def _accept(self, listener: Any) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                sock, client = listener.accept()
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS):
                    time.sleep(0.05)  # it can only be tried again
                return
            settings = self._settings
            reader = RequestReader(
                self.cfg, client, self.receive_timeout, settings.body_limit, settings.streams
            )
            connection = Connection(sock, client, reader, self._selector)
            if leaving := self._connections.add(connection):
                self._close(leaving)
            if connection.is_open:
                self._guard(connection, self._read_next)
            if not self._connections.has_room:
                return

    def _step(self, connection: Connection, events: int) -> None:
        """Handle a connection that can be read or written."""
        if events & selectors.EVENT_WRITE and connection.is_open:
            self._guard(connection, self._send)
        if events & selectors.EVENT_READ and connection.is_open:
            self._guard(connection, self._receive)

    def _guard(self, connection: Connection, step: Any) -> None:
        """Do *step*; an error closes this connection and no other."""
        try:
            step(connection)
        except OSError:
            self._close(connection)
        except Exception:
            self.log.exception("a connection failed")
            self._close(connection)

    def _receive(self, connection: Connection) -> None:
        if connection.state is State.STREAMING:
            if connection.has_left():
                self._close(connection)
            return
        if connection.state in (State.WORKING, State.SENDING):  # it has its answer first
            connection.ignore_input()
            return
        data = connection.receive()
        if data == b"":
            self._close(connection)
        elif data and connection.is_reading:
            self._take(connection, partial(connection.reader.feed, data))
            if connection.body_size > LONG:
                while other := find_refusable(self._connections, self._settings):
                    self._guard(other, self._say_busy)

    def _say_busy(self, connection: Connection) -> None:
        connection.reader.drop()
        connection.waiting = connection.response = None
        connection.outbox.sendall(BUSY)
        self._send_all(connection)

    def _read_next(self, connection: Connection) -> None:
        connection.state = State.READING
        connection.watch(selectors.EVENT_READ)
        is_pipelined = not connection.reader.is_idle
        self._take(connection, connection.reader.begin, is_pipelined=is_pipelined)

    def _take(self, connection: Connection, read: Any, *, is_pipelined: bool = False) -> None:
        """Call *read* of the reader; if the request is complete, queue it to be answered."""
        try:
            request = read()
        except Exception as error:  # gunicorn has a status for each fault of a request
            self._refuse(connection, error)
            self._send_all(connection)
            return
        if request is None:
            connection.deadline = connection.reader.deadline
            if connection.reader.is_idle and connection.response is not None:
                connection.deadline = time.monotonic() + self.cfg.keepalive
            if connection.reader.expects_continue():
                connection.outbox.sendall(GO_ON)
                connection.send(self.patience)
            return
        if request.missing and any(each.is_body_streamed for each in self._connections):
            self._say_busy(connection)
            return
        connection.state, connection.is_body_streamed = State.WORKING, bool(request.missing)
        # This also clears the mark: gunicorn would answer it with a method that an outbox lacks.
        if expects_continue(request.head) and request.missing:
            connection.outbox.sendall(GO_ON)
        if request.head.path in AT_ONCE:
            connection.stream = self._handler.handle(connection, request)
            self._answered(connection)
            return
        household = self._settings.household(request.head, connection.client)
        connection.waiting = request
        self._queue.add(household, connection, is_pipelined=is_pipelined)

    def _answer(self, task: Task, lead: int) -> None:
        """Have the application answer *task*; the loop goes on with it where *lead* has ended."""
        answer = Future[EventStream | None]()
        try:
            answer.set_result(self._handler.handle(task.connection, task.request))
        except BaseException as error:  # it belongs to this connection
            answer.set_exception(error)
        if self._leadership.end_answer(lead):
            self._done(task, answer)
        else:
            self._calls.defer(self._done, task, answer)

    def _refuse(self, connection: Connection, error: Exception) -> None:
        """Answer with gunicorn's status for *error*; nothing of the request is logged."""
        if isinstance(error, ParseException):
            self.log.warning("a request was refused: %s", type(error).__name__)
        else:
            self.log.error("a request failed", exc_info=error)
        connection.response = None
        self.handle_error(None, connection.outbox, None, error)

    def _done(self, task: Task, future: Future[EventStream | None]) -> None:
        connection = task.connection
        self._queue.done(connection)
        try:
            connection.stream = future.result()
        except OSError:  # the client has left
            self._close(connection)
        except Exception:
            self.log.exception("an answer failed")
            self._close(connection)
        else:
            self._answered(connection)

    def _answered(self, connection: Connection) -> None:
        connection.is_body_streamed = False
        if not connection.is_open:  # closed while it was answered, when the server stopped
            self._close(connection)
        elif connection.stream is None:
            self._guard(connection, self._send_all)
        else:
            connection.state = State.STREAMING
            connection.stream.notifier.on_notify(partial(self._call, connection))
            connection.watch(selectors.EVENT_READ)  # the end, if the client leaves
            self._guard(connection, self._pump)

    def _call(self, connection: Connection) -> None:
        """Note that the stream of a connection has new data; called from any thread."""
        if not connection.is_called:
            connection.is_called = True
            self._calls.defer(self._guard, connection, self._pump)

    def _pump(self, connection: Connection) -> None:
        """Send the available part of a stream."""
        connection.is_called = False
        stream = connection.stream
        if stream is None or connection.outbox.size > MOST_WAITING:
            return
        if data := stream.take():
            connection.response.write(data)
        if stream.is_over:
            connection.response.close()
            connection.stream = None
            stream.close()
            self._send_all(connection)
        elif connection.outbox.size:
            connection.send(self.patience)

    def _send_all(self, connection: Connection) -> None:
        """Send a finished answer, then read the next request or close."""
        connection.state = State.SENDING
        self._send(connection)

    def _send(self, connection: Connection) -> None:
        if not connection.send(self.patience):
            return
        response = connection.response
        if connection.state is State.STREAMING:
            self._pump(connection)
        elif connection.state is not State.SENDING:
            return
        elif response is None or response.should_close() or not self.cfg.keepalive:
            connection.end(CLOSE_SECONDS)
        elif connection.reader.is_idle:
            self._read_next(connection)
        else:  # more came behind the request: others have their turn first
            self._calls.defer(self._guard, connection, self._read_next)

    def _close(self, connection: Connection) -> None:
        self._connections.discard(connection)
        try:
            connection.close()
        except Exception:
            self.log.exception("a stream could not be closed")
