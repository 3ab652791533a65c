"""Help: the checks of ``doctor`` in the browser, what goes on, and the text for a helper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from support.servers.owner_server import ORIGIN, OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.config import Config
from chatbot_server.diagnosis import own_server
from chatbot_server.diagnosis.own_server import Check, changed_settings, support_text
from chatbot_server.storage.base import now
from chatbot_server.storage.knowledge.sources import open_source


@pytest.fixture
def configuration(owner: OwnerServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the configuration, with which the server's processes were started."""
    file = owner.folder / "config.yaml"
    settings = {"data_dir": str(owner.folder), "engine": {"model": None}}
    settings |= {"server": {"port": 9}}  # nothing answers there
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    monkeypatch.setenv("CHATBOT_CONFIG", str(file))
    return file


@pytest.mark.usefixtures("configuration")
def test_the_checks_of_doctor_are_shown_with_the_faults_first(owner: OwnerServer) -> None:
    browser = owner.browser("owner")
    page = browser.post("/admin/help?locale=fr", headers=ORIGIN)
    assert page.status_code == 200
    assert "Rien ne répond à http://127.0.0.1:9" in page.text
    assert "de mémoire sont libres." in page.text
    assert page.text.index(">à faire<") < page.text.index(">bon<")
    support = page.text.partition('id="support"')[2]
    assert "server: FAILED: Rien ne répond" in support
    assert "memory: ok" in support


def test_checks_that_do_not_end_say_so(
    owner: OwnerServer, monkeypatch: pytest.MonkeyPatch, post: Callable[..., TestResponse]
) -> None:
    monkeypatch.setattr(own_server, "SECONDS", 0.01)
    page = post("/admin/help")
    assert page.status_code == 503
    assert "The checks did not finish within a minute" in page.text


def test_what_goes_on_and_what_failed_lead_to_their_pages(owner: OwnerServer) -> None:
    browser = owner.browser("owner")
    assert "Nothing is running" in browser.get("/admin/help").text
    with owner.database.session() as session:
        open_source(session, owner.site_id, "site", "https://shop.example/")
        broken = open_source(session, owner.site_id, "site", "https://gone.example/")
        broken.started = broken.finished = now()
        broken.why = "robots_closed"
    page = browser.get("/admin/help").text
    assert "https://shop.example/: being read" in page
    assert "https://gone.example/: " in page
    assert page.count(f'href="/admin/{owner.key}/knowledge"') == 3  # the menu's, and both
    with owner.database.session() as session:
        menu = open_source(session, owner.site_id, "file", "menu.pdf")
        menu.started = menu.finished = now()
        menu.why = "extract_other_kind"
    assert "menu.pdf: " not in browser.get("/admin/help").text, "the sentence names it"
    assert "https://gone.example/\xa0: " in browser.get("/admin/help?locale=fr").text


def test_the_text_for_a_helper_holds_no_secret() -> None:
    address = "postgresql+psycopg://ann:hidden@db.example/chat"  # pragma: allowlist secret
    mail = {"host": "smtp.example.org", "sender": "ann@example.org", "password": "hidden"}
    config = Config.model_validate({"database": address, "mail": mail, "server": {"port": 9000}})
    checks = [Check("mail", ok=False, sentence="It refuses."), Check("disk", ok=True, sentence="x")]
    text = support_text({"python": "3.12"}, config, checks)
    for line in ("python: 3.12", "database = …", "mail.password = …", "server.port = 9000"):
        assert line in text.splitlines()
    assert "hidden" not in text
    assert "example" not in text
    assert text.splitlines()[-2:] == ["mail: FAILED: It refuses.", "disk: ok"]
    assert list(changed_settings(Config())) == []
