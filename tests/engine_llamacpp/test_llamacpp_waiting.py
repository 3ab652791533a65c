"""llama.cpp's threads sleep soon, so that a busy machine does not slow an answer to a stop."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.patience import LONG

# Stands for the library: it tells what its native part would read while it is loaded.
FAKE = """
import ctypes
getenv = ctypes.CDLL(None).getenv
getenv.restype = ctypes.c_char_p
print(getenv(b"GOMP_SPINCOUNT").decode())
raise ImportError
"""
START = """
import pathlib, sys
from chatbot_server.engine.llamacpp.parameters import start
from chatbot_server.errors import ModelError
sys.path.insert(0, sys.argv[1])
try: start(None, pathlib.Path("socket"))
except ModelError: pass
"""


def python(script: str, *words: str, **variables: str) -> str:
    environment = {name: v for name, v in os.environ.items() if name != "GOMP_SPINCOUNT"}
    command = [sys.executable, "-c", script, *words]
    done = subprocess.run(
        command, env=environment | variables, capture_output=True, check=True, timeout=LONG
    )
    return done.stdout.decode().strip()


@pytest.mark.parametrize(("variables", "seen"), [({}, "2000"), ({"GOMP_SPINCOUNT": "7"}, "7")])
def test_threads_are_told_to_sleep_before_the_library_is_loaded(
    tmp_path: Path, variables: dict[str, str], seen: str
) -> None:
    (tmp_path / "xllamacpp.py").write_text(FAKE)
    assert python(START, str(tmp_path), **variables) == seen


@pytest.mark.skipif(sys.platform != "linux", reason="GNU's OpenMP is Linux's")
def test_the_library_waits_by_the_openmp_that_reads_it() -> None:
    pytest.importorskip("xllamacpp")
    script = "import xllamacpp; print('libgomp' in open('/proc/self/maps').read())"
    assert python(script) == "True"
