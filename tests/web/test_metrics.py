"""``/metrics``: what Prometheus reads, and who does not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from support.configured import make_config
from support.scripted_chat import ScriptedModel
from support.servers.live_server import LiveServer

from chatbot_server.app import create_app
from chatbot_server.errors import EngineBusy
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import add_site
from chatbot_server.storage.visitors.analytics import Period, activity

INSIDE = "http://localhost:9464"
TOKEN = "a-token-of-many-letters"
QUESTION = "When is the shop open?"


def values_of(page: str) -> dict[str, float]:
    """Each sample, by its name and the values of its labels."""
    return {
        " ".join([sample.name, *(sample.labels[name] for name in sorted(sample.labels))]): (
            sample.value
        )
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


class Watched:
    """A server with one site, asked and scraped without a network."""

    def __init__(self, folder: Path, **metrics: Any) -> None:
        self.database = Database(f"sqlite:///{folder / 'chatbot.db'}")
        self.database.migrate()
        with self.database.session() as session:
            site = add_site(session, "Shop")
            self.site, self.site_id = site.key, site.id
        add_note(self.database, self.site_id, "Hours", "The shop is open from 9 to 17 every day.")
        config = make_config(
            folder, metrics={"port": 9464, **metrics}, limits={"visitor": ("5 per day",)}
        )
        self.model = ScriptedModel("quote")
        self.client: FlaskClient = create_app(config, self.model, self.database).test_client()

    def ask(self, message: str) -> int:
        answer = self.client.post("/api/chat", json={"site": self.site, "message": message})
        self.events = answer.get_data(as_text=True)
        return answer.status_code

    def scrape(self) -> dict[str, float]:
        page = self.client.get("/metrics", base_url=INSIDE)
        assert page.status_code == 200, page.text
        return values_of(page.text)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path)
    yield watched
    watched.database.close()


def test_answers_are_counted_by_status_and_origin(watched: Watched) -> None:
    names = (
        "chatbot_answers_total no pages quoted",
        "chatbot_answers_total yes pages quoted",
        "chatbot_answers_total no none nothing",
        "chatbot_first_text_seconds_count pages",
        "chatbot_energy_joules_total estimated pages",
        "chatbot_refusals_total limit_visitor",
    )
    before = watched.scrape()
    for _ in range(3):
        assert watched.ask(QUESTION) == 200
    assert '"method":"estimated"' in watched.events
    assert watched.ask("Do you mend umbrellas?") == 200
    assert [watched.ask("Hello") for _ in range(2)] == [200, 429]
    after = watched.scrape()
    grown = [after[name] - before.get(name, 0.0) for name in names]
    assert grown[:4] == [1, 2, 1, 3]
    assert 0 < grown[4] < 100
    assert grown[5] == 1


def test_the_state_of_engine_and_index_is_looked_up(watched: Watched) -> None:
    values = watched.scrape()
    assert values["chatbot_engine_state ready"] == 1
    assert values["chatbot_engine_state failed"] == 0
    assert values["chatbot_engine_restarts_total"] == 0
    assert values["chatbot_engine_queue"] == values["chatbot_streams"] == 0
    assert (values["chatbot_index_documents"], values["chatbot_index_chunks"]) == (1, 1)
    assert values["chatbot_index_chunks_waiting"] == 0
    watched.model.state = "idle"
    assert watched.scrape()["chatbot_engine_state idle"] == 1


def test_the_owner_sees_what_answers_cost_and_how_many_took_no_model(watched: Watched) -> None:
    watched.ask(QUESTION)
    watched.model.tier, watched.model.says = "write", ("The shop is open from 9 to 17.",)
    watched.ask("And when does the shop open?")
    with watched.database.session() as session:
        week = activity(session, Period(watched.site_id, 0, now() + 1))
    assert (week.share_without_model, week.estimated) == (50, 2)
    assert 0 < week.joules < 200


def test_a_refused_answer_is_not_left_in_the_making(watched: Watched) -> None:
    watched.model.tier, watched.model.says = "write", (EngineBusy("engine_busy", waiting=1),)
    watched.ask(QUESTION)
    assert watched.scrape()["chatbot_streams"] == 0


def test_nothing_of_one_listener_is_seen_on_the_other(watched: Watched) -> None:
    assert watched.client.get("/metrics").status_code == 404
    for path in ("/", "/healthz", "/widget.js", "/metrics/"):
        assert watched.client.get(path, base_url=INSIDE).status_code == 404
    question = {"site": watched.site, "message": QUESTION}
    assert watched.client.post("/api/chat", json=question, base_url=INSIDE).status_code == 404


def test_without_its_database_the_rest_is_shown(watched: Watched) -> None:
    with watched.database.session() as session:
        session.connection().exec_driver_sql("DROP TABLE knowledge_vector")
        session.connection().exec_driver_sql("ALTER TABLE knowledge_chunk RENAME TO gone")
    values = watched.scrape()
    assert "chatbot_index_chunks" not in values
    assert "chatbot_engine_restarts_total" in values


def test_a_token_is_asked_for_where_there_is_one(tmp_path: Path) -> None:
    client = Watched(tmp_path, host="0.0.0.0", token=TOKEN).client

    def status(shown: str) -> int:
        headers = {"Authorization": shown}
        return client.get("/metrics", base_url=INSIDE, headers=headers).status_code

    assert [status(shown) for shown in ("", TOKEN, f"Bearer {TOKEN}x", "Bearer é")] == [401] * 4
    assert status(f"Bearer {TOKEN}") == 200


COUNTING = """
import os, signal, sys
from chatbot_server.metrics import ANSWERS, STREAMS
ANSWERS.labels("quoted", "pages", "no").inc(int(sys.argv[1]))
STREAMS.inc()
if sys.argv[2] == "dies":
    os.kill(os.getpid(), signal.SIGKILL)
from prometheus_client import generate_latest
from chatbot_server.web.metrics_page import forget_ended_processes, registry_of
from prometheus_client.registry import Collector
class Nothing(Collector):
    def collect(self):
        return []
forget_ended_processes()
print(generate_latest(registry_of(Nothing())).decode())
"""


def test_several_processes_count_as_one_also_those_that_ended(tmp_path: Path) -> None:
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def count(*words: str) -> str:
        command = [sys.executable, "-c", COUNTING, *words]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        ).stdout

    count("2", "dies")
    values = values_of(count("3", "lives"))
    assert values["chatbot_answers_total no pages quoted"] == 5
    assert values["chatbot_streams"] == 1  # nothing is in the making in the one that is gone


@pytest.mark.xdist_group("live")
def test_a_running_server_shows_it_on_the_other_port(live_server: LiveServer) -> None:
    inside = f"http://127.0.0.1:{live_server.settings['metrics']['port']}"
    values = values_of(httpx.get(f"{inside}/metrics", timeout=60).text)
    assert values["chatbot_engine_state ready"] == 1
    assert "chatbot_engine_answers" in values
    assert httpx.get(f"{live_server.url}/metrics", timeout=60).status_code == 404
    assert httpx.get(f"{inside}/healthz", timeout=60).status_code == 404
