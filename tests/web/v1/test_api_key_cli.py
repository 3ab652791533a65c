"""``chatbot-server api-key``, as an operator and as a script use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from support.command_line import Ran, run_on


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump({"engine": {"model": None}}))
    return file


def api_key(config: Path, *words: str) -> Ran:
    return run_on(config, "api-key", *words)


def test_a_key_is_made_listed_without_its_secret_and_revoked(config: Path) -> None:
    made = json.loads(api_key(config, "create", "--name", "Café", "--json").out)
    listed = json.loads(api_key(config, "list", "--json").out)
    shown = api_key(config, "list").out
    revoked = api_key(config, "revoke", str(made["id"]))

    assert made["key"].startswith("sk-")
    assert [(key["name"], key["used"]) for key in listed] == [("Café", None)]
    assert made["key"][:10] in shown
    assert made["key"] not in shown + json.dumps(listed)
    assert (revoked.exit_code, json.loads(api_key(config, "list", "--json").out)) == (0, [])


def test_the_key_alone_is_on_standard_output(config: Path) -> None:
    made = api_key(config, "create", "--name", "script")

    assert made.out.strip().startswith("sk-")
    assert len(made.out.splitlines()) == 1
    assert "1" in made.err


@pytest.mark.parametrize(
    ("words", "code"),
    [(("revoke", "99"), 1), (("revoke", "x"), 2), (("create",), 2), (("create", "--name", " "), 2)],
)
def test_a_mistake_is_a_sentence(config: Path, words: tuple[str, ...], code: int) -> None:
    failed = api_key(config, *words)

    assert failed.exit_code == code
    assert failed.err.strip()
    assert "Traceback" not in failed.err
