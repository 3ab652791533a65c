"""The engine's memory after many answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest
from support.engine.asking import ask
from support.models.tiny_models import write_random_llama_gguf

from chatbot_server.engine.base import Sampling
from chatbot_server.engine.process.client import SocketEngine


def private_kilobytes(engine: SocketEngine) -> int:
    """Memory of the engine's process that is its own, without the mapped model file."""
    (pid,) = engine.pids()
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(row.split()[1]) for row in rows if row.startswith("Private"))


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux")
def test_300_answers_leave_the_memory_as_it_was(
    start: Callable[..., SocketEngine], tmp_path: Path
) -> None:
    # A state cache of a few conversations, so that it is full before the counting starts.
    # It comes and goes by half a megabyte, hence the medians.
    model = write_random_llama_gguf(tmp_path / "tiny.gguf")
    engine = start(model, slots=2, state_cache_mb=3)
    seen = []
    for number in range(300):
        ask(engine, f"Question {number}", Sampling(max_tokens=4, temperature=0), str(number % 7))
        seen.append(private_kilobytes(engine))

    assert median(seen[-50:]) < median(seen[50:100]) * 1.02
