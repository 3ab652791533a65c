"""Real shells, real folders: a copy of the checkout, a home of its own, no terminal."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.install.stand_in import StandIn
from support.patience import alone
from support.servers import ports

ROOT = Path(__file__).parents[2]
PARTS = (
    *("install.sh", "chatbot_server", "packaging", "requirements", "requirements.lock"),
    *(
        "scripts",
        "setup.cfg",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "config.example.yaml",
        "widget/dist",
    ),
)
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def copy_checkout() -> Callable[[Path], Path]:
    """Copies what install.sh needs, as a fresh clone has it."""

    def copy(target: Path) -> Path:
        for name in PARTS:
            source, to = ROOT / name, target / name
            to.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
                shutil.copytree(source, to, symlinks=True, ignore=ignore)
            elif source.exists():
                shutil.copy2(source, to)
        return target

    return copy


@pytest.fixture(scope="session")
def checkout(
    tmp_path_factory: pytest.TempPathFactory, copy_checkout: Callable[[Path], Path]
) -> Path:
    """One copy for all tests that only read it."""
    return copy_checkout(tmp_path_factory.mktemp("clone") / "chatbot-server")


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Nothing of the person who runs the tests but where packages come from."""
    network = ("PIP_", "SSL_", "REQUESTS_CA", "CURL_CA", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
    kept = {name: value for name, value in os.environ.items() if name.upper().startswith(network)}
    return kept | {
        "HOME": str(tmp_path_factory.mktemp("home")),
        # With the Python that runs the tests first: packages are gathered for it.
        "PATH": f"{Path(sys.executable).resolve().parent}:{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        # Nothing of it is tested; pip reads 0 as "do not compile", and 1 as "compile".
        "PIP_NO_COMPILE": "0",
    }


@pytest.fixture(scope="session")
def bundle(cache_folder: Path, checkout: Path, smollm2_wheel: Path) -> Path:
    """What scripts/offline-bundle gathers, kept from one run of the tests to the next."""
    needed = [checkout / "requirements.lock", *sorted((checkout / "requirements").glob("*.lock"))]
    locks = b"".join(lock.read_bytes() for lock in needed) + sys.version.encode()
    locks += (checkout / "packaging/install/locks.sh").read_bytes()
    folder = cache_folder / f"bundle-{hashlib.sha256(locks).hexdigest()[:12]}"
    with alone(cache_folder, "bundle"):
        if not folder.exists():
            part = cache_folder / "bundle.part"
            shutil.rmtree(part, ignore_errors=True)  # of a run that was cut off
            part.mkdir()
            (part / smollm2_wheel.name).hardlink_to(smollm2_wheel)
            command = [str(checkout / "scripts/offline-bundle"), str(part)]
            subprocess.run(command, env=os.environ | {"PYTHON": sys.executable}, check=True)
            part.rename(folder)
    return folder


@pytest.fixture(scope="session")
def sh(checkout: Path, environment: dict[str, str]) -> Run:
    """Runs install.sh of *folder* with a real sh; no terminal, so nothing can be asked."""

    def run(
        *options: str, folder: Path = checkout, shell: tuple[str, ...] = ("sh",), **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*shell, str(folder / "install.sh"), *options],
            env=environment | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=800,
            start_new_session=True,
        )

    return run


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """A port nobody listens at right now."""

    return ports.free_port


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """Where nothing is yet."""
    return tmp_path / "chatbot"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[StandIn]:
    """An installation; whatever it started is ended."""
    made = StandIn(tmp_path / "chatbot")
    yield made
    made.run("stop")
