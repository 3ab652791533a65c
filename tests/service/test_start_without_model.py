"""Without its model a server starts all the same: pages are quoted, and the reason is known."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from sqlalchemy import event

from chatbot_server.config import Config, load_config
from chatbot_server.engine.process.state import NO_ENGINE, EngineRecord
from chatbot_server.errors import ModelError, Unavailable
from chatbot_server.service.engine_keeper import read_engine_settings
from chatbot_server.service.prepare import prepare_start
from chatbot_server.storage.database import Database


def start(tmp_path: Path, model: str | None) -> EngineRecord:
    """What the parent process is left when *model* is configured."""
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump({"engine": {"model": model}, "retrieval": {"semantic": "off"}}))
    config: Config = load_config(file)
    database = Database(config.database_url)
    database.migrate()
    try:
        assert prepare_start(config, database) is None
    finally:
        database.close()
    settings = read_engine_settings(config.run_dir)
    assert isinstance(settings, EngineRecord)
    return settings


def test_a_model_that_was_not_fetched_yet(tmp_path: Path) -> None:
    record = start(tmp_path, "smollm2-135m-instruct")
    assert (record.state, record.reason) == ("failed", "model_not_installed")
    assert record.values == {"name": "smollm2-135m-instruct"}


def test_a_model_file_that_is_broken(tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").write_bytes(b"GGUF")
    record = start(tmp_path, str(tmp_path / "mine.gguf"))
    assert (record.state, record.values["file"]) == ("failed", str(tmp_path / "mine.gguf"))


def test_no_model_is_wanted(tmp_path: Path) -> None:
    assert start(tmp_path, None) == NO_ENGINE


def test_a_name_that_no_model_has_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as told:
        start(tmp_path, "smollm2-135m-instruc")
    assert told.value.code == "model_name_near"


def test_a_database_that_is_closed_to_writers_stops_the_start(tmp_path: Path) -> None:
    start(tmp_path, None)
    config = load_config(tmp_path / "config.yaml")
    database = Database(config.database_url)
    event.listen(database.engine, "connect", lambda link, _: link.execute("pragma query_only = on"))
    with pytest.raises(Unavailable) as told:
        prepare_start(config, database)
    database.close()
    assert told.value.code == "database_readonly"
