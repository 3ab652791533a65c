"""``chatbot-server doctor``: what is right and what is not, with the remedy."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.findings import Finding, report
from chatbot_server.config.sections import EngineSection
from chatbot_server.engine.openai.engine import OpenAIEngine
from chatbot_server.engine.process.state import read_state
from chatbot_server.errors import ChatbotError
from chatbot_server.models.machine import available_memory, cpu_flags, free_disk, needs_avx2
from chatbot_server.service.prepare import plan_engine
from chatbot_server.service.processes import check_port
from chatbot_server.storage.counters import check_counters

MEGABYTE = 1_000_000
NEEDED_MEMORY = 600 * MEGABYTE  # the embedded model, the web server and their conversations
NEEDED_DISK = 300 * MEGABYTE


@click.command(help="help_doctor")
@click.option("--json", "as_json", is_flag=True, help="help_json")
@click.pass_obj
def doctor(context: Context, /, as_json: bool) -> None:
    """Look at everything; exit 1 if anything is wrong."""
    report(examine(context), as_json)


def examine(context: Context) -> Iterator[Finding]:
    """Each finding as it is made; what depends on the configuration needs a good one."""
    yield _machine(context)
    yield _enough(context, "memory", available_memory(), NEEDED_MEMORY)
    configuration = _try(context, "config", lambda: _configuration(context))
    yield configuration
    if configuration.ok:
        yield _enough(context, "disk", free_disk(context.config.data_dir), NEEDED_DISK)
        yield _try(context, "database", lambda: _database(context))
        yield _try(context, "counters", lambda: _counters(context))
        yield _try(context, "port", lambda: _port(context))
        yield from _models(context)


def _try(context: Context, name: str, look: Callable[[], str]) -> Finding:
    """What *look* says is right, or raises as wrong."""
    try:
        return Finding(name, True, look())
    except ChatbotError as error:
        return Finding(name, False, error.sentence(context.language))


def _machine(context: Context) -> Finding:
    if needs_avx2() and "avx2" not in cpu_flags():
        return Finding("machine", False, context.say("doctor_no_avx2"))
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("machine", True, context.say("doctor_machine", value=version))


def _enough(context: Context, name: str, free: int, needed: int) -> Finding:
    key = f"doctor_{name}" if free >= needed else f"doctor_little_{name}"
    sentence = context.say(key, free=free // MEGABYTE, needed=needed // MEGABYTE)
    return Finding(name, free >= needed, sentence)


def _configuration(context: Context) -> str:
    context.config  # noqa: B018  (reading it loads and checks it)
    return context.say("doctor_config", file=context.config_file)


def _database(context: Context) -> str:
    context.database.ping()
    address = context.database.engine.url.render_as_string(hide_password=True)
    return context.say("doctor_database", address=address)


def _counters(context: Context) -> str:
    address = check_counters(context.config.limits.storage)
    return context.say("doctor_counters", address=address)


def _port(context: Context) -> str:
    server = context.config.server
    # This very server may hold it already.
    if read_state(context.config.run_dir).supervisor == 0:
        check_port(server.host, server.port)
    return context.say("doctor_port", address=f"{server.host}:{server.port}")


def _models(context: Context) -> Iterator[Finding]:
    """The model here, or each of those elsewhere."""
    engine = context.config.engine
    if engine.kind != "openai":
        yield _try(context, "model", lambda: _model(context))
    for endpoint in engine.endpoints if engine.kind == "openai" else ():
        alone = engine.model_copy(update={"endpoints": (endpoint,)})
        yield _try(context, "model", partial(_endpoint, context, alone))


def _endpoint(context: Context, settings: EngineSection) -> str:
    with closing(OpenAIEngine(settings)) as engine:
        model = engine.info().model
    return context.say("doctor_endpoint", address=settings.endpoints[0].url, model=model)


def _model(context: Context) -> str:
    plan = plan_engine(context.config)
    if plan is None:
        return context.say("doctor_no_model")
    found = context.say("doctor_model", file=plan.settings.path, engine=plan.settings.kind)
    return f"{found} {plan.why(context.language)}".strip()
