"""The model of a running server is exchanged by what is written beside it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from support.configured import make_config
from support.models.tiny_models import write_parrot_gguf
from support.patience import LONG, wait_for

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.process.client import SocketEngine
from chatbot_server.engine.process.state import (
    NO_ENGINE,
    chosen_model,
    read_change,
    read_state,
    write_state,
)
from chatbot_server.models.store.folder import add_file
from chatbot_server.service.engine_keeper import (
    EngineKeeper,
    read_engine_settings,
    write_engine_settings,
)
from chatbot_server.service.prepare import prepare_change
from chatbot_server.storage.database import Database


def database_in(folder: Path) -> Database:
    database = Database(f"sqlite:///{folder / 'chatbot.db'}")
    database.migrate()
    return database


def test_what_is_chosen_answers_without_a_restart(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    models = {name: write_parrot_gguf(tmp_path / f"{name}.gguf", name) for name in ("one", "two")}
    for path in models.values():
        add_file(path, tmp_path / "models")
    write_engine_settings(run_dir, NO_ENGINE)
    keeper, engine = EngineKeeper(run_dir), SocketEngine(run_dir, restart_seconds=LONG)
    keeper.start()
    database = database_in(tmp_path)
    try:
        assert engine.status().state == "none"

        def is_named(name: str) -> bool:
            return engine.info().model == name

        for name in models:
            prepare_change(make_config(tmp_path, engine={"model": name}), database)
            keeper.look()
            wait_for(lambda: engine.status().state == "ready")
            wait_for(partial(is_named, name))
            assert chosen_model(run_dir, "former") in (name, "former")
        prepare_change(make_config(tmp_path, engine={"model": None}), database)
        keeper.look()
        wait_for(lambda: engine.status().state == "none")
        assert chosen_model(run_dir, "former") is None

    finally:
        keeper.stop()
        database.close()


def test_a_choice_that_cannot_be_made_ready_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = database_in(tmp_path)
    config = make_config(tmp_path, engine={"model": "one"})
    write_engine_settings(config.run_dir, NO_ENGINE)
    prepare_change(config, database)
    change = read_change(config.run_dir)
    assert change is not None
    assert (change.state, change.code) == ("failed", "model_name_unknown")
    assert read_engine_settings(config.run_dir) == NO_ENGINE
    add_file(write_parrot_gguf(tmp_path / "one.gguf", "one"), tmp_path / "models")
    # No room beside the model that answers, but in its place.
    monkeypatch.setattr("chatbot_server.models.store.check.available_memory", lambda: 1000)
    monkeypatch.setattr("chatbot_server.service.prepare.memory_of", lambda _pid: 4_000_000_000)
    prepare_change(config, database)
    change = read_change(config.run_dir)
    assert change is not None
    assert change.code == "model_too_big"
    state = read_state(config.run_dir)
    write_state(config.run_dir, type(state)("ready", pid=1))
    prepare_change(config, database)
    settings = read_engine_settings(config.run_dir)
    assert isinstance(settings, EngineSettings)
    assert '"beside": false' in (config.run_dir / "engine-settings.json").read_text()
    database.close()
