"""The command of an installation, with a version whose program is a stand-in."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from support.install.stand_in import PROGRAM, StandIn
from support.patience import LONG
from support.servers.ports import free_port

pytestmark = pytest.mark.install


@pytest.fixture
def place(tmp_path: Path) -> Iterator[StandIn]:
    """An installation; whatever it started is ended."""
    made = StandIn(tmp_path / "chatbot")
    yield made
    made.run("stop")


def serving(place: StandIn) -> list[str]:
    """Process numbers of its servers."""
    version = place.prefix / "versions/1"
    words: list[str | Path] = [
        version / "bin/python",
        version / "steps.py",
        "servers",
        place.prefix,
        place.config,
    ]
    return subprocess.run(words, capture_output=True, text=True, timeout=LONG).stdout.split()


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


def test_the_help_of_an_installation_names_its_own_words(place: StandIn) -> None:
    program = "from chatbot_server.__main__ import main\nmain()\n"
    (place.prefix / "versions/1/program.py").write_text(program)
    told = place.run("--help").stdout
    for verb in ("start", "stop", "restart", "status", "log", "rollback", "uninstall", "purge"):
        assert f"\n  {verb} " in told
    assert "Did you mean start?" in place.run("strat").stderr


@pytest.mark.parametrize("spelling", ["link/chatbot", "/chatbot/"])
def test_a_server_is_known_however_its_folder_is_spelt(spelling: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    place = StandIn(tmp_path / "chatbot")
    control = place.prefix / "versions/1/control.sh"
    spelt = control.read_text().replace(f"PREFIX={place.prefix}", f"PREFIX={tmp_path}/{spelling}")
    control.write_text(spelt)
    assert place.run("start").stdout.endswith(f"Ready: {place.address}\n")
    [first] = serving(place)
    assert place.run("status").returncode == 0
    assert "Stopped." in place.run("restart").stdout
    [second] = serving(place)
    assert first != second
    assert place.run("stop").stdout.endswith("Stopped.\n")
    assert serving(place) == []
    assert place.run("stop").stdout.endswith("It was not running.\n")


def test_a_server_is_known_without_the_file_that_holds_its_number(place: StandIn) -> None:
    place.run("start")
    (place.prefix / "data/run/server.pid").write_text("")
    assert "Already running" in place.run("start").stdout
    (place.prefix / "data/run/server.pid").unlink()
    assert place.run("status").returncode == 0
    assert place.run("stop").stdout.endswith("Stopped.\n")
    assert serving(place) == []


def test_a_web_server_without_its_parent_is_ended_before_a_start(place: StandIn) -> None:
    orphan = subprocess.Popen(
        [place.prefix / "versions/1/bin/python", "-c", "import time; time.sleep(900)",
         "chatbot_server.service.run_gunicorn"]
    )  # fmt: skip
    place.run("start")
    assert orphan.wait(LONG) < 0


def test_a_server_of_another_version_does_not_pass_for_this_one(place: StandIn) -> None:
    place.run("start")
    old = serving(place)
    place.add_version("2")
    place.use("2")
    assert "another version" in place.run("status").stdout
    done = place.run("start")
    assert "Another version is still running" in done.stdout
    assert done.stdout.endswith(f"Ready: {place.address}\n")
    assert len(serving(place)) == 1 != len({*old, *serving(place)})


def test_a_server_of_the_same_path_in_another_container_is_not_this_one(
    place: StandIn, tmp_path: Path
) -> None:
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("only root can mount")
    shutil.copytree(place.prefix, tmp_path / "other", symlinks=True)
    mount = f'mount --bind "{tmp_path}/other" "{place.prefix}" && exec "$@"'
    python = str(place.prefix / "versions/1/bin/python")
    waits = ["-c", "import time; print(flush=True); time.sleep(900)"]
    words = [python, *waits, "--config", str(place.config), "serve"]
    other = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", mount, "sh", *words], stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    other.stdout.readline()
    assert place.run("stop").stdout.splitlines()[-1] == "It was not running."
    assert other.poll() is None
    other.kill()
    other.communicate()


class Stranger(BaseHTTPRequestHandler):
    """Another program, which says it is ready."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"ready": true, "engine": "ready", "run": "another"}')

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("closed", "n’écoute à {address}"),
        ("starting", "Démarrage en cours"),
        ("Pas encore.", "En marche, mais pas en état de répondre : {address}\nPas encore."),
    ],
)
def test_a_server_that_cannot_answer_is_told_in_the_words_of_the_reader(
    place: StandIn, state: str, words: str
) -> None:
    place.add_version("2", engine="starting")
    if state == "starting":
        program = place.prefix / "versions/2/program.py"
        program.write_text(program.read_text().replace('"reason": ', '"other": '))
    place.use("2")
    place.run("start", CHATBOT_START_SECONDS="1")
    if state == "closed":
        place.config.write_text(f"server: {{port: {free_port()}}}\n")
        place.port = int(place.config.read_text()[15:-2])
    done = place.run("status", LANG="fr_FR.UTF-8")
    assert done.returncode == 1
    assert words.format(address=place.address) in done.stderr


