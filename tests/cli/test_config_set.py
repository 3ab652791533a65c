"""``config set``, and how commands are written in what is said."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.command_line import Run

from chatbot_server.messages import command_as_typed, with_command


def test_one_setting_is_written_and_the_rest_stays(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("server:\n  port: 8080  # ours\n  host: 127.0.0.1\n")
    assert run("config", "set", "server.port", "9000").exit_code == 0
    assert "port: 9000  # ours\n  host: 127.0.0.1\n" in config.read_text()
    run("config", "set", "engine.model", "none")
    run("config", "set", "mail.security", "none")  # a value of this setting, and not null
    run("config", "set", "server.public_url", "https://chat.example.org/a:b")
    written = yaml.safe_load(config.read_text())
    assert (written["engine"], written["mail"]) == ({"model": None}, {"security": "none"})
    assert written["server"]["public_url"] == "https://chat.example.org/a:b"
    assert run("config", "check").exit_code == 0


@pytest.mark.parametrize(
    ("key", "value", "said", "code"),
    [
        ("server.prot", "1", "server.port", 2),
        ("server.port", "many", "server.port", 1),
        ("server.port", "70000", "65535", 1),
        ("data_dir", "/srv", "data_dir", 2),
    ],
)
def test_what_would_be_no_configuration_is_not_written(
    run: Run, tmp_path: Path, key: str, value: str, said: str, code: int
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("server: {port: 8080}\n")
    done = run("config", "set", key, value)
    assert (done.exit_code, said in done.err) == (code, True)
    assert config.read_text() == "server: {port: 8080}\n"


def test_a_remedy_is_typed_as_it_works_here() -> None:
    text = "Get it with: chatbot-server models pull {name}. chatbot-server-1.0.sh is a file."
    typed = with_command(text, "'/srv/{x}/bin/chatbot-server'")
    assert typed.format(name="N").startswith("Get it with: '/srv/{x}/bin/chatbot-server' models")
    assert "chatbot-server-1.0.sh" in typed


def test_the_command_is_named_as_it_was_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = tmp_path / "chatbot-server"
    command.touch(mode=0o755)
    assert command_as_typed(str(command)) == str(command)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command_as_typed(str(command)) == "chatbot-server"
    assert command_as_typed("/x/chatbot_server/__main__.py").endswith(" -m chatbot_server")


@pytest.mark.parametrize(
    ("key", "help_"),
    [("server.prot", "Near it: server.port"), ("zzz", "chatbot-server config example")],
)
def test_an_unknown_setting_leads_to_those_that_are_known(run: Run, key: str, help_: str) -> None:
    assert help_ in run("config", "set", key, "1").err
