"""Settings that the application passes to the worker which runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Flask

from chatbot_server.config import Config
from chatbot_server.web.server.crowd import household_of

_EXTENSION = "terms"


@dataclass(frozen=True)
class LongBody:
    """Bodies longer than visitors send, and of whom they are read.

    Attributes:
        path: what the paths begin with.
        headers: must be there, right or wrong; without them, nothing of a longer body is read.
    """

    path: str
    size: int
    headers: Sequence[str]

    def is_asked_by(self, head: Any) -> bool:
        """Whether gunicorn's *head* is of such a request."""
        if not head.path.startswith(self.path):
            return False
        names = {name for name, _ in head.headers}
        return all(name.upper() in names for name in self.headers)


@dataclass(frozen=True)
class Terms:
    """The limits of one worker.

    Attributes:
        body_bytes: most that is read of a request's body.
        long_bodies: exceptions from that; the first one that fits counts.
        address_connections: most connections of one address; 0: of any number.
        streams: whether the body of a request with gunicorn's head is read by the thread that
            answers it; the application bounds its length.
        proxies: so many web servers stand in front of this one.
    """

    body_bytes: int = 2_000_000
    long_bodies: Sequence[LongBody] = ()
    address_connections: int = 0
    streams: Callable[[Any], bool] = lambda head: False  # noqa: ARG005
    proxies: int = 0

    def body_limit(self, head: Any) -> int:
        """How long a body is read for the request with gunicorn's *head*."""
        sizes = (each.size for each in self.long_bodies if each.is_asked_by(head))
        return next(sizes, self.body_bytes)

    def household(self, head: Any, peer: Any) -> str:
        """Whose the request with gunicorn's *head* is, which *peer* sent.

        Behind proxies, it is of whom the first of them names.
        """
        address = peer[0] if isinstance(peer, tuple) else ""
        if self.proxies:
            lists = [value for name, value in head.headers if name == "X-FORWARDED-FOR"]
            address = ",".join(lists).split(",")[-self.proxies :][0]
        return household_of(address.strip())


def set_terms(app: Flask, config: Config, long_bodies: Sequence[LongBody]) -> None:
    """Leave the worker of *app* what *config* says; a proxy's connections are its own matter."""
    limits = config.limits
    most = 0 if config.server.trusted_proxies else limits.address_connections
    app.extensions[_EXTENSION] = Terms(
        limits.body_bytes, long_bodies, most, proxies=config.server.trusted_proxies
    )


def stream_bodies(app: Flask, streams: Callable[[Any], bool]) -> None:
    """Have the worker of *app* stream the bodies for whose head *streams* is true."""
    app.extensions[_EXTENSION] = replace(terms_of(app), streams=streams)


def terms_of(app: Any) -> Terms:
    """The settings for the worker of *app*."""
    terms: Terms = getattr(app, "extensions", {}).get(_EXTENSION, Terms())
    return terms
