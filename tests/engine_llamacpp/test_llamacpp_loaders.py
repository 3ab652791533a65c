"""Every architecture that only llama.cpp runs: a real load and generation, through the engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.engine.backends import llamacpp_backend
from support.models.chatml import chatml
from support.models.tiny_architectures import ARCHITECTURES, CONTROLS, write_architecture
from support.patience import LONG

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.base import Finished, Sampling, Token
from chatbot_server.engine.probe import probe
from chatbot_server.engine.process.supervisor import local_engine
from chatbot_server.engine.registry import refusals
from chatbot_server.models.files.inspect import inspect_model

HOSTILE_TEMPLATES = [
    "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
    "{{ 'x' * 10000000000 }}",
    "{% if %}",
]
pytestmark = pytest.mark.xdist_group("llamacpp")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_model_of_the_architecture_is_loaded_and_answers(
    architecture: str, tmp_path: Path
) -> None:
    file = write_architecture(tmp_path / f"{architecture}.gguf", architecture)
    backend = llamacpp_backend(
        file, tmp_path, context_length=256, slots=2, queue=1, answer_seconds=LONG
    )
    events = list(backend.generate(chatml("hello"), Sampling(max_tokens=8, seed=1)))
    tokens = backend.tokenize(chatml("".join(CONTROLS)))
    plain = backend.tokenize(chatml("hello"))
    backend.close()

    assert isinstance(events[-1], Finished)
    assert events[-1].usage.prompt_tokens == len(plain)
    assert events[-1].usage.completion_tokens > 0
    controls = [token for token in tokens if token < len(CONTROLS)]
    assert controls == [token for token in plain if token < len(CONTROLS)]


@pytest.mark.parametrize("architecture", ["bloom", "qwen2"])
def test_its_header_says_what_it_is_and_that_ctransformers_cannot_run_it(
    architecture: str, tmp_path: Path
) -> None:
    file = inspect_model(write_architecture(tmp_path / "tiny.gguf", architecture))

    assert file.architecture == architecture
    assert list(refusals(file)) == ["ctransformers"]


def test_the_engines_process_runs_llama_cpp_too(tmp_path: Path) -> None:
    file = write_architecture(tmp_path / "qwen2.gguf", "qwen2")
    settings = EngineSettings(file, "llamacpp", tmp_path, threads=1, slots=2, context_length=256)
    with local_engine(settings, seconds=LONG) as engine:
        info = engine.info()
        events = list(engine.generate(chatml("hello"), Sampling(max_tokens=8, seed=1)))

    assert (info.engine, info.context_length, info.slots) == ("llamacpp", 256, 2)
    assert isinstance(events[-1], Finished)
    assert any(isinstance(event, Token) for event in events)


@pytest.mark.parametrize("template", HOSTILE_TEMPLATES)
def test_the_files_own_chat_template_is_never_run_by_llama_cpp(
    template: str, tmp_path: Path
) -> None:
    """Seconds of work and gigabytes are more than a tiny model needs, and less than these take."""
    path = tmp_path / "qwen2.gguf"
    file = inspect_model(write_architecture(path, "qwen2", chat_template=template))

    probe(replace(file, family="chatml"), "llamacpp")
