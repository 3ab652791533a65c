"""The command of an installation, with a version whose program is a stand-in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from support.install.stand_in import StandIn
from support.patience import LONG
from support.servers.ports import free_port

pytestmark = pytest.mark.install


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
    assert state != "Pas encore." or "Cherchez la cause avec" in done.stderr


def test_a_word_that_is_followed_by_others_does_nothing(place: StandIn) -> None:
    place.run("start")
    for word in ("stop", "restart", "log"):
        helped = place.run(word, "--help")
        assert (helped.returncode, f"chatbot-server {word}" in helped.stdout) == (0, True)
        assert place.run(word, "now", "please").returncode == 2
    assert "Use: " in place.run("log", "5", "6").stderr
    for word in ("start", "log", "purge"):
        told = place.run("help", word).stdout
        assert told.startswith("Use: "), told
        assert f"chatbot-server {word}" in told
    refused = place.run("purge", "everything")
    assert (refused.returncode, "chatbot-server purge [--yes]" in refused.stderr) == (2, True)
    assert place.run("status").returncode == 0


def test_scripts_are_told_the_state_in_json(place: StandIn) -> None:
    def told() -> tuple[int, dict[str, object]]:
        done = place.run("status", "--json")
        return done.returncode, json.loads(done.stdout)

    stopped = {"state": "stopped", "reason": "", "url": place.address, "current": False}
    assert told() == (1, stopped)
    place.run("start")
    assert told() == (0, stopped | {"state": "ready", "current": True})
    place.add_version("2", engine="starting")
    place.use("2")
    assert told() == (0, stopped | {"state": "ready"}), "still the version before"
    place.run("stop")
    place.run("start", CHATBOT_START_SECONDS="1")
    code, state = told()
    assert (code, state["state"], bool(state["reason"])) == (1, "unable", True)
    assert "status [--json]" in place.run("status", "--jsn").stderr


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


def test_a_python_that_this_user_may_not_run_is_not_called_gone(place: StandIn) -> None:
    python = place.prefix / "versions/1/bin/python"
    python.unlink()
    python.touch(0o600)
    done = place.run("status")
    assert (
        done.returncode,
        f"may not run the Python of this installation, {python}" in done.stderr,
    ) == (1, True)
    assert "has gone" not in done.stderr


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
