"""The engine is killed in the middle of answers; the server stays, nothing stored is lost."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.patience import LONG, wait_for
from support.servers.live_server import LiveServer
from support.servers.web_site import WebSite

from chatbot_server.retrieval.curate.library import add_site
from chatbot_server.service.children import call_job
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import demo_site

pytestmark = [pytest.mark.model, pytest.mark.xdist_group("live")]
KILLS = 10
# The pause before a restart doubles with each of them, up to five seconds: half a minute for ten.
# The server puts a fresh interpreter in its place, which is to run these lines too.
HASTY = """
import os, sys
from chatbot_server.cli.main import main
from chatbot_server.engine.process.supervisor import EngineSupervisor, SupervisorTiming
EngineSupervisor.__init__.__defaults__ = (SupervisorTiming(longest_pause=0.2),)
execute = os.execv
os.execv = lambda python, words: execute(python, [*sys.orig_argv[:3], *words[3:]])
main()
"""


class Pulse:
    """Asks /healthz all the time, in the background."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/healthz"
        self._stop = threading.Event()
        self.answers: list[int] = []
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(0.1):
            try:
                self.answers.append(httpx.get(self._url, timeout=LONG).status_code)
            except httpx.HTTPError:
                self.answers.append(0)


@pytest.fixture(scope="module")
def server(make_server: Callable[..., LiveServer]) -> Iterator[LiveServer]:
    # A story of a thousand tokens: it is not over before the engine is killed.
    long = {"max_tokens": 1024, "context_length": 2048, "repetition_penalty": 1.0}
    server = make_server(engine=long | {"max_restarts": 3 * KILLS, "slots": 1})
    server.program = ("-c", HASTY)
    server.start()
    assert HASTY in seen(Path(f"/proc/{server.process.pid}/cmdline"))
    yield server
    server.stop()


def engine_pid(server: LiveServer) -> int:
    recorded = json.loads((server.folder / "data" / "run" / "engine.json").read_text())
    return int(recorded["pid"])


def ask(url: str, body: dict[str, Any], kill: Any = None) -> tuple[dict[str, Any], str, list[str]]:
    """One answer; *kill* is called after its third token."""
    start: dict[str, Any] = {}
    names: list[str] = []
    text = ""
    with httpx.stream("POST", f"{url}/api/chat", json=body, timeout=LONG) as response:
        assert response.status_code == 200, response.read()
        for line in response.iter_lines():
            if line.startswith("event: "):
                names.append(line[7:])
            elif line.startswith("data: "):
                data = json.loads(line[6:])
                if names[-1] == "start":
                    start = data
                if names[-1] == "token":
                    text += data["text"]
                    if kill and names.count("token") == 3:
                        kill()
    return start, text, names


def test_ten_kills_lose_no_message_and_never_stop_the_server(server: LiveServer) -> None:
    body = {"site": server.playground_key, "message": "Tell me a long story about a lighthouse."}
    asked = []
    with Pulse(server.url) as pulse:
        for _ in range(KILLS):
            victim = engine_pid(server)
            asked.append(ask(server.url, body, lambda: os.kill(victim, signal.SIGKILL)))  # noqa: B023
            server.wait_ready()
            assert engine_pid(server) != victim
            start, text, names = ask(server.url, {"site": body["site"], "message": "Say hello."})
            assert names[-1] == "done"
            asked.append((start, text, names))
    assert set(pulse.answers) == {200}
    killed = asked[::2]
    assert [names[-1] for _, _, names in killed] == ["error"] * KILLS
    for start, text, names in asked:
        stored = httpx.get(
            f"{server.url}/api/conversation/{start['conversation']}",
            headers={"Authorization": f"Bearer {start['secret']}"},
            timeout=LONG,
        ).json()["messages"]
        assert [turn["role"] for turn in stored] == ["user", "assistant"]
        assert stored[1]["text"] == text
        assert (stored[1]["finish"] == "error") is (names[-1] == "error")


def test_a_question_asked_while_the_engine_is_away_is_answered_by_the_next_one(
    server: LiveServer,
) -> None:
    server.wait_ready()
    os.kill(engine_pid(server), signal.SIGKILL)
    body = {"site": server.playground_key, "message": "Say hello."}
    said: list[str] = []

    def answered() -> bool:
        response = httpx.post(f"{server.url}/api/chat", json=body, timeout=LONG)
        said.append(response.text)
        if response.status_code == 200:
            return True
        assert response.status_code == 503, response.text
        assert int(response.headers["Retry-After"]) > 0
        return False

    wait_for(answered, every=0.2)
    assert "event: done" in said[-1]


def test_the_web_worker_dies_and_the_answers_go_on(server: LiveServer) -> None:
    server.wait_ready()
    parent = server.process.pid
    gunicorn = children(parent, "gunicorn")[0]
    worker = children(gunicorn, "gunicorn")[0]
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: set(children(gunicorn, "gunicorn")) - {worker})
    server.wait_ready()
    key = server.playground_key
    assert ask(server.url, {"site": key, "message": "Say hello."})[2][-1] == "done"


def test_stopping_the_server_leaves_no_process(make_server: Callable[..., LiveServer]) -> None:
    web = WebSite()
    settings = {"private_hosts": ["127.0.0.1"], "requests_per_second": 1.0, "semantic": "off"}
    server = make_server(engine={"slots": 1}, retrieval=settings)
    server.start()
    database = Database(f"sqlite:///{server.folder / 'data' / 'chatbot.db'}")
    with database.session() as session:
        site = demo_site(session).id
    add_site(database, site, f"{web.address}/calendar/1")  # without end
    database.close()
    call_job(server.folder / "data" / "run", "read")  # or it begins twenty seconds later
    wait_for(lambda: "/calendar/1" in web.asked)
    everyone = descendants(server.process.pid)
    assert len(everyone) >= 4
    [reading] = children(server.process.pid, "jobs\0read")
    server.stop()
    assert not alive(reading)
    wait_for(lambda: not any(alive(pid) for pid in everyone))
    web.close()


def test_killing_the_parent_takes_every_process_with_it(
    make_server: Callable[..., LiveServer],
) -> None:
    server = make_server(engine={"slots": 1})
    server.start()
    engine, everyone = engine_pid(server), descendants(server.process.pid)
    assert engine in everyone
    server.process.kill()
    server.process.wait()
    wait_for(lambda: not any(alive(pid) for pid in everyone))
    server.start()  # nobody holds the port
    server.stop()


def children(pid: int, name: str = "") -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    found = [int(child) for file in lists for child in seen(file).split()]
    return [child for child in found if name in seen(Path(f"/proc/{child}/cmdline"))]


def seen(file: Path) -> str:
    """What stands in a file about a process or thread; nothing if it has ended."""
    try:
        return file.read_text()
    except OSError:
        return ""


def descendants(pid: int) -> list[int]:
    return [it for child in children(pid) for it in (child, *descendants(child))]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
