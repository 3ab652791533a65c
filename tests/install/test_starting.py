"""The start of an installation, whose program is a stand-in, and what is told meanwhile."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from support.install.stand_in import PROGRAM, StandIn
from support.patience import LONG
from support.servers.ports import free_port

pytestmark = pytest.mark.install


def test_a_start_that_fails_shows_its_own_lines_only(place: StandIn) -> None:
    place.add_version("broken", "import sys\nsys.exit('new reason')\n")
    place.use("broken")
    log = place.prefix / "log/server.log"
    log.parent.mkdir()
    log.write_text("old reason\n")
    done = place.run("start")
    assert done.returncode == 1
    assert "new reason" in done.stderr
    assert "old reason" not in done.stderr
    assert place.run("log").stdout == "old reason\nnew reason\n"
    assert place.run("log", "1").stdout == "new reason\n"
    wrong = place.run("log", "--all")
    assert (wrong.returncode, "not a number of lines" in wrong.stderr) == (2, True)


def test_a_start_that_takes_long_is_not_told_as_one_that_failed(place: StandIn) -> None:
    place.add_version("slow", "import time\ntime.sleep(100)\n")
    place.use("slow")
    done = place.run("start", CHATBOT_START_SECONDS="1")
    assert done.returncode == 1
    assert "It is still starting" in done.stderr
    assert "doctor" not in done.stderr


def test_a_server_that_listens_elsewhere_is_told_how_it_changes_over(place: StandIn) -> None:
    place.run("start")
    place.config.write_text(f"server: {{port: {free_port()}}}\n")
    done = place.run("start", CHATBOT_START_SECONDS="1")
    assert (done.returncode, "was changed: " in done.stderr) == (1, True)
    assert f"{place.prefix}/bin/chatbot-server restart" in done.stderr
    assert "still starting" not in done.stderr


def test_a_start_is_waited_for_as_long_as_it_makes_progress(place: StandIn) -> None:
    seconds = 10
    busy = (
        "import time\n"
        f"until = time.monotonic() + {1.5 * seconds}\n"
        "while time.monotonic() < until:\n"
        "    time.sleep(0.02), sum(range(200_000))\n"
    )
    place.add_version("busy", busy + PROGRAM)
    place.use("busy")
    done = place.run("start", CHATBOT_START_SECONDS=str(seconds))
    assert done.stdout.endswith(f"Ready: {place.address}\n"), done.stderr


def test_a_start_that_only_computes_is_not_waited_for_without_end(place: StandIn) -> None:
    place.add_version("endless", "while True: sum(range(200_000))\n")
    place.use("endless")
    began_at = time.monotonic()
    assert "It is still starting" in place.run("start", CHATBOT_START_SECONDS="2").stderr
    assert time.monotonic() - began_at < LONG


@pytest.mark.parametrize(
    ("word", "runs", "step", "waiting", "done"),
    [
        ("start", False, "launch", "Getting ready to start…", "Ready: {address}"),
        ("start", False, "wait", "Waiting until it can answer…", "Ready: {address}"),
        ("stop", True, "stop", "Waiting for its last answers…", "Stopped."),
        ("stop", False, "stop", "Looking whether it runs…", "It was not running."),
        (
            "status",
            True,
            "look",
            "Looking whether it runs…",
            "Running and able to answer: {address}",
        ),
    ],
)
def test_what_takes_longer_than_a_second_is_told_meanwhile(
    place: StandIn, tmp_path: Path, word: str, runs: bool, step: str, waiting: str, done: str
) -> None:
    if runs:
        place.run("start")
    told = tmp_path / "told"
    hold_until_told(place, step, told, waiting)
    with told.open("w") as output:
        words = ["sh", str(place.prefix / "versions/1/control.sh"), word]
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        subprocess.run(words, stdout=output, env=environment, check=True, timeout=2 * LONG)
    # On a busy machine, what comes before and after may take its second, too.
    said = told.read_text().splitlines()
    assert (waiting in said, said[-1]) == (True, done.format(address=place.address))
    assert runs or "Waiting for its last answers…" not in said


@pytest.mark.parametrize(
    ("word", "runs", "steps"),
    [
        ("start", False, ["launch", "wait"]),
        ("start", True, ["launch"]),
        ("status", True, ["look"]),
        ("stop", True, ["servers", "stop"]),
    ],
)
def test_few_starts_of_python_are_needed(
    place: StandIn, tmp_path: Path, word: str, runs: bool, steps: list[str]
) -> None:
    if runs:
        place.run("start")
    script, counted = place.prefix / "versions/1/steps.py", tmp_path / "counted"
    (place.prefix / "versions/1/own_steps.py").write_text(script.read_text())
    script.write_text(
        f"import sys, own_steps\nprint(sys.argv[1], file=open({str(counted)!r}, 'a'))\n"
        "own_steps.main(*sys.argv[1:])\n"
    )
    assert place.run(word).returncode == 0
    assert counted.read_text().split() == steps


def hold_until_told(place: StandIn, step: str, told: Path, words: str) -> None:
    """Have *step* take until *words* stand in the file *told*."""
    steps = place.prefix / "versions/1/steps.py"
    (place.prefix / "versions/1/own_steps.py").write_text(steps.read_text())
    steps.write_text(
        "import pathlib, sys, time, own_steps\n"
        f"until = time.monotonic() + {LONG}\n"
        f"told = pathlib.Path({str(told)!r})\n"
        f"while sys.argv[1] == {step!r} and time.monotonic() < until:\n"
        f"    if not told.exists() or {words!r} in told.read_text(): break\n"
        "    time.sleep(0.05)\n"
        f"else:\n    assert sys.argv[1] != {step!r}\n"
        "own_steps.main(*sys.argv[1:])\n"
    )


def test_a_service_that_ends_at_its_start_is_not_waited_for(tmp_path: Path) -> None:
    place = StandIn(tmp_path / "chatbot", service="user")
    tools = tmp_path / "bin"
    tools.mkdir()
    said = "ActiveState=activating\\nSubState=auto-restart\\nNRestarts=1\\n"
    answer = f'case "$*" in *is-active*) echo inactive ;; *show*) printf "{said}" ;; esac'
    for tool, text in (("systemctl", answer), ("journalctl", "echo the reason")):
        (tools / tool).write_text(f"#!/bin/sh\n{text}\n")
        (tools / tool).chmod(0o755)
    began = time.monotonic()
    done = place.run("start", PATH=f"{tools}:/usr/bin:/bin")
    assert (done.returncode, "the reason" in done.stderr) == (1, True)
    assert time.monotonic() - began < LONG / 4


def test_a_service_that_was_moved_is_not_started_where_it_was(tmp_path: Path) -> None:
    place = StandIn(tmp_path / "chatbot", service="user")
    (place.prefix / ".chatbot-server").touch()
    place.prefix = place.prefix.rename(tmp_path / "moved")
    (tmp_path / "systemctl").write_text(
        '#!/bin/sh\ncase "$*" in *is-active*) echo inactive ;; esac\n'
    )
    (tmp_path / "systemctl").chmod(0o755)
    done = place.run("start", PATH=f"{tmp_path}:/usr/bin:/bin")
    assert (done.returncode, f"was at {tmp_path}/chatbot" in done.stderr) == (1, True)
