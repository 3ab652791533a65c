"""What is wrong with the configured model is said before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.command_line import Run
from support.tiny_architectures import write_architecture


def configure(tmp_path: Path, **engine: object) -> None:
    settings = {"retrieval": {"semantic": "off"}, "engine": engine}
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
