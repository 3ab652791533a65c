"""``chatbot-server doctor``: what is right and what is not, with the remedy."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import click

from chatbot_server.backup.rehearsal_record import Rehearsal, last_rehearsal
from chatbot_server.cli.context import Context
from chatbot_server.cli.diagnosis.checks import report_and_exit
from chatbot_server.cli.options import JSON, day_of
from chatbot_server.diagnosis.own_server import Check
from chatbot_server.errors import ChatbotError, Unavailable
from chatbot_server.messages.numbers import file_size
from chatbot_server.models.machine import available_memory, cpu_flags, free_disk, needs_avx2

# The other parts are imported by the check that needs them: all of them together take a second,
# in which the results of the first checks can be read.
if TYPE_CHECKING:
    from chatbot_server.config.sections import EngineSection

MEGABYTE = 1_000_000
# The embedded model, the web server and their conversations, with every cache full.
NEEDED_MEMORY = 750 * MEGABYTE
NEEDED_WITHOUT_MODEL = 390 * MEGABYTE
# The memory that must be free beside a server that runs, which already has the rest.
LEFT_MEMORY = 60 * MEGABYTE
WRITER_SECONDS = 5.0
NEEDED_DISK = 300 * MEGABYTE


@click.command(help="help_doctor")
@JSON
@click.pass_obj
def doctor(context: Context, /, as_json: bool) -> None:
    """Run all checks; exit 1 if anything is wrong."""
    report_and_exit(examine(context), as_json)


def examine(context: Context) -> Iterator[Check]:
    """Run one check after the other; some need a valid configuration."""
    yield _check_machine(context)
    try:
        config, say = context.config, context.say
    except ChatbotError as error:
        yield Check("config", False, error.sentence(context.language))
        return
    yield Check("config", True, context.say("doctor_config", file=context.config_file))
    from chatbot_server.cli.diagnosis.running_server import check_server, runs_here

    yield _try(context, "server", lambda: check_server(context))
    is_running = runs_here(context)
    needed_memory = LEFT_MEMORY if is_running else _memory_to_start(config.engine)
    yield _check_enough(context, "memory", available_memory(), needed_memory)
    yield _check_enough(context, "disk", free_disk(config.data_dir), NEEDED_DISK)
    yield _try(context, "database", lambda: _check_database(context))
    yield from check_pages(context)
    from chatbot_server.storage.counters import check_counters

    if config.retrieval.browser == "auto":
        yield _check_browser(context)
    counters = config.limits.storage
    yield _try(
        context, "counters", lambda: say("doctor_counters", address=check_counters(counters))
    )
    if not is_running:
        yield _try(context, "port", lambda: _check_port(context))
    if config.untrusted_proxy_mark.exists():
        yield Check("proxies", bool(config.server.trusted_proxies), say("proxy_untrusted"))
    yield _describe_energy(context)
    if rehearsal := last_rehearsal(config.run_dir):
        yield _check_backup(context, rehearsal)
    if config.mail.host:
        yield _try(context, "mail", lambda: _check_mail(context))
    yield from _check_models(context)


def _check_machine(context: Context) -> Check:
    if needs_avx2() and "avx2" not in cpu_flags():
        return Check("machine", False, context.say("doctor_no_avx2"))
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("machine", True, context.say("doctor_machine", value=version))


def _describe_energy(context: Context) -> Check:
    from chatbot_server.energy.power import PowerCounter

    watts = context.config.energy.core_watts
    way = "measured" if PowerCounter.find() else "estimated" if watts else "unknown"
    return Check("energy", True, context.say(f"doctor_energy_{way}", watts=f"{watts:g}"))


def _check_models(context: Context) -> Iterator[Check]:
    """The model that runs here, or each endpoint by itself."""
    engine = context.config.engine
    if engine.kind != "openai":
        yield _try(context, "model", lambda: _plan_model(context))
        return
    for endpoint in engine.endpoints:
        alone = engine.model_copy(update={"endpoints": (endpoint,)})
        yield _try(context, "model", partial(_ask_endpoint, context, alone))


def _memory_to_start(engine: EngineSection) -> int:
    has_model = engine.kind != "openai" and engine.model
    return NEEDED_MEMORY if has_model else NEEDED_WITHOUT_MODEL


def _try(context: Context, name: str, check: Callable[[], str]) -> Check:
    """The result of *check*: the sentence that it returns, or the error that it raises."""
    try:
        return Check(name, True, check())
    except ChatbotError as error:
        return Check(name, False, error.sentence(context.language))


def _check_enough(context: Context, name: str, free: int, needed: int) -> Check:
    key = f"doctor_{name}" if free >= needed else f"doctor_little_{name}"
    language = context.language
    sentence = context.say(key, free=file_size(free, language), needed=file_size(needed, language))
    return Check(name, free >= needed, sentence)


def check_pages(context: Context) -> Iterator[Check]:
    """Which sites and sources have nothing to answer from; none while the database is away."""
    from chatbot_server.cli.diagnosis.sources import check_source
    from chatbot_server.retrieval.curate.listing import describe_sources
    from chatbot_server.storage.knowledge.documents import has_documents
    from chatbot_server.storage.site.sites import all_sites

    try:
        with context.database.session() as session:
            everyone = all_sites(session)
            sources = [source for site in everyone for source in describe_sources(session, site.id)]
            sites = [site for site in everyone if not (site.demo or site.free_chat)]
            silent = [site for site in sites if not has_documents(session, site.id)]
    except ChatbotError:
        return  # reported already
    for source in sources:
        yield from check_source(context, source)
    for site in silent:
        names = {"name": site.name, "key": site.key, "address": site.address}
        sentence = context.say("doctor_no_pages", **names)
        yield Check("pages", False, sentence)
    if sites and not silent:
        yield Check("pages", True, context.say("doctor_pages"))


def _check_backup(context: Context, rehearsal: Rehearsal) -> Check:
    values = {"file": rehearsal.file, "day": day_of(rehearsal.at)}
    if not rehearsal.code:
        return Check("backup", True, context.say("doctor_rehearsal", rows=rehearsal.rows, **values))
    why = context.say(rehearsal.code, **rehearsal.values)
    return Check(
        "backup", False, context.say(f"doctor_rehearsal_{rehearsal.outcome}", why=why, **values)
    )


def _check_browser(context: Context) -> Check:
    from chatbot_server.retrieval.crawl.chromium import BrowserFailed
    from chatbot_server.retrieval.crawl.rendering import usable_program

    try:
        return Check("browser", True, context.say("doctor_browser", program=usable_program()))
    except BrowserFailed as error:
        return Check("browser", False, context.say(f"doctor_{error}"))


def _check_mail(context: Context) -> str:
    from chatbot_server.mail.smtp import open_server
    from chatbot_server.storage.visitors.outbox import undelivered

    mail = context.config.mail
    with open_server(mail) as server:
        server.noop()
    with context.database.session() as session:
        unsent_mail = undelivered(session)
    if unsent_mail:
        why = context.say(unsent_mail.problem["code"], **unsent_mail.problem["values"])
        raise Unavailable("mail_waiting", count=unsent_mail.count, why=why)
    return context.say("mail_ready", host=f"{mail.host}:{mail.port}")


def _check_database(context: Context) -> str:
    from chatbot_server.storage.soundness import check_every_page

    address = context.database.ping()
    context.database.check_writer(WRITER_SECONDS)
    check_every_page(context.database, context.config.run_dir)
    return context.say("doctor_database", address=address)


def _check_port(context: Context) -> str:
    from chatbot_server.service.processes import listeners

    server = context.config.server
    for listener in listeners(context.config):
        listener.check()
    return context.say("doctor_port", address=f"{server.host}:{server.port}")


def _ask_endpoint(context: Context, settings: EngineSection) -> str:
    from chatbot_server.engine.openai.engine import OpenAIEngine

    with closing(OpenAIEngine(settings)) as engine:
        model = engine.info().model
    return context.say("doctor_endpoint", address=settings.endpoints[0].url, model=model)


def _plan_model(context: Context) -> str:
    from chatbot_server.service.prepare import plan_engine

    plan = plan_engine(context.config)
    if plan is None:
        return context.say("doctor_no_model")
    sentence = context.say("doctor_model", file=plan.settings.path, engine=plan.settings.kind)
    hint = context.say("doctor_faster") if plan.faster else ""
    return " ".join(text for text in (sentence, plan.why(context.language), hint) if text)
