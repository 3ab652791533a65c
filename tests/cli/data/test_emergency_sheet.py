"""The emergency sheet: what it tells works, and it tells no secret."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from support.command_line import Run, run_on
from support.servers.owner_server import OwnerServer
from test_docs import commands, mistake

from chatbot_server.accounts.passwords import hash_password
from chatbot_server.backup.archive import AGE
from chatbot_server.backup.service import SUFFIX
from chatbot_server.backup.sheet import EmergencySheet
from chatbot_server.config import Config, load_config
from chatbot_server.messages import LANGUAGES
from chatbot_server.service.jobs import back_up_daily
from chatbot_server.storage.database import Database
from chatbot_server.storage.owners.accounts import add_account, all_accounts

SECRET = "hunter2"
SETTINGS = {
    "server": {"port": 9000, "public_url": "https://chat.example.org"},
    "engine": {"model": None},
    "retrieval": {"semantic": "off"},
}
# Whatever a setting may hide.
SECRETIVE = {
    "database": f"postgresql://bot:{SECRET}@db.example.org/chat?password={SECRET}",
    "mail": {
        "host": "smtp.example.org",
        "sender": "a@example.org",
        "password": SECRET,
        "password_file": "/etc/mail-password",
    },
    "metrics": {"port": 9100, "token": SECRET * 3},
    "engine": {
        "kind": "openai",
        "endpoints": (
            {
                "url": f"https://bot:{SECRET}@llm.example.org/v1?key={SECRET}",
                "api_key_file": "/etc/llm-key",
            },
        ),
    },
}


@pytest.fixture
def lost(tmp_path: Path) -> Path:
    """The configuration of a machine that is going to be lost, with an account and a text."""
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(SETTINGS))
    note = ("--title", "Parking", "--text", "Parking is free.")
    assert run_on(file, "knowledge", "add", *note).exit_code == 0
    database = Database(load_config(file).database_url)
    with database.session() as session:
        add_account(session, "Ann", hash_password("four words for sleeping"), "owner")
    database.close()
    return file


def test_the_commands_of_the_sheet_bring_everything_back(lost: Path, tmp_path: Path) -> None:
    backup = tmp_path / f"a{SUFFIX}"
    assert run_on(lost, "backup", str(backup)).exit_code == 0
    sections = json.loads(run_on(lost, "backup", "--sheet", "--json").out)
    typed = [command for part in sections for line in part["lines"] for command in line["commands"]]
    assert typed[1] == "sh chatbot-server-0.1.0.sh --run --port 9000"
    new = tmp_path / "new machine"
    new.mkdir()
    with ZipFile(backup) as archive:  # unzip -p FILE config.yaml
        (new / "config.yaml").write_bytes(archive.read("config.yaml"))
    assert "unzip -p FILE config.yaml" in typed
    run = partial(run_on, new / "config.yaml")
    for command in typed:
        words = command.split()
        if words[:2] == ["chatbot-server", "restore"]:
            ran = run(*(str(backup) if word == "FILE" else word for word in words[1:]))
            assert (ran.exit_code, ran.err) == (0, ""), command
    assert "Parking is free." in run("knowledge", "search", "Is parking free?").out
    database = Database(load_config(new / "config.yaml").database_url)
    with database.session() as session:
        assert [account.name for account in all_accounts(session)] == ["Ann"]
    database.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("settings", [{}, SECRETIVE], ids=["plain", "secretive"])
def test_every_command_is_there_and_no_secret(
    lost: Path, tmp_path: Path, language: str, settings: dict[str, object]
) -> None:
    database = Database(load_config(lost).database_url)
    config = Config.model_validate({"data_dir": tmp_path / "data"} | settings)
    sheet = EmergencySheet(database, config, lost, "https://chat.example.org", language)
    sections = sheet.sections()
    database.close()
    text = "\n".join(
        "\n".join([line.text, *line.commands]) for section in sections for line in section.lines
    )
    assert SECRET not in text
    assert ("make one now" in text) is (language == "en"), "there is no backup"
    ours = commands(text)
    assert len(ours) >= 6
    assert [words for words in ours if mistake(words)] == []
    told = ("db.example.org", "llm.example.org", "/etc/mail-password", "/etc/llm-key")
    assert all((name in text) is bool(settings) for name in told)
    assert "Ann" in text
    assert str(tmp_path / "data" / "backups") in text


def test_the_newest_backups_are_named_and_whether_they_are_encrypted(
    lost: Path, tmp_path: Path
) -> None:
    config = load_config(lost)
    database = Database(config.database_url)
    back_up_daily(config, database, config.backups_dir)
    database.close()
    (config.backups_dir / f"mine{SUFFIX}").write_bytes(AGE + b"\n...")
    out = run_on(lost, "backup", "--sheet").out
    assert re.search(rf"- mine{SUFFIX}, of .*: encrypted; its passphrase is needed\.", out)
    assert re.search(rf"- daily-\S+{SUFFIX}, of .*: not encrypted\.", out)
    assert "https://chat.example.org/admin/ opens" in out


def test_daily_backups_hold_the_settings(lost: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATBOT_CONFIG", str(lost))
    config = load_config(lost)
    database = Database(config.database_url)
    back_up_daily(config, database, config.backups_dir)
    database.close()
    (file,) = config.backups_dir.glob(f"*{SUFFIX}")
    with ZipFile(file) as archive:
        assert yaml.safe_load(archive.read("config.yaml")) == SETTINGS


@pytest.fixture
def run(lost: Path) -> Run:
    return partial(run_on, lost)


def test_the_sheet_makes_no_backup(run: Run, tmp_path: Path) -> None:
    for words in ((str(tmp_path / "b"),), ("--without-visitors",)):
        ran = run("backup", "--sheet", *words)
        assert (ran.exit_code, ran.out) == (2, "")
        assert ran.err.count("\n") == 1
        assert "--sheet makes no backup" in ran.err
    assert run("backup", "--sheet").exit_code == 0
    assert not list((tmp_path / "data").glob(f"backups/*{SUFFIX}"))


def test_the_page_is_led_to_and_names_the_address_that_visitors_use(tmp_path: Path) -> None:
    owner = OwnerServer(tmp_path, public_url="https://chat.example.org")
    browser = owner.browser("owner")
    assert 'href="/admin/backups/sheet"' in browser.get("/admin/backups").text
    page = browser.get("/admin/backups/sheet").text
    assert "Address of the server: https://chat.example.org</li>" in page
    assert "Bakery (–)" in page
    assert "restore FILE --replace" in page
    french = browser.get("/admin/backups/sheet?locale=fr").text
    assert "Fiche de secours" in french
    assert "Le rétablir sur une autre machine" in french
    assert "restore --look FICHIER" in french
    assert "FILE" not in french
    owner.database.close()


def test_the_page_names_the_model_that_was_chosen_since_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = OwnerServer(tmp_path)
    file = tmp_path / "config.yaml"
    monkeypatch.setenv("CHATBOT_CONFIG", str(file))
    settings = SETTINGS | {"engine": {"model": "croissantllmchat-v0.1"}}
    file.write_text(yaml.safe_dump(settings))
    browser = owner.browser("owner")
    assert "models pull croissantllmchat-v0.1" in browser.get("/admin/backups/sheet").text
    file.write_text("engine: [")
    assert browser.get("/admin/backups/sheet").status_code == 200
    owner.database.close()
