"""``chatbot-server api-key``, as an operator and as a script use it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump({"engine": {"model": None}}))
    return file


def api_key(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chatbot_server", "--config", str(config), "api-key", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_key_is_made_listed_without_its_secret_and_revoked(config: Path) -> None:
    made = json.loads(api_key(config, "create", "--name", "Café", "--json").stdout)
    listed = json.loads(api_key(config, "list", "--json").stdout)
    shown = api_key(config, "list").stdout
    revoked = api_key(config, "revoke", str(made["id"]))

    assert made["key"].startswith("sk-")
    assert [(key["name"], key["used"]) for key in listed] == [("Café", None)]
    assert made["key"][:10] in shown
    assert made["key"] not in shown + json.dumps(listed)
    assert (revoked.returncode, json.loads(api_key(config, "list", "--json").stdout)) == (0, [])


def test_the_key_alone_is_on_standard_output(config: Path) -> None:
    made = api_key(config, "create", "--name", "script")

    assert made.stdout.strip().startswith("sk-")
    assert len(made.stdout.splitlines()) == 1
    assert "1" in made.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [(("revoke", "99"), 1), (("revoke", "x"), 2), (("create",), 2), (("create", "--name", " "), 2)],
)
def test_a_mistake_is_a_sentence(config: Path, words: tuple[str, ...], code: int) -> None:
    failed = api_key(config, *words)

    assert failed.returncode == code
    assert failed.stderr.strip()
    assert "Traceback" not in failed.stderr
