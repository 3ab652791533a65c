"""Golden questions are asked again after what answers depend on has changed, and say why."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import pytest
from support.scripted_chat import ScriptedModel
from support.servers.owner_server import ORIGIN, OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.engine.base import EngineStatus
from chatbot_server.engine.process.state import EngineRecord, write_state
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.retrieval.curate.quality.golden_runs import (
    APART_SECONDS,
    run_when_due,
)
from chatbot_server.retrieval.curate.quality.requested_runs import request_run, requested_runs
from chatbot_server.service import answering
from chatbot_server.service.jobs import embed, golden
from chatbot_server.storage.base import now
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.learning import put_golden
from chatbot_server.storage.visitors.quality import QualityRun, runs_of

Post = Callable[..., TestResponse]
Runs = Callable[..., list[tuple[list[str], int]]]


@pytest.fixture
def base(owner: OwnerServer) -> KnowledgeBase:
    """A site with an own answer and two golden questions, which were asked once."""
    add_faq(owner.database, owner.site_id, "Do you deliver?", "Yes, in Hull.")
    with owner.database.session() as session:
        put_golden(session, owner.site_id, "Do you deliver?", "in Hull")
        put_golden(session, owner.site_id, "Do you sell boats?", "")
    base = KnowledgeBase(owner.database)
    assert run_when_due(base, "small") is None
    return base


@pytest.fixture
def runs(owner: OwnerServer, base: KnowledgeBase) -> Runs:
    """What the runs were caused by, the last one first, after what is due was asked; earlier runs
    are made old before."""

    def run(model: str = "small", *, later: bool = True) -> list[tuple[list[str], int]]:
        with owner.database.session() as session:
            for row in runs_of(session, owner.site_id):
                row.created -= APART_SECONDS if later else 0
        run_when_due(base, model)
        with owner.database.session() as session:
            return [(row.causes, row.passed) for row in runs_of(session, owner.site_id)]

    return run


def test_each_change_is_a_cause(owner: OwnerServer, runs: Runs) -> None:
    assert runs() == [([], 2)], "nothing has changed"
    add_note(owner.database, owner.site_id, "Parking", "It is free.")
    assert runs()[0] == (["pages"], 2)
    add_faq(owner.database, owner.site_id, "Do you deliver?", "No.")
    assert runs()[0] == (["answers"], 1)
    assert runs("large")[0] == (["model"], 1)
    with owner.database.session() as session:
        session.get_one(Site, owner.site_id).time_zone = "Europe/Paris"
    assert runs("large")[0] == (["settings"], 1)
    with owner.database.session() as session:
        session.get_one(Site, owner.site_id).color = "#123456"
    assert len(runs("large")) == 5, "answers do not depend on that"


def test_several_changes_are_asked_about_once(
    owner: OwnerServer, base: KnowledgeBase, runs: Runs
) -> None:
    for number in range(3):
        add_note(owner.database, owner.site_id, f"Room {number}", "It is blue.")
        assert len(runs(later=False)) == 1
    wait = run_when_due(base, "small")
    assert wait is not None
    assert 0 < wait <= APART_SECONDS
    assert [causes for causes, _passed in runs()] == [["pages"], []]
    assert run_when_due(base, "small") is None


def test_nothing_is_asked_while_pages_are_read(owner: OwnerServer, runs: Runs) -> None:
    with owner.database.session() as session:
        open_source(session, owner.site_id, "site", "https://example.org/").started = now()
    add_note(owner.database, owner.site_id, "Parking", "It is free.")
    assert len(runs()) == 1
    with owner.database.session() as session:
        open_source(session, owner.site_id, "site", "https://example.org/").finished = now()
    assert len(runs()) == 2


def test_a_job_asks_after_a_change_and_schedules_the_next(owner: OwnerServer, runs: Runs) -> None:
    assert len(runs()) == 1
    add_note(owner.database, owner.site_id, "Parking", "It is free.")
    call = owner.config.run_dir / "jobs-golden.called"
    call.parent.mkdir(exist_ok=True)
    with owner.database.session() as session:
        for row in session.query(QualityRun):
            row.created = now()
    embed(owner.config, owner.database)
    assert call.stat().st_mtime > now() + 10, "it was asked a moment ago"
    with owner.database.session() as session:
        for row in runs_of(session, owner.site_id):
            row.created -= APART_SECONDS
    golden(owner.config, owner.database)
    with owner.database.session() as session:
        assert len(runs_of(session, owner.site_id)) == 2


def test_what_got_worse_is_told_until_it_is_right_again(
    owner: OwnerServer, runs: Runs, post: Post
) -> None:
    pages = [f"/admin/{owner.key}/{name}" for name in ("", "quality")]
    browser = owner.browser("reader")

    def told() -> list[bool]:
        sentence = "1 golden question that was answered as expected before no longer is."
        return [sentence in browser.get(path).text for path in pages]

    assert told() == [False, False]
    add_faq(owner.database, owner.site_id, "Do you deliver?", "No.")
    runs()
    assert told() == [True, True]
    page = browser.get(pages[1]).text
    assert "<td>own answers changed</td>" in page
    compared = re.findall(r'href="(\S+/runs/2\?before=1)"', page)
    assert compared
    shown = browser.get(compared[0].replace("&amp;", "&")).text
    assert ">worse<" in shown
    assert "own answers changed" in shown
    add_note(owner.database, owner.site_id, "Parking", "It is free.")
    runs()
    assert told() == [True, True], "also after another run"
    assert "before=1" in browser.get(pages[0]).text, "compared with the run in which it was right"
    assert "n’obtient plus la réponse attendue" in browser.get(f"{pages[0]}?locale=fr").text
    browser.get(f"{pages[0]}?locale=en")
    add_faq(owner.database, owner.site_id, "Do you deliver?", "Yes, in Hull.")
    runs()
    assert told() == [False, False]
    add_faq(owner.database, owner.site_id, "Do you deliver?", "No.")
    runs()
    assert told() == [True, True]
    post("/admin/KEY/quality", question="Do you deliver?", expect="No.")
    assert told() == [False, False], "something else is expected now"


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("faq", {"question": "Do you rent?", "answer": "Yes."}),
        ("appearance", {"name": "Bakery"}),
        ("knowledge", {"title": "Dogs", "text": "Welcome."}),
    ],
)
def test_a_change_in_the_browser_calls_the_job(
    owner: OwnerServer, path: str, form: dict[str, str]
) -> None:
    call = owner.config.run_dir / "jobs-embed.called"
    call.parent.mkdir(exist_ok=True)
    browser = owner.browser("owner")
    answer = browser.post(f"/admin/{owner.key}/{path}", data=form, headers=ORIGIN)
    assert answer.status_code == 303, answer.text
    assert call.exists()


def test_a_model_that_writes_is_asked_by_the_job(owner: OwnerServer, post: Post) -> None:
    post("/admin/KEY/quality", question="Do you sell boats?", expect="")
    browser, path = owner.browser("reader"), f"/admin/{owner.key}/quality"
    owner.model.tier = "write"
    answer = post(f"{path}/runs")
    assert answer.location == path
    page = browser.get(path).text
    assert "The question is being asked" in page
    assert "Ask it now" not in page
    helped = owner.browser("owner").get("/admin/help").text
    assert "Bakery: The question is being asked" in helped
    with owner.database.session() as session:
        assert runs_of(session, owner.site_id) == []
    request_run(owner.config.run_dir, 4711, "Ann")  # of a site that is gone
    golden(owner.config, owner.database)
    assert "being asked" not in browser.get(path).text
    assert requested_runs(owner.config.run_dir) == {}
    with owner.database.session() as session:
        assert [run.who for run in runs_of(session, owner.site_id)] == ["the owner"]


def test_the_job_waits_for_a_model_that_is_being_loaded(
    owner: OwnerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "KNOWN_SECONDS", 0.0)
    request_run(owner.config.run_dir, owner.site_id, "Ann")
    write_state(owner.config.run_dir, EngineRecord("starting", supervisor=os.getpid()))
    golden(owner.config, owner.database)
    assert requested_runs(owner.config.run_dir) == {owner.site_id: "Ann"}
    assert (owner.config.run_dir / "jobs-golden.called").stat().st_mtime > now() + 10


def test_a_server_over_http_is_waited_for_until_it_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Told(ScriptedModel):
        """It is known at the third look only."""

        looks = 0

        def status(self) -> EngineStatus:
            self.looks += 1
            return EngineStatus("ready" if self.looks > 2 else "starting")

    assert answering.is_loaded(Told())
    monkeypatch.setattr(answering, "KNOWN_SECONDS", 0.0)
    assert not answering.is_loaded(Told())
