"""Kills installations and upgrades at random moments, and counts how many next runs end ready.

    PYTHONPATH=scripts python -m benchmarks.stopped_installs BUNDLE [--moments 30] [--seed 1]

BUNDLE is a folder of ``scripts/offline-bundle``. Most installations find their packages there
already (they are shared by links), so that the moments are not nearly all while pip works. Upgrades
begin with a copy of one installation that a visitor has asked something; it must have every site,
message and text of it afterwards. ``--only`` one of both: two of these can run side by side.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Set
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp

import httpx

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    *("install.sh", "chatbot_server", "packaging", "requirements", "requirements.lock"),
    *("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "config.example.yaml", "widget/dist"),
)
KEPT = {"site": "key, name", "message": "role, text", "knowledge_document": "url, text"}
WITH_PACKAGES = 10  # one installation in ten fetches its packages itself
SECONDS = 900


def _build_wheel(clone: Path) -> None:
    """Make of sources what a released installer carries: building is not what is killed here."""
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", str(clone / "wheel"), str(clone)], check=True)
    shutil.rmtree(clone / "chatbot_server")
    (clone / "digest").write_text(clone.name)


class Trial:
    """Two versions of the sources, and a prefix that they are installed to."""

    def __init__(self, folder: Path, bundle: Path) -> None:
        self.folder, self.prefix, self.bundle = folder, folder / "chatbot", bundle
        self.old, self.new = folder / "old", folder / "new"
        for clone, version in ((self.old, "0.1.0"), (self.new, "0.1.1")):
            for name in PARTS:
                (clone / name).parent.mkdir(parents=True, exist_ok=True)
                copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
                copy(ROOT / name, clone / name)
            init = clone / "chatbot_server/__init__.py"
            text = re.sub(r'__version__ = ".*"', f'__version__ = "{version}"', init.read_text())
            init.write_text(text)
            _build_wheel(clone)
        self.kept: set[tuple[str, ...]] = set()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def run(self, clone: Path, *options: str, seconds: float = 0) -> tuple[int, str, float]:
        """The installer's exit code, words and duration; after *seconds* all of it is killed."""
        words = ["sh", str(clone / "install.sh"), *options, "--prefix", str(self.prefix)]
        if "--purge" not in options:
            words += ["--port", str(self.port), "--offline", str(self.bundle)]
        start = time.monotonic()
        installer = subprocess.Popen(
            words,
            env=os.environ | {"PIP_NO_COMPILE": "0"},  # pip reads 0 as "do not compile"
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = installer.communicate(timeout=seconds or SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(installer.pid, signal.SIGKILL)
            said, _ = installer.communicate()
        return installer.returncode, said, time.monotonic() - start

    def is_ready(self, kept: Set[tuple[str, ...]] = frozenset()) -> bool:
        """Whether its command says so, and nothing of *kept* is lost."""
        command = self.prefix / "bin/chatbot-server"
        status = subprocess.run([command, "status"], capture_output=True)
        return status.returncode == 0 and kept <= _content(self.prefix)

    def _ask(self) -> None:
        """A visitor's question, answered to its end."""
        address = f"http://127.0.0.1:{self.port}"
        page = httpx.get(address, timeout=SECONDS).text
        tag_match = re.search(r'data-site="([^"]+)"', page)
        assert tag_match, page
        body = {"site": tag_match[1], "message": "What is this?"}
        answer = httpx.post(f"{address}/api/chat", json=body, timeout=SECONDS).text
        assert "event: done" in answer, answer

    def begin_upgrade(self) -> None:
        """The old version runs, and knows a site."""
        before, command = self.folder / "before", str(self.prefix / "bin/chatbot-server")
        if not before.exists():
            self.run(self.old, "--run")
            subprocess.run([command, "site", "add", "Kept"], check=True, capture_output=True)
            self._ask()
            subprocess.run([command, "stop"], check=True, capture_output=True)
            _copy(self.prefix, before)
            self.kept = _content(before)
        else:
            self.reset()
            _copy(before, self.prefix)
        subprocess.run([command, "start"], check=True, capture_output=True)

    def reset(self, packages: Path | None = None) -> None:
        """Nothing is installed; *packages* are there already."""
        if self.prefix.exists():
            self.run(self.old, "--purge", "--yes")
            shutil.rmtree(self.prefix, ignore_errors=True)
        if packages:
            self.prefix.mkdir()
            (self.prefix / ".chatbot-server").touch()
            _link(packages, self.prefix / "packages")


def _content(prefix: Path) -> set[tuple[str, ...]]:
    """What must not be lost: sites, messages and texts."""
    with closing(sqlite3.connect(prefix / "data/chatbot.db")) as database:
        return {
            (table, *row)
            for table, columns in KEPT.items()
            for row in database.execute(f"SELECT {columns} FROM {table}")  # noqa: S608 - our own names
        }


def _link(folder: Path, to: Path) -> None:
    """The same files at another place: nothing is written into packages."""
    subprocess.run(["cp", "-al", str(folder), str(to)], check=True)


def _copy(prefix: Path, to: Path) -> None:
    """A whole installation, all but its packages apart from the other."""

    def shared(folder: str, _names: list[str]) -> set[str]:
        return {"packages"} if Path(folder) == prefix else set()

    shutil.copytree(prefix, to, symlinks=True, ignore=shared)
    _link(prefix / "packages", to / "packages")


def kill_installations(trial: Trial, packages: Path, moments: list[float]) -> int:
    """How many of the next runs end ready."""
    good = 0
    for number, moment in enumerate(moments):
        trial.reset(packages if number % WITH_PACKAGES else None)
        trial.run(trial.old, "--run", seconds=moment)
        code, said, _ = trial.run(trial.old, "--run")
        is_good = code == 0 and trial.is_ready()
        good += is_good
        print(f"install {number + 1}: {moment:.1f} s {'ready' if is_good else said}", flush=True)
    return good


def kill_upgrades(trial: Trial, moments: list[float]) -> int:
    """How many of the next runs end ready, with the new version and all that was there before."""
    good = 0
    for number, moment in enumerate(moments):
        trial.begin_upgrade()
        trial.run(trial.new, "--upgrade", seconds=moment)
        code, said, _ = trial.run(trial.new, "--upgrade", "--run")
        is_new = (trial.prefix / "current").readlink().name.startswith("0.1.1-")
        is_good = code == 0 and is_new and trial.is_ready(trial.kept)
        good += is_good
        print(f"upgrade {number + 1}: {moment:.1f} s {'ready' if is_good else said}", flush=True)
    return good


def main() -> None:
    """Kill, run again, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--moments", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("installations", "upgrades"))
    options = parser.parse_args()
    dice = random.Random(options.seed)
    trial = Trial(Path(mkdtemp(prefix="stopped-")), options.bundle.absolute())
    code, said, whole = trial.run(trial.old, "--run")
    assert code == 0, said
    packages = trial.folder / "packages"
    _link(trial.prefix / "packages", packages)
    trial.begin_upgrade()
    _, _, upgrade = trial.run(trial.new, "--upgrade")
    print(f"an installation takes {whole:.0f} s, an upgrade {upgrade:.0f} s", flush=True)
    if options.only != "upgrades":
        # With its packages at hand, an installation takes as long as an upgrade.
        longest = [
            upgrade if number % WITH_PACKAGES else whole for number in range(options.moments)
        ]
        good = kill_installations(trial, packages, [dice.uniform(0.2, most) for most in longest])
        print(
            f"installations killed: {good} of {options.moments} next runs ended ready", flush=True
        )
    if options.only != "installations":
        good = kill_upgrades(trial, [dice.uniform(0.2, upgrade) for _ in range(options.moments)])
        print(f"upgrades killed: {good} of {options.moments} next runs ended ready", flush=True)
    trial.reset()
    shutil.rmtree(trial.folder)


if __name__ == "__main__":
    main()
