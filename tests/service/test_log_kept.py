"""The log: lines that nobody can forge, that name no visitor, and a file that stays small."""

from __future__ import annotations

import json
import logging
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.browser import Browser
from support.patience import wait_for

from chatbot_server.logs import REQUEST, JsonFormatter, LineFormatter
from chatbot_server.service.log_file import VARIABLE, LogKeeper, log_keeper
from chatbot_server.web.visitor import demo

ROOT = Path(__file__).parents[2]
HEAD = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (INFO|WARNING|ERROR) "
FORGED = "x\n2026-01-01 00:00:00,000 INFO Admin logged in \x1b[31m \u2028\u202e"


def record_of(message: str, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("chatbot_server.web", 40, __file__, 1, message, (), info)


def raised() -> BaseException:
    try:
        int("my name is Bob")
    except ValueError as error:
        return error
    raise AssertionError


def test_a_message_is_one_line_whatever_it_says() -> None:
    line = LineFormatter().format(record_of(FORGED))
    assert re.fullmatch(HEAD + r"x\\n2026.*\\x1b.*\\u2028\\u202e", line)
    assert len(LineFormatter().format(record_of("x" * 10**6))) < 3000


def test_each_line_of_a_traceback_has_time_and_level_and_no_visitors_words() -> None:
    lines = LineFormatter().format(record_of("unexpected", raised())).split("\n")
    assert len(lines) == 3
    assert all(re.match(HEAD, line) for line in lines)
    assert lines[-1].endswith("| ValueError")
    told = LineFormatter(tells_all=True).format(record_of("unexpected", raised()))
    assert "my name is Bob" in told


def test_json_has_the_same_facts() -> None:
    REQUEST.set("abc")
    try:
        entry = json.loads(JsonFormatter().format(record_of(FORGED, raised())))
    finally:
        REQUEST.set("")
    assert entry["level"] == "ERROR"
    assert entry["request"] == "abc"
    assert entry["traceback"][-1] == "ValueError"
    assert "\x1b" not in entry["message"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["time"])


def test_a_file_that_grew_is_begun_anew_while_others_write_to_it(tmp_path: Path) -> None:
    file = tmp_path / "server.log"
    with file.open("ab", buffering=0) as writer:
        writer.write(b"old\n" * 100)
        keeper = LogKeeper(file, most_bytes=200)
        assert keeper.shorten()
        writer.write(b"new\n")
        assert not keeper.shorten()
    older = tmp_path / "server.log.1"
    assert file.read_bytes() == b"new\n"
    assert older.read_bytes() == b"old\n" * 50
    assert stat.S_IMODE(older.stat().st_mode) == 0o600


def test_the_keeper_looks_by_itself_where_the_control_script_names_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert log_keeper() is None
    monkeypatch.setenv(VARIABLE, str(tmp_path / "server.log"))
    monkeypatch.setattr("chatbot_server.service.log_file.SIZE_CHECK_SECONDS", 0.01)
    monkeypatch.setattr("chatbot_server.service.log_file.MOST_BYTES", 10)
    keeper = LogKeeper(tmp_path / "server.log", 10)
    (tmp_path / "server.log").write_text("far too much")
    keeper.start()
    wait_for((tmp_path / "server.log.1").exists)
    keeper.stop()


def test_a_started_server_has_a_log_that_only_its_user_reads(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("of an earlier version\n")
    log.chmod(0o644)
    start = "import sys, server_steps; server_steps.spawn(*sys.argv[1:3], sys.argv[3:])"
    command = [sys.executable, "-c", start, str(tmp_path / "pid"), str(log), "echo", "here"]
    subprocess.run(command, cwd=ROOT / "packaging", check=True)
    wait_for(lambda: "here" in log.read_text())
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert 'chmod 700 "$PREFIX/log"' in (ROOT / "packaging" / "control.sh").read_text()


def test_a_request_has_an_id_in_its_answer_its_log_lines_and_its_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids: list[str] = []

    class Notes(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            ids.append(REQUEST.get())

    browser = Browser(tmp_path)
    logger = logging.getLogger("chatbot_server")
    logger.addHandler(notes := Notes())
    logger.setLevel("INFO")
    try:
        body = {"site": browser.site, "message": "Hello"}
        answered = browser.client.post("/api/chat", json=body)
        refused = browser.client.post("/api/chat", json=body | {"site": "nobody"})
        monkeypatch.setattr(demo, "demo_site", None)
        broken = browser.client.get("/")
        wait_for(lambda: len(ids) >= 2)  # an answer's line is written after the answer has gone out
    finally:
        logger.removeHandler(notes)
    sent = [answer.headers["X-Request-Id"] for answer in (answered, refused, broken)]
    assert len(set(sent)) == 3
    assert refused.get_json()["error"]["request_id"] == sent[1]
    assert (broken.status_code, sorted(ids)) == (500, sorted([sent[0], sent[2]]))
    assert REQUEST.get() == ""


def test_a_page_may_send_the_headers_of_the_widget_and_no_others(tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    asked = {
        "Origin": "https://example.org",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, x-anything, authorization",
    }
    allowed = browser.client.options("/api/chat", headers=asked).headers
    names = allowed["Access-Control-Allow-Headers"].lower().replace(" ", "").split(",")
    assert sorted(names) == ["authorization", "content-type"]
