"""Fixtures that every room shares: databases, the real model, a real running server."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from _pytest.nodeid import coerce_node_id
from argon2 import PasswordHasher
from flask import Flask
from httpx import create_ssl_context
from httpx._transports import default as httpx_transports
from hypothesis import HealthCheck, settings
from support.browsers import axe_source, browser, chromium, firefox, images, playwright
from support.compiled_once import CompiledTemplates, share_builders
from support.database.migrated import Template
from support.models.embedded_model import smollm2, smollm2_wheel
from support.servers.live_server import LiveServer, is_personal
from support.servers.owner_server import OwnerServer
from support.servers.ports import free_port
from support.servers.postgresql import Cluster
from support.servers.web_site import WebSite
from support.sites.crawling import extractor
from werkzeug.routing import Rule

from chatbot_server.accounts import passwords
from chatbot_server.storage.database import Database

__all__ = [
    "axe_source",
    "browser",
    "chromium",
    "firefox",
    "images",
    "playwright",
    "smollm2",
    "smollm2_wheel",
]


# The same examples on every machine, however slow: what one run finds, each run finds.
settings.register_profile(
    "same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("same")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while tests are collected: half of that time would go into it.

    What was collected stays until the end, so later searches leave it out.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of a group in one worker: what they share is made once, in their order.

    xdist 3.8 writes the group into a field that pytest 9.2 does not read any more.
    """
    if getattr(config.option, "loadgroup", False):
        for item in items:
            mark = item.get_closest_marker("xdist_group")
            if mark and not item.nodeid.endswith(f"@{mark.args[0]}"):
                item._id = coerce_node_id(f"{item.nodeid}@{mark.args[0]}")


@pytest.fixture
def web() -> Iterator[WebSite]:
    """A real web site on loopback, to be read."""
    site = WebSite()
    yield site
    site.close()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person who runs the tests changes what they see."""
    for name in os.environ:
        if is_personal(name):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed in a millisecond; tests/accounts hashes them as a server does."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", hasher)


@pytest.fixture(scope="session", autouse=True)
def read_once() -> Iterator[None]:
    """Certificates are read once and not for each client; templates and routes compiled once."""
    with pytest.MonkeyPatch.context() as patch:
        authorities = cache(create_ssl_context)
        patch.setattr(httpx_transports, "create_ssl_context", authorities)
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": CompiledTemplates()})
        patch.setattr(Rule, "_compile_builder", share_builders(Rule._compile_builder))
        yield


@pytest.fixture(scope="session", autouse=True)
def close_extractor() -> Iterator[None]:
    """Ends the child that read pages for this process."""
    yield
    extractor.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """What new SQLite databases are copied from."""
    return Template(tmp_path_factory.mktemp("template") / "migrated.db")


@pytest.fixture(autouse=True)
def migrations(template: Template, monkeypatch: pytest.MonkeyPatch) -> None:
    """Migrations run once, and not for each database; tests/storage runs them all."""
    monkeypatch.setattr(Database, "migrate", lambda database: template.migrate(database))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A real PostgreSQL with pgvector, one for each worker."""
    cluster = Cluster()
    yield cluster
    cluster.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'folder' / 'chatbot.db'}"
    else:
        with request.getfixturevalue("postgresql").cleared_database() as url:
            yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database with all its tables, once of each kind."""
    database = Database(database_url)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database with all its tables, in the file ``chatbot.db`` of *tmp_path*."""
    database = Database(f"sqlite:///{tmp_path / 'chatbot.db'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnerServer]:
    """A server with owner's pages that has a site, and no account yet."""
    monkeypatch.setattr("chatbot_server.app.Extractor", lambda: extractor)
    server = OwnerServer(tmp_path)
    yield server
    server.database.close()


@pytest.fixture(scope="session")
def cache_folder() -> Path:
    """Where what takes long to fetch or make is kept between runs: the model, the encoder."""
    default = Path.home() / ".cache" / "chatbot-server-tests"
    folder = Path(os.environ.get("CHATBOT_TEST_CACHE", default))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def encoder_dir(cache_folder: Path) -> Path:
    """The folder of the encoder with 8-bit weights, which takes a second to make."""
    return cache_folder / "encoder"


@pytest.fixture(scope="session")
def make_server(
    tmp_path_factory: pytest.TempPathFactory,
    smollm2: Path,
) -> Iterator[Callable[..., LiveServer]]:
    """Makes servers, not started yet; ``make_server(engine={"slots": 1})`` changes settings."""
    made: list[LiveServer] = []

    def make(**sections: dict[str, Any]) -> LiveServer:
        folder = tmp_path_factory.mktemp("server")
        port = free_port()
        # One thread: ggml's threads spin, and two tests at once on two cores would crawl.
        engine: dict[str, Any] = {"model": str(smollm2), "threads": 1, "slots": 2}
        # Greedy: the same answer each time, so none is short or empty by chance.
        engine |= {"max_tokens": 40, "context_length": 768, "temperature": 0}
        limits: dict[str, Any] = {"visitor": ["10000 per minute"], "site": ["10000 per minute"]}
        limits["visitor_streams"] = 24  # all come from one address
        settings: dict[str, Any] = {
            "data_dir": "data",
            "server": {"port": port} | sections.pop("server", {}),
            "engine": engine | sections.pop("engine", {}),
            "limits": limits | sections.pop("limits", {}),
            # Tests ask the same question again to see the model at work.
            "cache": {"answers": 0},
        } | sections
        server = LiveServer(folder, port, settings)
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="session")
def live_server(make_server: Callable[..., LiveServer]) -> LiveServer:
    """One running server with the embedded model, shared by a worker's tests."""
    server = make_server(metrics={"port": free_port()})
    server.start()
    return server
