"""The composition root: the one place that knows every part."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from functools import partial

from flask import Flask
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from chatbot_server.config import Config, find_config, load_config
from chatbot_server.conversation.alerts import Alerts
from chatbot_server.conversation.cache import AnswerCache
from chatbot_server.conversation.live import fitting_streams
from chatbot_server.conversation.record import Recorder
from chatbot_server.conversation.service import ConversationService
from chatbot_server.conversation.turn import TurnParts
from chatbot_server.conversation.unfinished import mend_cut_answers
from chatbot_server.conversation.warm_up import warm_up
from chatbot_server.energy.meter import EnergyMeter
from chatbot_server.energy.power import PowerCounter
from chatbot_server.engine.base import Engine
from chatbot_server.engine.process.state import chosen_model
from chatbot_server.logs import set_up_logging
from chatbot_server.models.machine import available_memory
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.index.embedder import (
    APPLICATION_LOADING_SECONDS,
    VISITOR_LOADING_SECONDS,
    make_embedder,
)
from chatbot_server.retrieval.read.extractor import Extractor
from chatbot_server.service.answering import build_engine, sampling
from chatbot_server.service.children import call_job
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.asked_sites import AskedSites
from chatbot_server.storage.owners.accounts import session_hashes
from chatbot_server.web.admin.access import COOKIE
from chatbot_server.web.admin.blueprint import LARGEST_FORM, admin_blueprint
from chatbot_server.web.admin.pages import AdminParts
from chatbot_server.web.health import health_blueprint
from chatbot_server.web.metrics_page import StateCollector, set_metrics_apart
from chatbot_server.web.middleware.address import set_public_address
from chatbot_server.web.middleware.headers import plain_addresses, with_headers
from chatbot_server.web.middleware.limits.rate_limits import RateLimits
from chatbot_server.web.middleware.log_lines import brake_log
from chatbot_server.web.middleware.open_sessions import OpenSessions
from chatbot_server.web.middleware.origins import set_own_names
from chatbot_server.web.middleware.problems import register_problems
from chatbot_server.web.middleware.proxies import watch_proxies
from chatbot_server.web.middleware.request_ids import REQUEST_ID, register_request_ids
from chatbot_server.web.middleware.uploads import UploadRequest, UploadTickets
from chatbot_server.web.push import MAX_BODY, SIGNATURE_HEADERS, push_blueprint
from chatbot_server.web.security_txt import security_txt_blueprint
from chatbot_server.web.server.worker_settings import (
    LongBody,
    recognise_sessions,
    set_worker_limits,
    stream_bodies,
    worker_settings_of,
)
from chatbot_server.web.v1.routes import BATCH_BYTES, BODY_BYTES, openai_blueprint
from chatbot_server.web.v1.wrong_paths import wrong_paths_blueprint
from chatbot_server.web.visitor.chat import chat_blueprint
from chatbot_server.web.visitor.contact import contact_blueprint
from chatbot_server.web.visitor.conversations import conversations_blueprint
from chatbot_server.web.visitor.demo import demo_blueprint
from chatbot_server.web.visitor.feedback import feedback_blueprint
from chatbot_server.web.visitor.page import page_blueprint
from chatbot_server.web.visitor.panel import panel_blueprint
from chatbot_server.web.visitor.parts import VisitorParts
from chatbot_server.web.visitor.widget import widget_blueprint

LONG_BODIES = (
    LongBody("/v1/embeddings", BATCH_BYTES, ("Authorization",)),
    LongBody("/v1/", BODY_BYTES, ("Authorization",)),
    LongBody("/api/knowledge/", MAX_BODY, SIGNATURE_HEADERS),
    LongBody("/admin/", LARGEST_FORM, needs_log_in=True),
)
VISITOR_ROUTES = (
    chat_blueprint,
    conversations_blueprint,
    panel_blueprint,
    feedback_blueprint,
    contact_blueprint,
    page_blueprint,
)
# The headers that the widget sends, and those that it reads.
CROSS_ORIGIN = {
    "origins": "*",
    "max_age": 600,
    "allow_headers": ("Authorization", "Content-Type", "Last-Event-ID"),
    "expose_headers": (REQUEST_ID, "Retry-After"),
}


def application() -> Flask:
    """The application that gunicorn runs, configured by the file in ``CHATBOT_CONFIG``."""
    config = load_config(find_config())
    set_up_logging(config.server.log_level, config.server.log_format)
    brake_log()
    database = Database(config.database_url)
    mend_cut_answers(database, is_start=True)
    app = create_app(config, build_engine(config), database)
    threading.Thread(target=warm_up, args=(database,), name="warm-up", daemon=True).start()
    gc.freeze()  # what was imported stays: the collector need not look at it again
    return app


def create_app(config: Config, engine: Engine, database: Database) -> Flask:
    """The web application, from parts that are ready to use."""
    app = app_without_routes(config)
    rates = RateLimits(config.limits)
    call = partial(call_job, config.run_dir)
    send_mail = partial(call, "mail") if config.mail.host else None
    alerts = Alerts(send_mail, deliver_events=partial(call, "webhooks"))
    # Visitors and owners share one process that makes vectors, and one copy of each site's index.
    before_wait = worker_settings_of(app).waits.begin
    knowledge = build_knowledge(config, database, before_wait)
    service = build_service(config, engine, database, knowledge, alerts)
    visitor_parts = VisitorParts(
        config=config,
        database=database,
        engine=engine,
        service=service,
        sites=AskedSites(database),
        rates=rates,
        alerts=alerts,
    )
    for make_blueprint in VISITOR_ROUTES:
        app.register_blueprint(make_blueprint(visitor_parts))
    # Applications have another such process: their thousand texts must not hold up a visitor.
    vectors = make_embedder(
        config.retrieval.semantic, config.encoder_dir, APPLICATION_LOADING_SECONDS, before_wait
    )
    app.register_blueprint(openai_blueprint(engine, database, rates, sampling(config), vectors))
    app.register_blueprint(wrong_paths_blueprint())
    on_push = partial(call, "embed") if vectors else lambda: None
    app.register_blueprint(push_blueprint(database, Extractor(), on_push))
    admin_parts = AdminParts(
        config=config,
        database=database,
        engine=engine,
        knowledge=knowledge,
        rates=rates,
        call_job=call,
        tickets=UploadTickets(),
        sessions=open_sessions(database),
    )
    add_owner_pages(app, admin_parts)
    app.register_blueprint(
        health_blueprint(engine, database, config.data_dir, partial(needs_model, config))
    )
    app.register_blueprint(demo_blueprint(database))
    app.register_blueprint(widget_blueprint(config.data_dir / "widget"))
    app.register_blueprint(security_txt_blueprint(config.server.security_contact))
    set_metrics_apart(app, config.metrics, StateCollector(engine, database, vectors))
    return app


def app_without_routes(config: Config) -> Flask:
    """An application without routes, with everything that concerns all requests."""
    app = Flask(__name__, static_folder="web/static", static_url_path="")
    app.request_class = UploadRequest
    app.config["MAX_CONTENT_LENGTH"] = config.limits.body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = config.limits.body_bytes
    app.wsgi_app = with_headers(plain_addresses(app.wsgi_app))  # type: ignore[method-assign,assignment]
    # No function of a request is a coroutine; Flask looks at each of them, each time.
    app.ensure_sync = lambda func: func  # type: ignore[method-assign]
    set_public_address(app, config.server)
    if proxies := config.server.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, proxies, proxies, proxies, x_prefix=proxies
        )
    watch_proxies(app, config)
    # Who may ask is decided by check_origin, which needs the site. CORS only lets a refused
    # page read why; nothing here depends on a cookie.
    CORS(app, resources={r"/api/*": CROSS_ORIGIN}, send_wildcard=True)
    register_request_ids(app)
    register_problems(app)
    set_worker_limits(app, config, LONG_BODIES)
    set_own_names(app, config.server)
    return app


def add_owner_pages(app: Flask, parts: AdminParts) -> None:
    """Add the owner's pages to *app*, and tell its worker whose long bodies it is to read."""
    app.register_blueprint(admin_blueprint(parts))
    stream_bodies(app, parts.tickets.admits_request)
    recognise_sessions(app, parts.sessions.is_logged_in)


