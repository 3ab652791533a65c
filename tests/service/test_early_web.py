"""The web server's process that is begun while the start is prepared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from support.patience import wait_for
from support.servers.ports import free_port

from chatbot_server.service.early_web import VARIABLE, begin_web, continue_web

APPLICATION = """
import os

def application(environ, start_response):
    start_response("200 OK", [])
    return [f"{os.getppid()} {os.environ['TOLD']} {os.environ.get('CHATBOT_PARENT')}".encode()]
"""
# Prepares a start, as the first program does, and becomes the second.
PREPARE = """
import os, sys
from chatbot_server.service.early_web import begin_web
begin_web()
os.execv(sys.executable, [sys.executable, "-c", sys.argv[1], *sys.argv[2:]])
"""
SERVE = """
import os, sys
from chatbot_server.service.children import end_process
from chatbot_server.service.early_web import VARIABLE, continue_web
arguments = ["early_app:application", f"--bind=127.0.0.1:{sys.argv[1]}", "--no-control-socket"]
environment = {"TOLD": "yes", "CHATBOT_PARENT": "1"}
web = continue_web(os.environ[VARIABLE], arguments, environment)
print(web.pid, flush=True)
sys.stdin.read()
end_process(web)
print(web.returncode, flush=True)
"""
GIVE_UP = """
import os
from chatbot_server.service.early_web import VARIABLE, begin_web
begin_web()
print(os.environ[VARIABLE].split()[0])
"""


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_it_serves_with_what_it_is_told_and_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    (tmp_path / "early_app.py").write_text(APPLICATION)
    port = free_port()
    path = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    parent = subprocess.Popen(
        [sys.executable, "-c", PREPARE, SERVE, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert parent.stdin
    assert parent.stdout
    web = int(parent.stdout.readline())
    answers: list[str] = []

    def has_answered() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}") as answer:
                answers.append(answer.read().decode())
        except OSError:
            return False
        return True

    wait_for(has_answered)
    assert answers == [f"{web} yes None"]
    parent.stdin.close()
    assert parent.stdout.read() == b"0\n"
    assert parent.wait() == 0
    parent.stdout.close()


def test_a_start_that_is_given_up_leaves_no_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", GIVE_UP], capture_output=True, check=True, text=True
    )
    web = int(done.stdout)
    wait_for(lambda: not is_alive(web))
    assert "Traceback" not in done.stderr


def test_another_one_is_needed_in_place_of_one_that_was_killed() -> None:
    begin_web()
    early_web = os.environ.pop(VARIABLE)
    pid = int(early_web.split()[0])
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(pid))
    assert continue_web(early_web, ["application"], {}) is None
    os.waitpid(pid, 0)
