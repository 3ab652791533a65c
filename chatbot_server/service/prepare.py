"""Prepares the start of an engine: finds the model, checks it, and chooses its engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import time

from chatbot_server.config import Config
from chatbot_server.config.sections import EngineName
from chatbot_server.conversation.model.instructions import common_instructions
from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.base import ASLEEP, Engine, EngineInfo
from chatbot_server.engine.process.client import SocketEngine
from chatbot_server.engine.process.state import NO_ENGINE, Change, EngineRecord, write_change
from chatbot_server.engine.process.supervisor import local_engine
from chatbot_server.engine.registry import choose_engine, faster_engine
from chatbot_server.errors import ChatbotError, ModelError, Unavailable
from chatbot_server.models.base import ModelFile, Refusal
from chatbot_server.models.files.inspect import inspect_model
from chatbot_server.models.machine import memory_of
from chatbot_server.models.store.check import ensure_memory, ensure_template
from chatbot_server.models.store.folder import find_model
from chatbot_server.prompt.assemble import assemble
from chatbot_server.prompt.base import Message, Prompt
from chatbot_server.retrieval.curate.demo import prepare_demo
from chatbot_server.service.engine_keeper import write_engine_settings
from chatbot_server.storage.counters import check_counters
from chatbot_server.storage.database import PASSING, Database
from chatbot_server.storage.site.sites import all_sites

# An unknown name of a model is a mistake of the operator, and stops the start like any other.
MISTAKES = (
    *("model_name_near", "model_name_unknown"),
    *("prompt_template_broken", "prompt_template_slow", "prompt_template_missing"),
)
WRITER_SECONDS = 1.0  # another program may have the database for long; that passes


@dataclass(frozen=True)
class EnginePlan:
    """How the engine's process is to run the configured model.

    Attributes:
        passed_over: the engines that would be preferred, and why they cannot run it.
        faster: an engine that could run it faster; None if there is none.
    """

    settings: EngineSettings
    passed_over: Mapping[EngineName, Refusal]
    faster: EngineName | None = None

    def why(self, language: str) -> str:
        """Why other engines were passed over; empty if none was."""
        return " ".join(refusal.sentence(language) for refusal in self.passed_over.values())


def prepare_start(config: Config, database: Database) -> EnginePlan | None:
    """Check the model and write down how it is to be run, for the small parent process.

    Without its model the server starts all the same, and quotes its pages: the reason is
    written down instead.

    Raises:
        ConfigError: the endpoints of ``engine.kind: openai`` cannot be used.
        ModelError: there is no model of that name, or its chat template cannot be used.
        Unavailable: the data folder cannot be written to, or requests cannot be counted.
    """
    check_counters(config.limits.storage)
    try:
        database.check_writer(WRITER_SECONDS)
    except Unavailable as error:
        if error.code not in PASSING:
            raise
    prepare_demo(database)
    with database.session() as session:
        instructions = common_instructions(all_sites(session))
    try:
        plan = plan_engine(config, instructions)
    except ModelError as error:
        if error.code in MISTAKES:
            raise
        values = {name: str(value) for name, value in error.values.items()}
        record = EngineRecord("failed", reason=error.code, values=values)
        write_engine_settings(config.run_dir, record)
        return None
    write_engine_settings(config.run_dir, plan.settings if plan else NO_ENGINE)
    return plan


def prepare_change(config: Config, database: Database) -> None:
    """Write down how the model that is configured now is to be run, for a server that runs.

    If it cannot be run, the former one goes on, and the reason is written down.

    Raises:
        Unavailable: the folder cannot be written to.
    """
    with database.session() as session:
        instructions = common_instructions(all_sites(session))
    try:
        plan, beside = _plan_beside(config, instructions)
    except ChatbotError as error:
        values = {name: str(value) for name, value in error.values.items()}
        change = Change(config.engine.model or "", "failed", error.code, values)
        write_change(config.run_dir, change)
        return
    write_engine_settings(
        config.run_dir, plan.settings if plan else NO_ENGINE, beside=beside, at=time()
    )
    if plan is None:
        write_change(config.run_dir, Change("", "done"))


def _plan_beside(config: Config, instructions: Sequence[str]) -> tuple[EnginePlan | None, bool]:
    """The plan, and whether memory holds the model beside the one that answers now."""
    try:
        return plan_engine(config, instructions), True
    except ModelError as error:
        if error.code != "model_too_big":
            raise
    freed_bytes = sum(map(memory_of, SocketEngine(config.run_dir).pids()))
    return plan_engine(config, instructions, freed_bytes), False


def plan_engine(
    config: Config, instructions: Sequence[str] = (), freed: int = 0
) -> EnginePlan | None:
    """Find the configured model and the engine that runs it; None: no model runs here.

    Args:
        instructions: the instructions of conversations; the model reads them in advance.
        freed: bytes of memory that will be free before it is loaded.

    Raises:
        ConfigError, ModelError: as :func:`prepare_start`.
    """
    engine = config.engine
    if engine.kind == "openai":
        from chatbot_server.engine.openai.engine import OpenAIEngine

        OpenAIEngine(engine).close()  # the web server makes its own of the same settings
        return None
    if engine.model is None:
        return None
    model = find_model(engine.model, config.models_dir)
    file = inspect_model(model.path)
    ensure_memory(file, engine.context_length, freed)
    kind, passed_over = choose_engine(file, engine.kind)
    family = engine.family or file.family
    ensure_template(file, family)
    settings = EngineSettings(
        path=model.path,
        kind=kind,
        cache_dir=config.models_dir / "prepared",
        model=model.title,
        family=family,
        tier=model.tier,
        context_length=engine.context_length,
        threads=engine.threads,
        slots=engine.slots,
        batch_size=engine.batch_size,
        queue=engine.queue,
        answer_seconds=engine.answer_seconds,
        state_cache_mb=engine.state_cache_mb,
        idle_seconds=60 * engine.idle_minutes,
        max_restarts=engine.max_restarts,
        warm=tuple(_opening(file, family, text) for text in instructions),
    )
    return EnginePlan(settings, passed_over, faster_engine(file, kind))


@contextmanager
def engine_for(config: Config, warn: Callable[[ModelError], None]) -> Iterator[Engine]:
    """The engine of the running server, or one for the duration of a command.

    Args:
        warn: called with the reason if there is none, so that answers come from pages alone.

    Raises:
        EngineError: the model cannot be loaded.
        ConfigError, ModelError: as :func:`prepare_start`.
    """
    if config.engine.kind == "openai":
        from chatbot_server.engine.openai.engine import OpenAIEngine

        yield OpenAIEngine(config.engine)
        return
    running = SocketEngine(config.run_dir)
    is_running = running.status().state in ("ready", "starting", "restarting", *ASLEEP)
    plan = None
    try:
        plan = None if is_running else plan_engine(config)
    except ModelError as error:
        if error.code in MISTAKES:
            raise
        warn(error)
    if plan is None:
        yield running
        return
    with local_engine(plan.settings) as engine:
        yield engine


def _opening(file: ModelFile, family: str | None, instructions: str) -> Prompt:
    """How every conversation with these instructions begins."""
    info = EngineInfo(
        model=file.name,
        engine="",
        family=family,
        chat_template=file.chat_template,
        eos_token=file.eos_token,
    )
    return assemble(info, [Message("system", instructions), Message("user", "")])
