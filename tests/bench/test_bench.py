"""The bench on a tiny model: it measures, and its sums are right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from support.models.tiny_models import write_random_llama_gguf
from support.patience import wait_for

from chatbot_server.bench.measure import ConcurrentSpeed, Run
from chatbot_server.bench.memory import family, pss_mb
from chatbot_server.bench.questions import Questions
from chatbot_server.bench.report import Row
from chatbot_server.cli.main import root


def test_the_command_measures_the_configured_model(tmp_path: Path) -> None:
    model = write_random_llama_gguf(tmp_path / "tiny.gguf", context_length=2048)
    engine = {"model": str(model), "threads": 1, "slots": 2, "context_length": 2048}
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"engine": engine}))
    command = [sys.executable, "-m", "chatbot_server", "--config", str(config), "bench"]
    output = subprocess.check_output([*command, "--rounds", "1", "--json"], text=True)
    found = json.loads(output)

    for name in ("bench_read", "bench_write", "bench_visitors_1", "bench_visitors_8"):
        assert found[name]["value"] > 0
    assert found["bench_first_ratio"]["goal"] == 0.3
    assert found["bench_memory"]["value"] > 10
    assert found["bench_read_llamacpp"]["value"] > 0
    assert found["bench_write_llamacpp"]["value"] > 0


def test_a_much_faster_engine_is_named_with_what_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = write_random_llama_gguf(tmp_path / "tiny.gguf", context_length=2048)
    engine = {"model": str(model), "threads": 1, "slots": 1, "context_length": 2048}
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"engine": engine}))
    monkeypatch.setattr("chatbot_server.cli.bench.VISITORS", (1,))
    for least, is_named in ((0, True), (10**6, False)):
        monkeypatch.setattr("chatbot_server.cli.bench.MUCH_FASTER", least)
        result = CliRunner().invoke(root, ["--config", str(config), "bench", "--rounds", "1"])
        assert result.exception is None, result.exception
        assert "writing an answer, on llama.cpp" in result.stdout
        assert ("set engine.kind: llamacpp in config.yaml" in result.stdout) is is_named


def test_speeds_leave_out_the_first_token_and_what_was_cached() -> None:
    run = Run(2.0, 4.0, prompt_tokens=110, cached_tokens=10, completion_tokens=21, text="")

    assert run.write_speed == pytest.approx(10)
    assert run.read_speed == pytest.approx(50)


def test_the_spread_is_the_slowest_first_token_in_medians() -> None:
    assert ConcurrentSpeed(3, 1.0, (1.0, 2.0, 6.0)).spread == 3


@pytest.mark.parametrize(
    ("row", "reached"),
    [
        (Row("a", 0.98, "", 0.97), True),
        (Row("a", 0.96, "", 0.97), False),
        (Row("a", 0.2, "", 0.3, most=True), True),
        (Row("a", 0.4, "", 0.3, most=True), False),
        (Row("a", 5, "s"), None),
    ],
)
def test_a_goal_is_a_lower_bound_unless_it_says_otherwise(row: Row, reached: bool | None) -> None:
    assert row.reached is reached
    assert row.to_json()["reached"] is reached
    assert ("✓" in row.line(10), "✗" in row.line(10)) == (reached is True, reached is False)


def test_questions_are_never_the_same_twice() -> None:
    questions = Questions()
    asked = {questions.first_turn(20)[1].content for _ in range(50)}
    systems = {questions.first_turn(5, fresh=True)[0].content for _ in range(50)}

    assert len(asked) == len(systems) == 50


def test_processes_below_this_one_are_found_with_their_memory() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        wait_for(lambda: "sleep" in family(os.getpid()).get(child.pid, ""))
        assert (pss_mb(child.pid) or 0) > 1
    finally:
        child.kill()
        child.wait()