def open_sessions(database: Database) -> OpenSessions:
    """The log-ins to the owner's pages."""
    with database.session() as session:
        return OpenSessions(COOKIE, session_hashes(session))


def needs_model(config: Config) -> bool:
    """Whether a model is to answer, which the owner may change while the server runs."""
    has_local_model = chosen_model(config.run_dir, config.engine.model) is not None
    return has_local_model or config.engine.kind == "openai"


def build_knowledge(
    config: Config, database: Database, before_wait: Callable[[], None] = lambda: None
) -> KnowledgeBase:
    """The owner's pages; *before_wait* is called in each thread that waits for vectors."""
    embedder = make_embedder(
        config.retrieval.semantic, config.encoder_dir, VISITOR_LOADING_SECONDS, before_wait
    )
    return KnowledgeBase(database, embedder)


def build_service(
    config: Config,
    engine: Engine,
    database: Database,
    knowledge: KnowledgeBase,
    alerts: Alerts | None = None,
) -> ConversationService:
    """The conversations of all sites."""
    parts = TurnParts(
        engine,
        knowledge,
        Recorder(database, alerts),
        sampling(config),
        AnswerCache(config.cache.answers, 60 * config.cache.minutes),
        build_meter(config, engine, knowledge),
    )
    return ConversationService(
        database,
        parts,
        retention_days=config.privacy.retention_days,
        streams=config.limits.streams or fitting_streams(available_memory()),
        visitor_streams=config.limits.visitor_streams,
        masks=config.privacy.mask,
    )


def build_meter(config: Config, engine: Engine, knowledge: KnowledgeBase) -> EnergyMeter:
    """The meter of the energy that this process, the engine and the embedder take."""

    def pids() -> set[int]:
        return {os.getpid(), *engine.pids(), *knowledge.pids()}

    return EnergyMeter(
        pids,
        config.energy.core_watts,
        PowerCounter.find(),
        has_model=config.engine.kind != "openai",
    )
