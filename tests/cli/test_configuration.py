"""The configuration: how it is made, checked, and named where something is wrong with it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.command_line import Run

from chatbot_server.cli.diagnosis import running_server
from chatbot_server.messages import COMMAND, COMMAND_VARIABLE, catalogue, say


def test_init_writes_a_configuration_only_where_there_is_none(run: Run, tmp_path: Path) -> None:
    assert "chatbot-server serve" in run("init", "--port", "9001", "--model", "none").out
    file = tmp_path / "config.yaml"
    assert yaml.safe_load(file.read_text()) == {
        "data_dir": "data",
        "server": {"port": 9001},
        "engine": {"model": None},
    }
    before = file.read_bytes()
    assert run("init", "--port", "9002").exit_code == 0
    assert file.read_bytes() == before
    assert "http://127.0.0.1:9001/widget.js" in run("snippet").out


def test_a_configuration_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    words = ["-m", "chatbot_server", "--config", str(tmp_path / "c.yaml"), "init"]
    limited = "ulimit -f 0; exec " + shlex.join([sys.executable, "-B", *words])
    done = subprocess.run(["sh", "-c", limited], capture_output=True, text=True)
    assert done.returncode == 1
    assert "c.yaml: the configuration cannot be written" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_init_makes_is_for_its_user_alone(run: Run, tmp_path: Path) -> None:
    run("init", "--model", "none")
    for path in (tmp_path / "config.yaml", tmp_path / "data", tmp_path / "data" / "chatbot.db"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_without_a_configuration_every_verb_says_how_to_make_one(run: Run) -> None:
    for words in (["serve"], ["site", "list"], ["snippet"], ["ask", "Hello"], ["config", "check"]):
        ran = run(*words)
        assert ran.exit_code == 1
        assert "chatbot-server init" in ran.err
        assert "Traceback" not in ran.err


def test_a_broken_configuration_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("server: {prot: 1}")
    ran = run("serve")
    assert ran.exit_code == 1
    assert ran.err.count("\n") == 1
    assert "server.port" in ran.err


@pytest.mark.parametrize("setting", ["family: nope", "model: nope", "model: ~nobodyx/a.gguf"])
def test_the_check_finds_what_the_start_would_refuse(
    run: Run, tmp_path: Path, setting: str
) -> None:
    (tmp_path / "config.yaml").write_text(f"engine: {{{setting}}}")
    ran = run("config", "check")
    assert ran.exit_code == 1
    assert setting.partition(" ")[2] in ran.err


def test_a_model_that_is_not_there_stops_the_start(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("engine: {model: no-such-model}")
    ran = run("serve")
    assert ran.exit_code == 1
    assert "no-such-model" in ran.err


@pytest.mark.parametrize("host", ["999.1.1.1", "203.0.113.7", "::9"])
def test_an_address_of_another_machine_is_not_blamed_on_the_port(
    run: Run, tmp_path: Path, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_server, "SECONDS", 0.5)
    (tmp_path / "config.yaml").write_text(f"server: {{host: '{host}'}}\nengine: {{model: null}}")
    found = {entry["name"]: entry for entry in json.loads(run("doctor", "--json").out)}
    assert not found["port"]["ok"]
    assert found["port"]["sentence"].startswith(f"server.host: {host} is not an address")


def test_a_data_folder_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("data_dir: /proc/nowhere\nengine: {model: null}")
    ran = run("serve")
    assert ran.exit_code == 1
    assert "/proc/nowhere" in ran.err


def test_config_example_is_a_configuration(run: Run, tmp_path: Path) -> None:
    shown = run("config", "example").out
    (tmp_path / "config.yaml").write_text(shown)
    assert run("config", "check").exit_code == 0


def test_a_folder_is_no_configuration(run: Run, tmp_path: Path) -> None:
    told = run("--config", str(tmp_path), "config", "check")
    assert (told.exit_code, f"{tmp_path} is a folder" in told.err) == (1, True)


@pytest.mark.parametrize("words", [["--config", "my bot.yaml"], ["--config=my bot.yaml"]])
def test_a_remedy_names_the_configuration_that_was_named(tmp_path: Path, words: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    environment.pop(COMMAND_VARIABLE, None)
    command = [sys.executable, "-m", "chatbot_server", *words, "site", "list"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert f"chatbot_server --config '{tmp_path / 'my bot.yaml'}' init" in done.stderr


@pytest.mark.parametrize("is_installed", [True, False])
def test_only_an_installation_is_told_to_restart(
    monkeypatch: pytest.MonkeyPatch, is_installed: bool
) -> None:
    monkeypatch.setenv("CHATBOT_CONTROL", "1" if is_installed else "")
    monkeypatch.setenv(COMMAND_VARIABLE, COMMAND)
    catalogue.cache_clear()
    try:
        told = say("restored", "fr")
    finally:
        catalogue.cache_clear()
    assert told.endswith("chatbot-server restart" if is_installed else "tapez chatbot-server serve")
