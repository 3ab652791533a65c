"""The engine against a library in a bare process, on a tiny model."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from benchmarks.speed import Options, against_library, against_llama_cpp_python
from support.models.tiny_models import write_random_llama_gguf

from chatbot_server.bench.questions import Questions
from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.process.supervisor import local_engine


@pytest.mark.parametrize("library", ["ctransformers", "llama_cpp"])
def test_both_sides_are_measured_where_the_library_is_there(tmp_path: Path, library: str) -> None:
    model = write_random_llama_gguf(tmp_path / "tiny.gguf", context_length=2048)
    options = Options(model, threads=1, rounds=1)
    settings = EngineSettings(model, "ctransformers", tmp_path, threads=1, slots=1)
    with local_engine(settings, seconds=120) as engine:
        if library == "llama_cpp":
            rows = list(against_llama_cpp_python(engine, Questions(), options))
        else:
            rows = list(against_library(engine, Questions(), options, library, "the library"))

    there = find_spec(library) is not None
    assert [row.name.split(" ÷ ")[0] for row in rows] == ["reading", "writing"] * there
    assert all(row.value > 0 for row in rows)
