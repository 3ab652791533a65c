"""Accounts from the terminal: the first one, the list, a lost password."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import click
import pytest
from support.command_line import Run

from chatbot_server.config import load_config
from chatbot_server.storage.database import Database
from chatbot_server.storage.owners.audit import AuditEntry, note_action


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is typed at a terminal, one after the other."""
    words: list[str] = []
    monkeypatch.setattr(sys, "stdin", _Terminal())
    monkeypatch.setattr(click, "prompt", lambda *_, **__: words.pop(0))
    return words


def test_an_owner_is_made_listed_and_helped(run: Run, typed: list[str], tmp_path: Path) -> None:
    assert run("init", "--model", "none").exit_code == 0
    first = run("admin", "setup-token").out
    token = first.strip().rsplit("#", 1)[1]
    assert "/setup#" in first
    assert (tmp_path / "data" / "setup-token").read_text().strip() == token
    assert token not in run("admin", "setup-token", "--new").out
    assert "setup-token" in run("admin", "list").out

    typed.extend(["short", "short", "four words for sleeping", "four words for sleeping"])
    refused = run("admin", "create", "Ann")
    assert refused.exit_code == 2
    assert "10" in refused.err
    assert "/admin/" in run("admin", "create", "Ann").out
    assert run("admin", "create", "ann").exit_code == 2  # taken: no password is asked for
    listed = json.loads(run("admin", "list", "--json").out)
    assert [(row["name"], row["role"]) for row in listed] == [("Ann", "owner")]
    assert "password" not in json.dumps(listed)

    assert "password alone" in run("admin", "second-factor-off", "ann").out
    assert "/admin/join#" in run("admin", "reset", "ANN").out
    assert run("admin", "reset", "Bob").exit_code == 1
    assert "/setup#" not in run("admin", "setup-token").out
    assert not (tmp_path / "data" / "setup-token").exists()


def test_two_different_passwords_are_told_in_the_readers_language(
    run: Run, typed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATBOT_LANGUAGE", "fr")
    run("init", "--model", "none")
    typed.extend(["four words for sleeping", "other", *["four words for sleeping"] * 2])
    made = run("admin", "create", "Ann")
    assert made.exit_code == 0
    assert made.err.startswith("Ce sont deux mots de passe différents")


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [("four words for sleeping\n", 0, ""), ("", 2, "no terminal to ask for the password")],
)
def test_without_a_terminal_the_password_is_a_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, given: str, code: int, told: str
) -> None:
    run("init", "--model", "none")
    monkeypatch.setattr(sys, "stdin", io.StringIO(given))
    made = run("admin", "create", "Ann")
    assert made.exit_code == code
    assert made.err.startswith("There is " + told) if told else not made.err


@pytest.mark.parametrize(("word", "is_erased"), [("o", True), ("OUI", True), ("", False)])
def test_a_site_is_erased_once_its_owner_said_yes(
    run: Run, typed: list[str], monkeypatch: pytest.MonkeyPatch, word: str, is_erased: bool
) -> None:
    monkeypatch.setenv("CHATBOT_LANGUAGE", "fr")
    run("init", "--model", "none")
    key = json.loads(run("site", "add", "Bakery", "--json").out)[0]["key"]
    typed.extend(["peut-être", word])
    assert (run("site", "remove", key).exit_code == 0) is is_erased
    assert (key not in run("site", "list").out) is is_erased


def test_without_a_terminal_erasing_needs_its_option(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("init", "--model", "none")
    key = json.loads(run("site", "add", "Bakery", "--json").out)[0]["key"]
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    refused = run("site", "remove", key)
    assert (refused.exit_code, "--yes" in refused.err) == (2, True)
    assert key in run("site", "list").out


def test_what_is_changed_at_the_terminal_is_in_the_log(run: Run, tmp_path: Path) -> None:
    assert run("init", "--model", "none").exit_code == 0
    key = json.loads(run("site", "add", "Bakery", "--json").out)[0]["key"]
    note = tmp_path / "note.txt"
    note.write_text("We bake bread in Hull.")
    commands = (
        ("knowledge", "add", str(note), "--site", key),
        ("knowledge", "golden", "add", "Secret question?", "--nothing", "--site", key),
        ("knowledge", "golden", "remove", "1", "--site", key),
        ("knowledge", "push-secret", "--site", key),
        ("knowledge", "remove", "1", "--site", key),
        ("api-key", "create", "--name", "Intranet"),
        ("api-key", "revoke", "1"),
        ("backup", str(tmp_path / "one.chatbot-backup")),
        ("restore", str(tmp_path / "one.chatbot-backup"), "--replace"),
        ("site", "remove", key, "--yes"),
    )
    for command in commands:
        assert run(*command).exit_code == 0, command
    assert run("knowledge", "remove", "99", "--site", key).exit_code != 0
    log = run("admin", "log", "--json").out
    actions = [(row["action"], row["site"]) for row in reversed(json.loads(log))]
    assert actions == [
        ("site add", "Bakery"),
        ("knowledge add", "Bakery"),
        ("knowledge golden add", "Bakery"),
        ("knowledge golden remove", "Bakery"),
        ("knowledge push-secret", "Bakery"),
        ("knowledge remove", "Bakery"),
        ("api-key create", ""),
        ("api-key revoke", ""),
        ("restore", ""),
        ("site remove", "Bakery"),
    ]
    assert "one.chatbot-backup" in log
    assert "Secret question" not in log


def test_the_log_is_told_in_words(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("init", "--model", "none").exit_code == 0
    database = Database(load_config(tmp_path / "config.yaml").database_url)
    rows = (("save_entry", "Bakery", ""), ("invite", "", "reader"), ("site add", "Bakery", ""))
    with database.session() as session:
        for action, site, about in rows:
            note_action(session, AuditEntry(who="Ann", action=action, site=site, about=about))
    shown = run("admin", "log").out
    assert "Ann  saved an own answer  Bakery" in shown
    assert "save_entry" not in shown
    assert "site add  Bakery" in shown, "a command is shown as it was typed"
    monkeypatch.setenv("CHATBOT_LANGUAGE", "fr")
    assert "a enregistré une réponse  Bakery" in run("admin", "log").out.replace("\u00a0", " ")
