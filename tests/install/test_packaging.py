"""What is shipped: the wheel, the locks, the services."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from chatbot_server.models.store.catalogue import catalogue

pytestmark = pytest.mark.install
ROOT = Path(__file__).parents[2]
LOCKS = sorted([ROOT / "requirements.lock", *ROOT.glob("requirements/*.lock")])


@pytest.fixture(scope="module")
def wheel(
    tmp_path_factory: pytest.TempPathFactory, copy_checkout: Callable[[Path], Path]
) -> list[str]:
    """Names of the files in a wheel built from the sources that install.sh would copy."""
    folder = tmp_path_factory.mktemp("wheel")
    checkout = copy_checkout(folder / "clone")
    staged = folder / "staged"
    steps = checkout / "packaging/steps.py"
    subprocess.run([sys.executable, steps, "stage", checkout, staged], check=True)
    pip = [sys.executable, "-m", "pip"]
    locked = ["--require-hashes", "-r", str(checkout / "requirements/build.lock")]
    subprocess.run([*pip, "install", "-q", "--target", folder / "build", *locked], check=True)
    build = ["wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(folder / "build")}
    subprocess.run([*pip, *build, str(staged)], check=True, env=environment)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return archive.namelist()


def test_the_wheel_holds_the_built_widget(wheel: list[str]) -> None:
    held = {Path(name).name for name in wheel}
    built = {path.name for path in (ROOT / "widget/dist").iterdir()}
    assert "widget.js" in built
    assert built <= held


def test_the_wheel_holds_every_data_file_of_the_package(wheel: list[str]) -> None:
    suffixes = {".yaml", ".json", ".jsonl", ".html", ".css", ".js", ".mako", ".sql", ".typed"}
    package = ROOT / "chatbot_server"
    data = [path for path in package.rglob("*") if path.suffix in suffixes or path.suffix == ".py"]
    names = {str(path.relative_to(ROOT)) for path in data if "__pycache__" not in path.parts}
    assert names - set(wheel) == set()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_locked_package_has_a_hash_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert not re.search(r"https?:|--index|--extra-index|--find-links|file:", text)
    for block in re.split(r"\n(?=[a-z])", text):
        assert re.match(r"[a-z0-9.-]+(\[[a-z,]+\])?==", block), block[:80]
        assert "--hash=sha256:" in block, block[:80]


def test_the_locks_hold_what_setup_cfg_asks_for() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    asked = {"requirements": config["options"]["install_requires"]}
    extras = config["options.extras_require"]
    asked |= dict(extras)
    for lock in LOCKS:
        if lock.stem not in asked:
            continue
        locked = set(re.findall(r"^([a-z0-9.-]+)(?:\[.*\])?==", lock.read_text(), re.MULTILINE))
        names = re.findall(r"^([A-Za-z0-9_-]+)", asked[lock.stem].strip(), re.MULTILINE)
        assert {name.lower().replace("_", "-") for name in names} <= locked, lock.name


def test_the_system_service_is_shut_in(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if not tool:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / "chatbot-server.service"
    text = (ROOT / "packaging/chatbot-server.service").read_text(encoding="utf-8")
    values = {"@PREFIX@": "/opt/chatbot-server", "@OWNER@": "chatbot", "@CONFIG@": "/etc/x.yaml"}
    for name, value in values.items():
        text = text.replace(name, value)
    assert not re.search(r"@[A-Z]+@", text)
    unit.write_text(text, encoding="utf-8")
    verified = subprocess.run([tool, "verify", unit], capture_output=True, text=True)
    # Only the program itself is not there.
    complaints = [line for line in verified.stderr.splitlines() if "not executable" not in line]
    assert complaints == []
    # 1.7 of 10 when written; 0 is “cannot do anything”.
    judged = [tool, "security", "--offline=true", "--threshold=20", str(unit)]
    assert subprocess.run(judged, capture_output=True).returncode == 0


@pytest.mark.parametrize("name", ["chatbot-server", "chatbot-server-user"])
def test_a_service_that_cannot_start_is_not_tried_for_ever(name: str) -> None:
    text = (ROOT / f"packaging/{name}.service").read_text(encoding="utf-8")
    values = {key: int(number) for key, number in re.findall(r"^(\w+)=(\d+)$", text, re.MULTILINE)}
    seconds = values["StartLimitBurst"] * values["RestartSec"]
    assert seconds < values["StartLimitIntervalSec"]


def test_every_option_is_documented(checkout: Path) -> None:
    script = (checkout / "install.sh").read_text(encoding="utf-8")
    options = set(re.findall(r"^  (--[a-z-]+)", script, re.MULTILINE))
    docs = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    assert len(options) == 15
    for option in options:
        assert f"`{option}" in docs, option
        assert f"CHATBOT_{option[2:].upper().replace('-', '_')}" in docs, option


def test_the_size_of_the_embedded_model_is_told_alike_everywhere() -> None:
    megabytes = round(catalogue()["smollm2-135m-instruct"].size / 1_000_000)
    for file, text in (
        ("packaging/install/places.sh", f"SmolLM2-135M-Instruct, {megabytes} MB"),
        ("packaging/install/places.sh", f"SmolLM2-135M-Instruct, {megabytes} Mo"),
        ("docs/install.md", f"embedded model ({megabytes} MB)"),
    ):
        assert text in (ROOT / file).read_text(), file
