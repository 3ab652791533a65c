"""``doctor`` is not content while visitors are not answered."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from support.command_line import Run
from support.models.tiny_models import write_random_llama_gguf
from support.servers.ports import free_port

from chatbot_server.backup.rehearsal_record import Rehearsal
from chatbot_server.cli.diagnosis import doctor
from chatbot_server.cli.diagnosis.checks import report_and_exit
from chatbot_server.diagnosis.own_server import Check
from chatbot_server.engine.process.state import EngineRecord, write_state
from chatbot_server.processes.identity import announce
from chatbot_server.retrieval.crawl import chromium
from chatbot_server.storage import database

DAMAGED = Rehearsal("b.chatbot-backup", 1_772_000_000, code="backup_damaged", values={"name": "x"})
# What each check says, in English and in French, of what keeps it from being content.
FAULTS = {
    "machine": ("has no AVX2", "n’a pas AVX2"),
    "memory": ("Only 5.0 MB of memory", "Seulement 5,0 Mo de mémoire"),
    "disk": ("Only 7.0 MB of disk", "Seulement 7,0 Mo de disque"),
    "counters": ("limits.storage", "limits.storage"),
    "proxies": ("Set server.trusted_proxies: 1", "Réglez server.trusted_proxies: 1"),
    "backup": (
        "b.chatbot-backup cannot be restored",
        "b.chatbot-backup ne peut pas être restaurée",
    ),
    "mail": ("Check mail.host and mail.port", "Vérifiez mail.host et mail.port"),
    "model": ("none-of-these.gguf", "none-of-these.gguf"),
    "server": ("does not run", "est à l’arrêt"),
}


class Server(HTTPServer):
    """What a running server answers to ``/readyz``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Ready)
        self.said: dict[str, object] = {"ready": True, "engine": "ready"}


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.send_response(200 if self.server.said["ready"] else 503)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.said).encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The server of the configuration in *tmp_path*, and its run folder."""
    (tmp_path / "data/run").mkdir(parents=True)
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        settings = f"server: {{port: {server.server_port}}}\nengine: {{model: null}}\n"
        (tmp_path / "config.yaml").write_text(settings)
        server.said["run"] = announce(tmp_path / "data/run")
        yield server
        server.shutdown()


def wrong(run: Run) -> dict[str, str]:
    """What is not right, by name."""
    done = run("doctor", "--json")
    faults = {check["name"]: check["sentence"] for check in json.loads(done.out) if not check["ok"]}
    assert done.exit_code == (1 if faults else 0)
    return faults


def test_all_is_well_while_the_server_answers(run: Run, server: Server) -> None:
    assert wrong(run) == {}


def test_a_server_that_is_stopped_is_a_fault(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = f"server: {{port: {free_port()}}}\nengine: {{model: null}}\n"
    (tmp_path / "config.yaml").write_text(settings)
    assert "chatbot-server serve" in wrong(run)["server"]
    monkeypatch.setenv("CHATBOT_CONTROL", "1")
    assert "chatbot-server start" in wrong(run)["server"]


def test_an_engine_that_was_given_up_is_told_with_its_whole_reason(
    run: Run, server: Server, tmp_path: Path
) -> None:
    values = {"times": "6", "how": "SIGSEGV", "log": "/var/run"}
    record = EngineRecord("failed", reason="engine_keeps_dying", values=values)
    write_state(tmp_path / "data/run", record)
    server.said |= {"ready": False, "engine": "failed", "reason": "Not now."}
    assert "SIGSEGV" in wrong(run)["server"]


def test_another_program_at_the_address_is_a_fault(run: Run, server: Server) -> None:
    server.said["run"] = "another"
    faults = wrong(run)
    assert "Another program answers" in faults["server"]
    assert "server.port" in faults["port"]


def test_a_database_that_is_in_use_is_named_as_that(
    run: Run, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wrong(run) == {}
    monkeypatch.setattr(database, "PRAGMAS", ("busy_timeout = 100",))
    with closing(sqlite3.connect(tmp_path / "data/chatbot.db")) as other:
        other.execute("begin immediate")
        assert "in use by another program" in wrong(run)["database"]


def test_a_browser_that_is_allowed_and_not_there_is_a_fault(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text("engine: {model: null}\nretrieval: {browser: auto}\n")
    for programs, user, why in (((), 1000, "apt install chromium"), (("sh",), 0, "as root")):
        monkeypatch.setattr(chromium, "PROGRAMS", programs)
        monkeypatch.setattr(
            "chatbot_server.retrieval.crawl.rendering.os.geteuid", lambda user=user: user
        )
        assert why in wrong(run)["browser"]
    monkeypatch.setattr("chatbot_server.retrieval.crawl.rendering.os.geteuid", lambda: 1000)
    assert "browser" not in wrong(run)


def test_what_is_no_database_is_named_with_the_way_back(
    run: Run, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "data/chatbot.db").write_text("garbage" * 1000)
    assert "chatbot-server restore FILE --replace" in wrong(run)["database"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_whatever_is_wrong_is_named_with_what_to_do(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    port = free_port()
    settings = (
        f"server: {{port: {port}}}\nengine: {{model: none-of-these.gguf}}\n"
        f"limits: {{storage: 'valkey://127.0.0.1:{port}'}}\n"
        f"mail: {{host: 127.0.0.1, port: {port}, security: none, sender: a@example.org}}\n"
    )
    (tmp_path / "config.yaml").write_text(settings)
    run_dir = tmp_path / "data/run"
    run_dir.mkdir(parents=True)
    (run_dir / "untrusted-proxy").touch()
    for name, value in (
        *(("needs_avx2", True), ("cpu_flags", frozenset[str]())),
        *(("available_memory", 5_000_000), ("last_rehearsal", DAMAGED)),
    ):
        monkeypatch.setattr(doctor, name, lambda *_, value=value: value)
    monkeypatch.setattr(doctor, "free_disk", lambda _: 7_000_000)
    monkeypatch.setenv("CHATBOT_LANGUAGE", language)
    faults = wrong(run)
    for name, parts in FAULTS.items():
        assert parts[language == "fr"] in faults[name].replace("\u00a0", " "), name


@pytest.mark.parametrize(
    ("engine", "free", "is_enough"),
    [
        ("{model: x.gguf}", 500, False),
        ("{model: x.gguf}", 800, True),
        ("{model: null}", 500, True),
        ("{model: null}", 300, False),
    ],
)
def test_memory_for_a_model_is_asked_for_where_there_is_one(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    engine: str,
    free: int,
    is_enough: bool,
) -> None:
    (tmp_path / "config.yaml").write_text(f"server: {{port: {free_port()}}}\nengine: {engine}\n")
    monkeypatch.setattr(doctor, "available_memory", lambda: free * 1_000_000)
    assert ("memory" not in wrong(run)) == is_enough


def test_each_check_is_told_before_the_next_one_begins(capsys: pytest.CaptureFixture[str]) -> None:
    def checks() -> Iterator[Check]:
        yield Check("first", True, "One.")
        assert capsys.readouterr().out == "✔ One.\n"
        yield Check("second", True, "Two.")

    with pytest.raises(SystemExit) as left:
        report_and_exit(checks(), as_json=False)
    assert (left.value.code, capsys.readouterr().out) == (0, "✔ Two.\n")


def test_doctor_finds_what_is_wrong_and_exits_with_1(run: Run, tmp_path: Path) -> None:
    run("init", "--model", "none")
    good = run("doctor", "--json")
    assert {entry["name"] for entry in json.loads(good.out)} >= {"config", "database", "model"}
    mark = tmp_path / "data" / "run" / "untrusted-proxy"
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    assert "trusted_proxies" in run("doctor").out
    (tmp_path / "config.yaml").write_text("engine: {model: no-such-model}")
    bad = run("doctor")
    assert bad.exit_code == 1
    assert "✘" in bad.out
    assert "no-such-model" in bad.out


def test_doctor_names_an_engine_that_is_faster(run: Run, tmp_path: Path) -> None:
    model = write_random_llama_gguf(tmp_path / "tiny.gguf")
    for kind, is_named in (("auto", True), ("llamacpp", False)):
        (tmp_path / "config.yaml").write_text(f"engine: {{model: {model}, kind: {kind}}}")
        checks = {check["name"]: check for check in json.loads(run("doctor", "--json").out)}
        assert checks["model"]["ok"]
        assert ("engine.kind: llamacpp" in checks["model"]["sentence"]) is is_named
