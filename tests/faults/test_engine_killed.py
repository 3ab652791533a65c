"""The engine is killed in the middle of answers; the server stays, nothing stored is lost."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = [pytest.mark.model, pytest.mark.xdist_group("live")]
KILLS = 10


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
        self._thread.join(30)

    def _beat(self) -> None:
        while not self._stop.wait(0.1):
            try:
                self.answers.append(httpx.get(self._url, timeout=10).status_code)
            except httpx.HTTPError:
                self.answers.append(0)


@pytest.fixture(scope="module")
def server(make_server: Any) -> Iterator[Any]:
    server = make_server(engine={"max_restarts": 3 * KILLS, "max_tokens": 200, "slots": 1})
    server.start()
    yield server
    server.stop()


def engine_pid(server: Any) -> int:
    recorded = json.loads((server.folder / "data" / "run" / "engine.json").read_text())
    return int(recorded["pid"])


def ask(url: str, body: dict[str, Any], kill: Any = None) -> tuple[dict[str, Any], str, list[str]]:
    """One answer; *kill* is called after its third token."""
    start: dict[str, Any] = {}
    names: list[str] = []
    text = ""
    with httpx.stream("POST", f"{url}/api/chat", json=body, timeout=120) as response:
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


def test_ten_kills_lose_no_message_and_never_stop_the_server(server: Any) -> None:
    body = {"site": server.demo_key, "message": "Tell me a long story about a lighthouse."}
    asked = []
    with Pulse(server.url) as pulse:
        for _ in range(KILLS):
            victim = engine_pid(server)
            asked.append(ask(server.url, body, lambda: os.kill(victim, signal.SIGKILL)))  # noqa: B023
            server.wait_ready()
            assert engine_pid(server) != victim
            start, text, names = ask(server.url, {"site": body["site"], "message": "Hello"})
            assert names[-1] == "done"
            asked.append((start, text, names))
    assert set(pulse.answers) == {200}
    killed = asked[::2]
    # A short answer can be whole before the signal arrives; the others say that they broke.
    assert {names[-1] for _, _, names in killed} <= {"error", "done"}
    assert sum(names[-1] == "error" for _, _, names in killed) >= KILLS // 2
    for start, text, names in asked:
        stored = httpx.get(
            f"{server.url}/api/conversation/{start['conversation']}",
            headers={"Authorization": f"Bearer {start['secret']}"},
        ).json()["messages"]
        assert [turn["role"] for turn in stored] == ["user", "assistant"]
        assert stored[1]["text"] == text
        assert stored[1]["finish"] == ("error" if names[-1] == "error" else stored[1]["finish"])


def test_a_question_asked_while_the_engine_is_away_is_answered_by_the_next_one(
    server: Any,
) -> None:
    server.wait_ready()
    os.kill(engine_pid(server), signal.SIGKILL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        response = httpx.post(
            f"{server.url}/api/chat",
            json={"site": server.demo_key, "message": "Hello"},
            timeout=120,
        )
        if response.status_code == 200:
            break
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) > 0
        time.sleep(0.2)
    assert "event: done" in response.text


def test_the_web_worker_dies_and_the_answers_go_on(server: Any) -> None:
    server.wait_ready()
    parent = server.process.pid
    gunicorn = children(parent, "gunicorn")[0]
    worker = children(gunicorn, "gunicorn")[0]
    os.kill(worker, signal.SIGKILL)
    server.wait_ready()
    assert children(gunicorn, "gunicorn") != [worker]
    assert ask(server.url, {"site": server.demo_key, "message": "Hello"})[2][-1] == "done"


def test_stopping_the_server_leaves_no_process(make_server: Any) -> None:
    server = make_server(engine={"slots": 1})
    server.start()
    everyone = descendants(server.process.pid)
    assert len(everyone) >= 3
    server.stop()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and any(alive(pid) for pid in everyone):
        time.sleep(0.1)
    assert not any(alive(pid) for pid in everyone)


def test_killing_the_parent_takes_the_engine_with_it(make_server: Any) -> None:
    server = make_server(engine={"slots": 1})
    server.start()
    engine, everyone = engine_pid(server), descendants(server.process.pid)
    server.process.kill()
    server.process.wait()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and alive(engine):
        time.sleep(0.1)
    assert not alive(engine)
    for pid in everyone:
        if alive(pid):
            os.kill(pid, signal.SIGTERM)


def children(pid: int, name: str = "") -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    found = [int(child) for file in lists for child in file.read_text().split()]
    return [child for child in found if name in Path(f"/proc/{child}/cmdline").read_text()]


def descendants(pid: int) -> list[int]:
    return [it for child in children(pid) for it in (child, *descendants(child))]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
