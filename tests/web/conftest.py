"""Visitors of a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support.servers.live_server import LiveServer
from support.servers.visitor import Visitor


@pytest.fixture(scope="session")
def visitor(live_server: LiveServer) -> Visitor:
    """A visitor of the site where the model writes freely."""
    return Visitor(live_server.url, live_server.playground_key)


@pytest.fixture(scope="module")
def reader(make_server: Callable[..., LiveServer]) -> Iterator[Visitor]:
    """A visitor who asks for stories: a thousand tokens, never over before the test is."""
    long = {"max_tokens": 1024, "context_length": 2048, "repetition_penalty": 1.0}
    server = make_server(engine=long)
    server.start()
    yield Visitor(server.url, server.playground_key)
    server.stop()