def test_a_word_that_is_followed_by_others_does_nothing(place: StandIn) -> None:
    place.run("start")
    for word in ("stop", "restart", "log"):
        helped = place.run(word, "--help")
        assert (helped.returncode, f"chatbot-server {word}" in helped.stdout) == (0, True)
        assert place.run(word, "now", "please").returncode == 2
    assert "Use: " in place.run("log", "5", "6").stderr
    assert place.run("status").returncode == 0


def test_an_upgrade_that_was_cut_off_is_named_where_the_server_does_not_run(place: StandIn) -> None:
    (place.prefix / ".upgrade").touch()
    place.add_version("broken", "import sys\nsys.exit('new reason')\n")
    place.use("broken")
    for word in ("status", "start"):
        assert "An upgrade was cut off" in place.run(word).stderr
    (place.prefix / ".upgrade").unlink()
    assert "An upgrade" not in place.run("status").stderr


def test_another_program_at_the_address_does_not_pass_for_the_server(place: StandIn) -> None:
    with HTTPServer(("127.0.0.1", place.port), Stranger) as stranger:
        threading.Thread(target=stranger.serve_forever, args=(0.02,), daemon=True).start()
        done = place.run("start")
        stranger.shutdown()
    assert done.returncode == 1
    assert "Ready" not in done.stdout
    assert "Address already in use" in done.stderr


def test_without_its_model_a_server_runs_and_says_why(place: StandIn) -> None:
    place.add_version("2", engine="failed")
    place.use("2")
    done = place.run("start")
    assert done.returncode == 0, done.stderr
    assert "without its language model" in done.stdout
    assert f"{place.prefix}/bin/chatbot-server restart" in done.stdout
    assert not (place.prefix / "data/.was-ready").exists()
    assert place.run("status").returncode == 1


def test_once_it_was_ready_the_settings_are_the_operator_s(place: StandIn) -> None:
    place.run("start")
    assert (place.prefix / "data/.was-ready").exists()


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


def test_a_systemd_that_cannot_be_asked_is_not_taken_for_a_stopped_server(tmp_path: Path) -> None:
    place = StandIn(tmp_path / "chatbot", service="user")
    done = place.run("status", PATH="/usr/bin:/bin", XDG_RUNTIME_DIR="/nowhere")
    assert done.returncode == 1
    assert "systemd cannot be asked" in done.stderr


@pytest.mark.parametrize("is_another", [False, True])
def test_a_python_that_has_gone_is_named_with_what_repairs_it(
    place: StandIn, is_another: bool
) -> None:
    python = place.prefix / "versions/1/bin/python"
    if is_another:  # as after an upgrade of the system: it looks for packages elsewhere
        next(place.prefix.glob("versions/1/lib/*/site-packages/ours.pth")).unlink()
    else:
        python.unlink()
        python.symlink_to("/no/such/python")
    for word in ("doctor", "status", "start"):
        done = place.run(word)
        assert done.returncode == 1
        assert f"sh {place.prefix}/versions/1/installer/install.sh" in done.stderr


def test_the_program_is_told_how_its_command_is_typed(place: StandIn) -> None:
    command = f"{place.prefix}/bin/chatbot-server"
    assert f"asked: ['doctor'] as {command}" in place.run("doctor").stderr
    tools = place.prefix / "tools"
    tools.mkdir()
    (tools / "chatbot-server").symlink_to("../current/control.sh")
    (place.prefix / "versions/1/control.sh").chmod(0o755)
    by_name = place.run("doctor", PATH=f"{tools}:/usr/bin:/bin")
    assert "asked: ['doctor'] as chatbot-server" in by_name.stderr


@pytest.mark.parametrize("is_copy", [False, True])
def test_an_installation_works_where_it_was_moved_to(
    place: StandIn, tmp_path: Path, is_copy: bool
) -> None:
    before, after = place.prefix, tmp_path / "another place"
    (before / ".chatbot-server").touch()
    shutil.copytree(before, after, symlinks=True) if is_copy else before.rename(after)
    place.prefix = after
    done = place.run("start")
    assert done.stdout.endswith(f"Ready: {place.address}\n")
    assert f"was at {before}" in done.stderr
    assert f"--prefix '{after}' --run" in done.stderr
    assert place.run("status").returncode == 0
    assert (after / "log/server.log").exists()
    assert before.exists() == is_copy
    assert not (before / "log").exists()


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
