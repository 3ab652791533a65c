"""Settings that the application passes to the worker which runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Flask

from chatbot_server.config import Config
from chatbot_server.web.server.open_connections import household_of

_EXTENSION = "worker_settings"


@dataclass(frozen=True)
class LongBody:
    """Requests with longer bodies than visitors send.

    Attributes:
        path: the beginning of their paths.
        size: the most bytes of their bodies that are read.
        headers: the headers that they must have, whatever their values. Without these, no more of a
            body is read than of a visitor's.
        needs_log_in: whether they must come from a browser that is logged in, too.
    """

    path: str
    size: int
    headers: Sequence[str] = ()
    needs_log_in: bool = False

    def is_asked_by(self, head: Any) -> bool:
        """Whether gunicorn's *head* is of such a request."""
        if not head.path.startswith(self.path):
            return False
        names = {name for name, _ in head.headers}
        return all(name.upper() in names for name in self.headers)


class Waits:
    """Tells the worker that a thread of the application is about to wait."""

    def __init__(self) -> None:
        self._listener: Callable[[], None] | None = None

    def on_wait(self, listener: Callable[[], None]) -> None:
        """Call *listener* at each wait, in the thread that waits."""
        self._listener = listener

    def begin(self) -> None:
        """Called by the application before it waits."""
        if self._listener:
            self._listener()


@dataclass(frozen=True)
class WorkerSettings:
    """The limits of one worker.

    Attributes:
        body_bytes: the most bytes of a request's body that are read.
        long_bodies: exceptions from that; the first one that fits counts.
        address_connections: the most connections of one address; 0: no limit.
        streams: whether, given gunicorn's head, the thread that answers the request reads its body;
            the application limits its length.
        is_logged_in: whether, given gunicorn's head, a request comes from a browser in which
            somebody is logged in to the owner's pages; it is told without waiting.
        proxies: the number of web servers in front of this one.
        waits: where the application tells that a thread waits.
    """

    body_bytes: int = 2_000_000
    long_bodies: Sequence[LongBody] = ()
    address_connections: int = 0
    streams: Callable[[Any], bool] = lambda head: False  # noqa: ARG005
    is_logged_in: Callable[[Any], bool] = lambda head: False  # noqa: ARG005
    proxies: int = 0
    waits: Waits = field(default_factory=Waits)

    def body_limit(self, head: Any) -> int:
        """How long a body is read for the request with gunicorn's *head*."""
        for each in self.long_bodies:
            if each.is_asked_by(head) and (not each.needs_log_in or self.is_logged_in(head)):
                return each.size
        return self.body_bytes

    def household(self, head: Any, peer: Any) -> str:
        """The household that a request with gunicorn's *head* comes from.

        It is that of *peer*, or, behind proxies, of the address that the first of them names.
        """
        address = peer[0] if isinstance(peer, tuple) else ""
        if self.proxies:
            lists = [value for name, value in head.headers if name == "X-FORWARDED-FOR"]
            address = ",".join(lists).split(",")[-self.proxies :][0]
        return household_of(address.strip())


def set_worker_limits(app: Flask, config: Config, long_bodies: Sequence[LongBody]) -> None:
    """Pass the limits in *config* to the worker of *app*; a proxy's connections are not limited."""
    limits = config.limits
    most = 0 if config.server.trusted_proxies else limits.address_connections
    app.extensions[_EXTENSION] = WorkerSettings(
        limits.body_bytes, long_bodies, most, proxies=config.server.trusted_proxies
    )


def stream_bodies(app: Flask, streams: Callable[[Any], bool]) -> None:
    """Have the worker of *app* stream the bodies for whose head *streams* is true."""
    app.extensions[_EXTENSION] = replace(worker_settings_of(app), streams=streams)


def recognise_sessions(app: Flask, is_logged_in: Callable[[Any], bool]) -> None:
    """Have the worker of *app* ask *is_logged_in* whether a head is of a browser logged in."""
    app.extensions[_EXTENSION] = replace(worker_settings_of(app), is_logged_in=is_logged_in)


def worker_settings_of(app: Any) -> WorkerSettings:
    """The settings for the worker of *app*."""
    settings: WorkerSettings = getattr(app, "extensions", {}).get(_EXTENSION, WorkerSettings())
    return settings
