"""``models check`` tries a file in a process that is limited in everything."""

from __future__ import annotations

import json
import re
import resource
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.models.tiny_models import write_legacy, write_parrot_gguf
from support.patience import LONG

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.probe import Ceiling, probe
from chatbot_server.engine.process.supervisor import local_engine
from chatbot_server.errors import ModelError
from chatbot_server.models.files.inspect import inspect_model
from chatbot_server.models.store.check import check_model

pytestmark = pytest.mark.xdist_group("live")
ROOM = 1_500_000_000  # twice what a small model takes
LAYERS = 10

# A loader at fault inside the real process: what it does is put in place of “pass”.
FAULTY = """#!{python}
import sys
sys.argv[1:] = []
from chatbot_server.engine.process import worker

def load(settings, run_dir):
    {does}

worker.load_backend = load
worker.main()
"""


@pytest.fixture
def parrot(tmp_path: Path) -> Path:
    return write_parrot_gguf(tmp_path / "parrot.gguf", "Bonjour")


@pytest.fixture
def loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes the engine's process load models with the given line of Python."""

    def make(does: str) -> None:
        script = tmp_path / "python"
        script.write_text(FAULTY.format(python=sys.executable, does=does))
        script.chmod(0o700)
        monkeypatch.setattr("chatbot_server.engine.process.child.sys.executable", str(script))

    return make


def greedy_gptj(path: Path) -> Path:
    """A small, wholly lawful file whose header makes the library take 1.3 GB.

    Ten layers, and a context of a million tokens that costs nothing in the file.
    """
    data = bytearray(write_legacy(path, "gptj").read_bytes())
    name = b"transformer.h.0."
    # An entry begins with three numbers and its sides, before its name.
    layer = data[data.index(name) - 4 * 4 :]
    for number in range(1, LAYERS):
        data += layer.replace(name, f"transformer.h.{number}.".encode())
    struct.pack_into("<i", data, 8, 1 << 20)  # n_ctx
    struct.pack_into("<i", data, 20, LAYERS)  # n_layer
    path.write_bytes(data)
    return path


def test_a_good_file_passes_on_each_engine(parrot: Path, smollm2: Path) -> None:
    probe(inspect_model(parrot), "ctransformers")
    probe(inspect_model(smollm2), "ctransformers")
    probe(inspect_model(smollm2), "llamacpp")


def test_a_file_that_makes_the_library_take_memory_is_stopped(tmp_path: Path) -> None:
    file = inspect_model(greedy_gptj(tmp_path / "greedy.bin"))

    with pytest.raises(ModelError, match=r"greedy\.bin.*1500 MB.*SIGABRT") as raised:
        probe(file, "ctransformers", Ceiling(ROOM))

    assert raised.value.code == "probe_died"
    probe(file, "ctransformers", Ceiling(10 * ROOM))  # it was the memory, nothing else


def test_the_memory_of_a_long_context_is_asked_for_before_anything_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = greedy_gptj(tmp_path / "greedy.bin")
    monkeypatch.setattr("chatbot_server.models.store.check.available_memory", lambda: 1_000_000_000)
    report = check_model(file, lambda file: ("ctransformers", {}))

    assert report.error is not None
    assert report.error.code == "model_too_big"


def test_a_loader_that_takes_all_memory_is_stopped_with_a_sentence(
    parrot: Path, loader: Callable[[str], None]
) -> None:
    loader("held = [bytearray(10**8) for _ in range(1000)]")

    with pytest.raises(ModelError, match=r"parrot\.gguf.*more than 1500 MB"):
        probe(inspect_model(parrot), "ctransformers", Ceiling(ROOM))


def test_a_loader_that_works_for_ever_is_stopped_with_a_sentence(
    parrot: Path, loader: Callable[[str], None]
) -> None:
    # A loop in native code that never lets go of the interpreter: no heart beat, no signal.
    loader("import re; re.match('(a+)+$', 'a' * 99 + 'b')")

    with pytest.raises(ModelError, match=r"parrot\.gguf.*within 1 s"):
        probe(inspect_model(parrot), "ctransformers", Ceiling(ROOM, seconds=1))


def test_a_loader_that_waits_for_ever_is_stopped_with_a_sentence(
    parrot: Path, loader: Callable[[str], None]
) -> None:
    loader("import threading; threading.Event().wait()")

    with pytest.raises(ModelError, match=r"parrot\.gguf.*within 1 s"):
        probe(inspect_model(parrot), "ctransformers", Ceiling(ROOM, seconds=1))


def test_a_loader_that_dies_is_told_from_one_that_refuses(
    parrot: Path, loader: Callable[[str], None]
) -> None:
    loader("import ctypes; ctypes.string_at(0)")

    with pytest.raises(ModelError, match=r"parrot\.gguf.*SIGSEGV"):
        probe(inspect_model(parrot), "ctransformers")


def test_every_limit_is_in_force_and_no_engine_leaves_a_core_file(
    parrot: Path, tmp_path: Path
) -> None:
    plain = EngineSettings(parrot, "ctransformers", tmp_path, threads=1, slots=1)
    limited = replace(plain, memory_limit=ROOM, cpu_limit=77)

    held = limits(limited)
    assert held["Max address space"] == str(ROOM)
    assert held["Max cpu time"] == "77"
    assert held["Max open files"] == "256"
    assert held["Max core file size"] == "0"
    free = limits(plain)
    assert free["Max core file size"] == "0"
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    unlimited = soft == resource.RLIM_INFINITY
    assert free["Max address space"] == ("unlimited" if unlimited else str(soft))


def limits(settings: EngineSettings) -> dict[str, str]:
    """Soft limits of a running engine's process, as the system tells them."""
    with local_engine(settings, seconds=LONG) as engine:
        (pid,) = engine.pids()
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {cells[0]: cells[1] for line in lines if (cells := re.split(r" {2,}", line))}


def test_the_command_says_it_in_one_line(tmp_path: Path) -> None:
    file = greedy_gptj(tmp_path / "greedy.bin")
    command = [sys.executable, "-m", "chatbot_server", "models", "check", str(file), "--json"]
    script = f"ulimit -v {ROOM // 1024}; exec " + " ".join(command)
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path)
    record = json.loads(done.stdout)

    assert done.returncode == 1
    assert not record["ok"]
    assert "greedy.bin" in record["reason"]
    assert "Traceback" not in done.stderr
