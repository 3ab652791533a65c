"""Jobs run beside the server: none waits for another, and all end with it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.conversations import start_conversation
from support.patience import wait_for
from support.servers.web_site import WebSite

from chatbot_server.config import load_config
from chatbot_server.retrieval.curate.library import add_note, add_site
from chatbot_server.retrieval.index.embedder import MODEL
from chatbot_server.service import children
from chatbot_server.service.children import Job, call_job
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import document_counts, waiting_counts
from chatbot_server.storage.site.sites import demo_site
from chatbot_server.storage.visitors.conversations import Conversation

# Takes the scripts of the next runs; returns the runs, which it goes on with.
Scripted = Callable[..., list[subprocess.Popen[bytes]]]
SETTINGS = {
    "engine": {"model": None},
    "retrieval": {"semantic": "off", "private_hosts": ["127.0.0.1"], "requests_per_second": 5.0},
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(SETTINGS))
    return os.environ | {"CHATBOT_CONFIG": str(file)}


@pytest.fixture
def database(environment: dict[str, str]) -> Iterator[Database]:
    made = Database(load_config(Path(environment["CHATBOT_CONFIG"])).database_url)
    made.migrate()
    yield made
    made.close()


def test_what_must_be_erased_waits_for_no_crawl(
    environment: dict[str, str], database: Database, tmp_path: Path
) -> None:
    web = WebSite()
    with database.session() as session:
        site = demo_site(session).id
        old, _ = start_conversation(session, site, locale="en", page=None, keep=False)
        old.expires = 1
    add_site(database, site, f"{web.address}/calendar/1")  # without end
    read, erase = (Job(name, environment, tmp_path, first_after=0) for name in ("read", "erase"))
    read.start()
    wait_for(lambda: "/calendar/1" in web.asked)
    erase.start()

    def erased() -> bool:
        with database.session() as session:
            return session.get(Conversation, old.id) is None

    wait_for(erased)
    erase.stop()
    read.stop()
    web.close()


def test_a_job_ends_with_the_server_and_survives_a_day_without_memory(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], tmp_path: Path
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    refused: list[None] = []
    popen = subprocess.Popen

    def scarce(_command: object, **options: Any) -> subprocess.Popen[bytes]:
        if not refused:
            refused.append(None)
            raise BlockingIOError("no more processes")
        started.append(popen(["sleep", "1000"], **options))
        return started[-1]

    monkeypatch.setattr("chatbot_server.service.children.subprocess.Popen", scarce)
    monkeypatch.setattr(children, "JOBS_EVERY", 0.0)
    job = Job("read", environment, tmp_path, first_after=0)
    job.start()
    wait_for(lambda: started)
    job.stop()
    assert started[0].poll() is not None
    Job("read", environment, tmp_path).stop()  # never started


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """Jobs that are shell scripts: each run is the next of them, and then does nothing."""
    popen, waiting, runs = subprocess.Popen, list[str](), list[subprocess.Popen[bytes]]()

    def next_run(_command: object, **options: Any) -> subprocess.Popen[bytes]:
        runs.append(popen(["sh", "-c", waiting.pop(0) if waiting else "true"], **options))
        return runs[-1]

    def script(*scripts: str) -> list[subprocess.Popen[bytes]]:
        waiting.extend(scripts)
        return runs

    monkeypatch.setattr("chatbot_server.service.children.subprocess.Popen", next_run)
    monkeypatch.setattr(children, "CALL_CHECK_SECONDS", 0.01)
    yield script
    assert not waiting


def test_a_job_that_was_killed_or_failed_is_tried_again_soon(
    monkeypatch: pytest.MonkeyPatch, scripted: Scripted, tmp_path: Path
) -> None:
    monkeypatch.setattr(children, "AGAIN_AFTER", 0.0)
    runs = scripted("kill -9 $$", "exit 1", "true")
    for name in ("webhooks", "erase"):  # one on call only, and one that is due every hour
        call_job(tmp_path, name)
        job = Job(name, os.environ, tmp_path)
        job.start()
        wait_for(lambda: len(runs) == 3)
        wait_for(lambda: runs[2].poll() is not None)
        job.stop()
        assert [run.returncode for run in runs] == [-9, 1, 0]
        runs.clear()
        scripted(*(["kill -9 $$", "exit 1", "true"] if name == "webhooks" else []))


def test_a_job_that_does_not_move_is_killed_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, scripted: Scripted, tmp_path: Path
) -> None:
    monkeypatch.setattr(children, "AGAIN_AFTER", 0.0)
    monkeypatch.setattr(children, "STILL_SECONDS", 0.3)
    runs = scripted("kill -STOP $$")
    job = Job("erase", os.environ, tmp_path, first_after=0)
    job.start()
    wait_for(lambda: len(runs) > 1)
    job.stop()
    assert runs[0].returncode == -9


def test_jobs_give_way_to_answers_but_are_not_starved(scripted: Scripted, tmp_path: Path) -> None:
    file, own = tmp_path / "niceness", os.nice(0)
    for name, niceness in (("erase", own + children.NICENESS), ("model", own)):
        runs = scripted(f"nice >{file}")
        call_job(tmp_path, name)
        job = Job(name, os.environ, tmp_path)
        job.start()
        wait_for(lambda: runs and runs.pop().wait() == 0)  # noqa: B023
        job.stop()
        assert int(file.read_text()) == min(19, niceness)


@pytest.mark.xdist_group("live")
def test_what_is_pushed_gets_its_vectors_at_once(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    database: Database,
    tmp_path: Path,
) -> None:
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(SETTINGS | {"retrieval": {}}))
    monkeypatch.setattr(children, "CALL_CHECK_SECONDS", 0.01)
    with database.session() as session:
        site = demo_site(session).id
    job = Job("embed", environment, tmp_path, first_after=3600)
    job.start()
    for told in (1, 2):  # called for a second time, it comes again
        add_note(database, site, f"Note {told}", "Closed in August.")
        call_job(tmp_path, "read")
        call_job(tmp_path, "embed")
        wait_for(lambda: _embedded(database, site) == (told, told))  # noqa: B023
    job.stop()
    call_job(tmp_path / "nowhere", "embed")  # is no error


def _embedded(database: Database, site: int) -> tuple[int, int]:
    with database.session() as session:
        total = sum(document_counts(session, site).values())
        return total, total - sum(waiting_counts(session, site, MODEL).values())


def test_a_job_that_is_called_for_later_is_not_put_off(tmp_path: Path) -> None:
    job = Job("mail", {}, tmp_path, first_after=3600)
    assert not job.is_called()
    call_job(tmp_path, "mail", 3600)
    assert not job.is_called()
    call_job(tmp_path, "mail")
    call_job(tmp_path, "mail", 3600)
    assert job.is_called()
