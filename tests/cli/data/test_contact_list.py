"""``contact``: what visitors wrote to a person, in the terminal."""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.command_line import Run

from chatbot_server.cli.options import print_json
from chatbot_server.config import load_config
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import all_sites, demo_site
from chatbot_server.storage.visitors.feedback import add_contact_request

NOON_IN_LONDON = 1_767_268_800  # 2026-01-01


@pytest.fixture
def _far_east() -> Iterator[None]:
    """A machine on which the next day has begun."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Etc/GMT-14")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_far_east")
def test_messages_are_listed_with_the_day_on_this_machine(run: Run, tmp_path: Path) -> None:
    assert run("init", "--model", "none").exit_code == 0
    config = load_config(tmp_path / "config.yaml")
    with closing(Database(config.database_url)) as database, database.session() as session:
        letter = add_contact_request(
            session, demo_site(session), None, name="Ann", email="a@example.org", text="Help"
        )
        letter.created = NOON_IN_LONDON
    (message,) = json.loads(run("contact", "list", "--json").out)
    assert (message["day"], message["text"]) == ("2026-01-02", "Help")
    lines = run("contact", "list").out.splitlines()
    assert lines[0].startswith(f"{message['id']}  2026-01-02  ")
    assert lines[1:3] == ["    Ann <a@example.org>", "    Help"]


def test_messages_of_one_site_are_listed(run: Run, tmp_path: Path) -> None:
    assert run("init", "--model", "none").exit_code == 0
    run("site", "add", "Bakery")
    config = load_config(tmp_path / "config.yaml")
    with closing(Database(config.database_url)) as database, database.session() as session:
        sites = {site.name: site for site in all_sites(session)}
        for name in ("Demo", "Bakery"):
            add_contact_request(
                session, sites[name], None, name="Ann", email="a@example.org", text="Help"
            )
        key = sites["Bakery"].key
    assert len(json.loads(run("contact", "list", "--json").out)) == 2
    (message,) = json.loads(run("contact", "list", "--site", key, "--json").out)
    assert message["site"] == "Bakery"
    refused = run("contact", "list", "--site", "nowhere")
    assert (refused.exit_code, "nowhere" in refused.err) == (1, True)


def test_json_steers_no_terminal_and_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """As it is stored: by an earlier version, or in a backup that somebody made."""
    words = "\x1b[2J\x9b31m \u202egnp.exe\u200b \U000e0041 L’été 🥖"
    print_json([words])
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == [words]
    assert not [c for c in line if unicodedata.category(c) in ("Cc", "Cf")]
    assert "L’été 🥖" in line
