"""Language models: which this machine can run, downloading them, and the choice."""

from __future__ import annotations

from contextlib import suppress
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, request

from chatbot_server.config import Config, find_config, load_config
from chatbot_server.config.edit import set_setting
from chatbot_server.engine.process.state import Change, read_change, write_change
from chatbot_server.engine.registry import preferred_engine
from chatbot_server.engine.speed import measure_speed
from chatbot_server.errors import ChatbotError, NotFound, UsageError
from chatbot_server.messages import say
from chatbot_server.models.machine import available_memory, free_disk, total_memory
from chatbot_server.models.store.downloads.background import (
    DownloadState,
    download_state,
    want_model,
)
from chatbot_server.models.store.folder import add_file, installed, path_of_model
from chatbot_server.models.store.offers import Offer, all_offers, group_of_this_machine
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.pages import AdminParts, admin_language, go, problem_of, render

GIGABYTE = 1_000_000_000
# With less memory than this, a model that fits would write worse answers than the pages give.
SMALL_MACHINE = 6 * GIGABYTE


def add_models(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of the catalogue, of its download, and of the choice."""

    @bp.get(f"{PATH}/models")
    def models() -> Response:
        return _show(parts)

    @bp.post(f"{PATH}/models")
    def change_model() -> Response:
        name = request.form.get("name", "")[:200]
        try:
            action = request.form.get("action")
            if action == "measure":
                return _show(parts, speed=measure_speed(parts.engine))
            if action == "use":
                _choose(parts, name)
                report = "chosen"
            else:
                want_model(parts.config.models_dir, name)
                parts.call_job("pull")
                report = "downloading"
        except ChatbotError as error:
            return _show(parts, status=error.status, problem=_problem(error))
        return go("models", done=report, **request.args.to_dict())


def _show(parts: AdminParts, *, status: int = 200, **values: Any) -> Response:
    config = parts.config
    models_dir = config.models_dir
    remote = config.engine.kind == "openai"
    choice = None if remote else configured_now(config).engine.model
    offers = all_offers(models_dir, choice, config.engine.context_length, preferred_engine)
    others = groupby((offer for offer in offers if not offer.installed), _machine)
    return render(
        "settings/models",
        status=status,
        here=[offer for offer in offers if offer.installed],
        groups=[(machine, list(group)) for machine, group in others],
        own_group=group_of_this_machine(offers),
        chosen=choice,
        change=(change := read_change(config.run_dir)),
        change_problem=_sentence(change) if change and change.state == "failed" else "",
        is_small=total_memory() < SMALL_MACHINE,
        used_size=next((offer.size for offer in offers if offer.in_use), 0),
        memory=available_memory() / GIGABYTE,
        disk=free_disk(models_dir) / GIGABYTE,
        download=(download := download_state(models_dir)),
        download_problem=_sentence(download) if download and download.state == "failed" else "",
        status_of_engine=parts.engine.status(),
        remote=remote,
        **{"speed": None} | values,
    )


def configured_now(running: Config) -> Config:
    """The configuration in its file; *running*, that of the start, if the file has a mistake."""
    try:
        return load_config(find_config())
    except ChatbotError:
        return running


def _choose(parts: AdminParts, name: str) -> None:
    """Use the model *name* from now on, also after the next start; empty: none.

    Raises:
        UsageError: another server writes the answers.
        NotFound: there is no such model here.
        ConfigError: the configuration cannot be written.
    """
    if parts.config.engine.kind == "openai":
        raise UsageError("models_elsewhere", field="name")
    if name and name not in installed(parts.config.models_dir):  # a name, never a path
        raise NotFound("models_not_here", field="name", name=name[:80])
    _keep_offered(parts)
    set_setting(find_config(), "engine", "model", name or None)
    write_change(parts.config.run_dir, Change(name, "loading"))
    parts.call_job("model")


def _keep_offered(parts: AdminParts) -> None:
    """Add the current model to the list if the configuration names it by a path.

    Otherwise it could not be chosen again.
    """
    models_dir, current = parts.config.models_dir, configured_now(parts.config).engine.model
    file = path_of_model(current, models_dir) if current else None
    if file and file not in installed(models_dir).values():
        with suppress(ChatbotError):  # another model has its name
            add_file(file, models_dir)


def _problem(error: ChatbotError) -> str:
    """The sentence about *error*, with details that only the owner of the disk may read."""
    return problem_of(error) if error.status < 500 else error.sentence(admin_language())


def _machine(offer: Offer) -> tuple[int | None, bool]:
    """The values of this machine that the offers depend on."""
    return offer.machine, offer.older


def _sentence(failure: DownloadState | Change) -> str:
    """The sentence that says why *failure* happened."""
    try:
        return say(failure.code, admin_language(), **failure.values)
    except KeyError:
        return say("internal", admin_language())
