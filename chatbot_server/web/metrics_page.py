"""``/metrics`` for Prometheus, on a listener of its own that shows nothing else."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask
from prometheus_client import REGISTRY, CollectorRegistry, make_wsgi_app
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from chatbot_server.config.sections import MetricsSection
from chatbot_server.engine.base import Engine
from chatbot_server.errors import ChatbotError
from chatbot_server.retrieval.index.embedder import Embedder
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import index_size

COUNTS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
ENGINE_STATES = ("starting", "ready", "restarting", "idle", "waking", "failed", "none")


class StateCollector(Collector):
    """Metrics that are looked up for each request: of the engine and of the index."""

    def __init__(self, engine: Engine, database: Database, vectors: Embedder | None) -> None:
        self._engine = engine
        self._database = database
        self._model = vectors.model if vectors else None

    def collect(self) -> Iterator[Metric]:
        """See :class:`prometheus_client.registry.Collector`."""
        status = self._engine.status()
        state = GaugeMetricFamily("chatbot_engine_state", "1: the engine is so.", labels=["state"])
        for name in ENGINE_STATES:
            state.add_metric([name], float(status.state == name))
        yield state
        yield CounterMetricFamily(
            "chatbot_engine_restarts", "Starts after a crash.", value=status.restarts
        )
        busy, waiting = self._engine.workload()
        yield GaugeMetricFamily("chatbot_engine_answers", "Completions being made.", value=busy)
        yield GaugeMetricFamily("chatbot_engine_queue", "Waiting for a slot.", value=waiting)
        with suppress(ChatbotError):  # without the database, the rest is still reported
            with self._database.session() as session:
                size = index_size(session, self._model)
            for name, help_, value in (
                ("documents", "Pages, files, notes and entries of all sites.", size.documents),
                ("chunks", "What is indexed of them.", size.chunks),
                ("chunks_waiting", "Not yet to be found by meaning.", size.chunks_waiting),
            ):
                yield GaugeMetricFamily(f"chatbot_index_{name}", help_, value=value)


def set_metrics_apart(app: Flask, section: MetricsSection, collector: StateCollector) -> None:
    """Serve ``/metrics``, and nothing else, on the separate listener of *section*."""
    if section.port is None:
        return
    # Around the whole application, so that neither listener serves the routes of the other.
    public, show = app.wsgi_app, make_wsgi_app(registry_of(collector))

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["SERVER_PORT"] != str(section.port):
            return public(environ, start_response)
        if refusal := refusal_of(environ, section.token):
            start_response(refusal, [("Content-Length", "0"), ("WWW-Authenticate", "Bearer")])
            return [b""]
        forget_ended_processes()
        page: Iterable[bytes] = show(environ, start_response)
        return page

    app.wsgi_app = application  # type: ignore[method-assign]


def refusal_of(environ: dict[str, Any], token: str | None) -> str | None:
    """The status of a refused request; None if it is to be answered."""
    header = environ.get("HTTP_AUTHORIZATION", "").encode("utf-8", "replace")
    if token and not hmac.compare_digest(header, f"Bearer {token}".encode()):
        return "401 Unauthorized"
    return None if environ["PATH_INFO"] == "/metrics" else "404 Not Found"


def registry_of(collector: StateCollector) -> CollectorRegistry:
    """The metrics of this process, or of all that share a folder, and those of *collector*."""
    registry = CollectorRegistry()
    if COUNTS_FOLDER in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    registry.register(collector)
    return registry


def forget_ended_processes() -> None:
    """Drop the live gauges of processes that have ended; their counters stay."""
    if folder := os.environ.get(COUNTS_FOLDER):
        for file in Path(folder).glob("gauge_live*_*.db"):
            pid = int(file.stem.rpartition("_")[2])
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
            except OSError:
                continue
