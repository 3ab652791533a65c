"""One real installation, told as a story: installed, answering, unchanged, upgraded, removed.

pip asks its index as for anybody, but finds the files themselves in a folder that is kept; the
model is downloaded each time. The tests of this file run in their order, in one process.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.install.installation import Installation
from support.models.tiny_architectures import write_architecture
from support.patience import wait_for

pytestmark = [pytest.mark.install, pytest.mark.xdist_group("install"), pytest.mark.timeout(1800)]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def installed(
    sh: Run,
    bundle: Path,
    copy_checkout: Callable[[Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
    free_port: Callable[[], int],
) -> Iterator[Installation]:
    """Installed and started from a fresh copy, in a folder whose name has a space and an é."""
    checkout = copy_checkout(tmp_path_factory.mktemp("source") / "chatbot-server")
    prefix = tmp_path_factory.mktemp("place") / "mon café"
    port = free_port()
    options = ("--run", "--prefix", str(prefix), "--port", str(port))
    # Greedy: the model says the same each time.
    variables = {"PIP_FIND_LINKS": str(bundle), "CHATBOT_ENGINE_TEMPERATURE": "0"}
    done = sh(*options, folder=checkout, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    made = Installation(prefix, checkout, port, done.stdout)
    yield made
    if (prefix / "bin/chatbot-server").exists():
        made.command("stop")


def change(checkout: Path, version: str, broken: bool = False) -> None:
    """Another version of the sources: it reports *version*, and if broken cannot serve."""
    init = checkout / "chatbot_server/__init__.py"
    init.write_text(re.sub(r'__version__ = ".*"', f'__version__ = "{version}"', init.read_text()))
    if broken:
        with (checkout / "chatbot_server/app.py").open("a") as app:
            app.write('\nraise RuntimeError("this version cannot start")\n')


def test_one_command_ends_ready_and_says_what_comes_next(installed: Installation) -> None:
    assert installed.is_ready()
    snippet = installed.command("snippet").stdout.strip()
    assert f'src="{installed.address}/widget.js"' in snippet
    parts = ("/setup#", "site add", "server.public_url", "crontab", "config.yaml", " stop")
    for part in (installed.address, *parts, "--upgrade", "uninstall", "purge"):
        assert part in installed.said
    assert snippet not in installed.said  # it is the demo’s: a real site would refuse it
    assert "build" not in [path.name for path in installed.checkout.iterdir()]


def test_the_embedded_model_answers_through_curl(installed: Installation) -> None:
    sites = json.loads(installed.command("site", "list", "--json").stdout)
    playground = next(site["key"] for site in sites if site["demo"] and site["free_chat"])
    body = {"site": playground, "message": "Write one short sentence about the sea."}
    curl = ["curl", "-sN", "--noproxy", "*", f"{installed.address}/api/chat", "--data-binary"]
    headers = ["-H", "Content-Type: application/json", "-H", f"Origin: {installed.address}"]
    done = subprocess.run(
        [*curl, json.dumps(body), *headers], capture_output=True, text=True, timeout=600
    )
    assert done.stdout.count("event: token") >= 3
    assert "event: done" in done.stdout
    assert '"origin":"model"' in done.stdout.replace(" ", "")


def test_the_page_and_its_widget_are_served_from_the_wheel(installed: Installation) -> None:
    for path, mark in (("/", "data-site"), ("/widget.js", "function")):
        curl = ["curl", "-sf", "--noproxy", "*", f"{installed.address}{path}"]
        assert mark in subprocess.run(curl, capture_output=True, text=True).stdout


def test_only_the_owner_can_read_what_visitors_wrote(installed: Installation) -> None:
    for name in ("data", "data/chatbot.db", "config.yaml"):
        assert not (installed.prefix / name).stat().st_mode & 0o077, name


def test_pages_are_searched_by_meaning_where_the_machine_can(installed: Installation) -> None:
    status = installed.command("knowledge", "status", "--json")
    assert json.loads(status.stdout)["semantic"] is has_avx2(), status.stderr


def test_a_model_of_a_new_family_is_run_where_the_machine_can(
    installed: Installation, tmp_path: Path
) -> None:
    model = write_architecture(tmp_path / "qwen2.gguf", "qwen2")
    checked = json.loads(installed.command("models", "check", str(model), "--json").stdout)
    wanted = (True, "llamacpp") if has_avx2() else (False, None)
    assert (checked["ok"], checked["engine"]) == wanted


def has_avx2() -> bool:
    return "avx2" in Path("/proc/cpuinfo").read_text(encoding="utf-8")


def test_a_second_run_changes_nothing_and_says_so(sh: Run, installed: Installation) -> None:
    before, pid = installed.state(), installed.pid
    done = sh("--run", "--prefix", str(installed.prefix), folder=installed.checkout)
    assert done.returncode == 0, done.stderr
    assert "there is nothing to install" in done.stdout
    assert "Already running and able to answer" in done.stdout
    assert installed.state() == before
    assert installed.pid == pid


def test_it_can_be_stopped_asked_and_started_again(installed: Installation) -> None:
    assert installed.command("status").returncode == 0
    for plain in ("C", "POSIX"):  # as cron has it, though its folder is no ASCII
        assert installed.command("--version", LC_ALL=plain).returncode == 0
    assert installed.command("stop").returncode == 0
    assert not installed.is_ready()
    assert installed.command("status").returncode == 1
    assert installed.command("start").returncode == 0
    assert installed.is_ready()


def test_a_server_that_does_not_react_is_stopped_all_the_same(installed: Installation) -> None:
    pid = installed.pid
    os.kill(pid, signal.SIGSTOP)
    assert installed.command("stop", CHATBOT_STOP_SECONDS="2").returncode == 0
    wait_for(lambda: not still_running(pid))
    assert not installed.is_ready()
    assert installed.command("start").returncode == 0


def still_running(group: int) -> list[str]:
    """States of the processes of *group*; killed ones take a moment to give their memory back."""
    ps = ["ps", "-o", "stat=", "-g", str(group)]
    states = subprocess.run(ps, capture_output=True, text=True).stdout.split()
    # Those that ended are listed until somebody has waited for them.
    return [state for state in states if not state.startswith("Z")]


def test_a_new_version_needs_to_be_asked_for(sh: Run, installed: Installation) -> None:
    old = installed.version
    change(installed.checkout, "0.1.77")
    done = sh("--run", "--prefix", str(installed.prefix), folder=installed.checkout)
    assert done.returncode == 0
    assert "--upgrade" in done.stdout
    assert installed.version == old


def test_an_upgrade_keeps_settings_data_and_the_version_before(
    sh: Run, installed: Installation
) -> None:
    old = installed.version
    config = (installed.prefix / "config.yaml").read_bytes()
    done = sh("--upgrade", "--prefix", str(installed.prefix), folder=installed.checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert installed.version.startswith("0.1.77-")
    assert "0.1.77" in installed.command("--version").stdout
    assert installed.is_ready()
    assert (installed.prefix / "config.yaml").read_bytes() == config
    assert {path.name for path in (installed.prefix / "versions").iterdir()} == {
        old,
        installed.version,
    }
    assert len(list((installed.prefix / "data/backups").glob("*.db"))) == 1


def test_an_upgrade_that_does_not_become_ready_is_taken_back(
    sh: Run, installed: Installation
) -> None:
    old = installed.version
    rows = count_messages(installed)
    change(installed.checkout, "0.1.78", broken=True)
    done = sh("--upgrade", "--prefix", str(installed.prefix), folder=installed.checkout)
    assert done.returncode == 1
    assert f"Going back to {old}" in done.stderr
    assert installed.version == old
    assert installed.is_ready()
    assert count_messages(installed) == rows > 0
    assert not list((installed.prefix / "versions").glob("0.1.78*"))


def count_messages(installed: Installation) -> int:
    database = sqlite3.connect(installed.prefix / "data/chatbot.db")
    (count,) = database.execute("select count(*) from message").fetchone()
    database.close()
    return int(count)


def test_uninstall_leaves_only_data_and_settings(sh: Run, installed: Installation) -> None:
    config = (installed.prefix / "config.yaml").read_bytes()
    pid = installed.pid
    done = sh("--uninstall", "--yes", "--prefix", str(installed.prefix), folder=installed.checkout)
    assert done.returncode == 0, done.stderr
    assert str(installed.prefix / "data") in done.stdout
    assert not Path(f"/proc/{pid}/exe").exists()
    assert {path.name for path in installed.prefix.iterdir()} == {"data", "config.yaml"}
    assert (installed.prefix / "config.yaml").read_bytes() == config
    assert (installed.prefix / "data/chatbot.db").exists()


def test_purge_asks_and_then_leaves_nothing_at_all(sh: Run, installed: Installation) -> None:
    options = ("--purge", "--prefix", str(installed.prefix))
    refused = sh(*options, folder=installed.checkout)
    assert refused.returncode == 1
    assert "--yes" in refused.stderr
    assert (installed.prefix / "data/chatbot.db").exists()
    assert sh(*options, "--yes", folder=installed.checkout).returncode == 0
    assert not installed.prefix.exists()


def without_network(*command: str) -> list[str]:
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("only root can take the network away")
    return ["unshare", "--net", *command]


def test_offline_everything_comes_from_the_folder(
    bundle: Path, checkout: Path, environment: dict[str, str], prefix: Path
) -> None:
    script = ("sh", str(checkout / "install.sh"), "--yes", "--prefix", str(prefix))
    done = subprocess.run(
        without_network(*script, "--offline", str(bundle)),
        env=environment | {"PIP_FIND_LINKS": ""},
        capture_output=True,
        text=True,
        timeout=800,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list((prefix / "data/models").glob("*.gguf"))
    shown = subprocess.run([prefix / "bin/chatbot-server", "--version"], capture_output=True)
    assert shown.returncode == 0


def test_offline_what_the_folder_lacks_is_named(
    checkout: Path, environment: dict[str, str], tmp_path: Path, prefix: Path
) -> None:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    script = ("sh", str(checkout / "install.sh"), "--yes", "--prefix", str(prefix))
    done = subprocess.run(
        without_network(*script, "--offline", str(bundle)),
        env=environment | {"PIP_FIND_LINKS": ""},
        capture_output=True,
        text=True,
        timeout=800,
    )
    assert done.returncode == 1
    assert "A package could not be found" in done.stderr
    assert "scripts/offline-bundle" in done.stderr
    assert not prefix.exists()
