"""What is wrong with the configured model is said before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.command_line import Run
from support.models.tiny_architectures import write_architecture
from support.servers.ports import free_port
from support.servers.scripted_endpoint import ScriptedServer


def configure(tmp_path: Path, **engine: object) -> None:
    server = {"port": free_port()}  # the one by default may be another program's here
    settings = {"retrieval": {"semantic": "off"}, "engine": engine, "server": server}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings))


@pytest.mark.parametrize("words", [["doctor"], ["ask", "Hello"], ["serve"]])
def test_a_chat_template_that_cannot_be_used_is_named_with_its_remedy(
    run: Run, tmp_path: Path, words: list[str]
) -> None:
    model = write_architecture(tmp_path / "m.gguf", "qwen2", chat_template="{% if %}")
    configure(tmp_path, model=str(model))
    done = run(*words)
    assert done.exit_code == 1
    assert "engine.family" in done.out + done.err
    configure(tmp_path, model=str(model), family="chatml")
    assert "engine.family" not in run("doctor").out


@pytest.mark.parametrize("verb", ["doctor", "check"])
def test_why_ctransformers_was_passed_over_is_said(run: Run, tmp_path: Path, verb: str) -> None:
    model = write_architecture(tmp_path / "m.gguf", "qwen2")
    configure(tmp_path, model=str(model))
    words = ["doctor"] if verb == "doctor" else ["models", "check", "--no-load", str(model)]
    told = run(*words).out
    assert "llamacpp runs" in told
    assert "ctransformers cannot run the architecture “qwen2”" in told


@pytest.mark.parametrize("words", [["doctor"], ["ask", "Hello"], ["serve"]])
def test_a_key_that_cannot_be_read_is_one_sentence(
    run: Run, tmp_path: Path, words: list[str]
) -> None:
    endpoint = {"url": "http://127.0.0.1:1/v1", "api_key_file": str(tmp_path / "no-such-key")}
    configure(tmp_path, kind="openai", endpoints=[endpoint])
    done = run(*words)
    assert done.exit_code == 1
    assert "no-such-key" in done.out + done.err


def test_doctor_asks_each_endpoint(run: Run, tmp_path: Path) -> None:
    server = ScriptedServer(lambda *_: None)
    alive, dead = server.url, f"127.0.0.1:{free_port()}"
    endpoints = [{"url": alive}, {"url": f"http://{dead}/v1"}]
    configure(tmp_path, kind="openai", endpoints=endpoints)
    done = run("doctor")
    server.close()
    assert f"✔ {alive} answers, with the model scripted." in done.out
    wrong = [line for line in done.out.splitlines() if line.startswith("✘")]
    assert (done.exit_code, len(wrong)) == (1, 2)  # no server runs, either
    assert dead in wrong[1]
