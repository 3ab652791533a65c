"""The parts of install.sh, each sourced by itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.install.parts import shell
from support.install.stand_in import StandIn

pytestmark = pytest.mark.install


@pytest.mark.parametrize(
    ("machine", "avx2", "extras"),
    [
        ("Linux x86_64", True, {"llamacpp", "semantic"}),
        ("Linux x86_64", False, set()),
        ("Darwin arm64", False, {"llamacpp", "semantic"}),
        ("Darwin x86_64", True, {"llamacpp"}),
        ("Linux armv7l", False, set()),
    ],
)
def test_what_has_a_ready_made_package_comes_along(
    checkout: Path, machine: str, avx2: bool, extras: set[str]
) -> None:
    script = f"grep() {{ {str(avx2).lower()}; }}; sw_vers() {{ echo 13.2; }}"
    script += f"; . packaging/install/locks.sh; choose_locks {machine}; echo $locks"
    done = subprocess.run(["sh", "-c", script], cwd=checkout, capture_output=True, text=True)
    everywhere = {"requirements.lock", "requirements/postgres.lock", "requirements/valkey.lock"}
    wanted = everywhere | {f"requirements/{extra}.lock" for extra in extras}
    assert (set(done.stdout.split()), done.stderr) == (wanted, "")


def test_a_file_that_is_no_model_is_refused_before_the_settings_are_written(
    checkout: Path, tmp_path: Path
) -> None:
    config, model = tmp_path / "config.yaml", tmp_path / "bad.gguf"
    model.write_text("bad")
    script = f"tmp={tmp_path} config={config} model={model} host= port= service=none quiet="
    script += " embedded=x owner= prefix=/; for part in words checks build"
    script += "; do . packaging/install/$part.sh; done; make_data() { :; }"
    script += f'; program() {{ {sys.executable} -m chatbot_server --config $config "$@"; }}'
    script += "; configure; echo written"
    done = subprocess.run(["sh", "-c", script], cwd=checkout, capture_output=True, text=True)
    assert (done.returncode, "written" in done.stdout) == (1, False)
    assert "bad.gguf is not a model file" in done.stderr
    assert not config.exists()


@pytest.mark.parametrize("was_ready", [False, True])
def test_options_count_until_the_server_was_ready(
    checkout: Path, tmp_path: Path, was_ready: bool
) -> None:
    (tmp_path / "config.yaml").touch()
    if was_ready:
        (tmp_path / ".was-ready").touch()
    script = 'make_data() { :; }; told() { echo "$*"; }; installed= embedded=small owner=;'
    script += f" tmp={tmp_path} data={tmp_path} config={tmp_path}/config.yaml control=/c;"
    said = shell(checkout, f"{script} host=::1 port=9000 model=none; configure")
    settings = ("server.host ::1", "server.port 9000", "engine.model none")
    assert all(f"program config set {each}" in said for each in settings) is not was_ready
    assert ("are kept. To change one: /c config set server.port 9000" in said) is was_ready


@pytest.mark.parametrize(
    ("free", "output", "said"),
    [(400, "no such host", "no such host\n"), (400, "", "is full"), (2, "half a line", "is full")],
)
def test_a_step_without_words_is_told_as_a_full_disk(
    checkout: Path, tmp_path: Path, free: int, output: str, said: str
) -> None:
    (tmp_path / "output").write_text(output and f"{output}\n")
    script = f"tmp={tmp_path} prefix={tmp_path}; free_room() {{ echo {free}; }}; explain_program"
    assert said in shell(checkout, script)


def test_a_folder_has_one_name_however_it_is_written(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    for written in ("link", "real/", "/real", "link/../link", "real//"):
        assert shell(checkout, f"physical '{tmp_path}/{written}'") == f"{tmp_path}/real\n"
    for written in ("link/not/yet", "link//not//yet/"):
        assert shell(checkout, f"physical '{tmp_path}/{written}'") == f"{tmp_path}/real/not/yet\n"


def test_the_command_is_linked_into_path_where_nothing_else_is(
    checkout: Path, tmp_path: Path
) -> None:
    control, link = tmp_path / "bin/chatbot-server", tmp_path / "path/chatbot-server"
    control.parent.mkdir()
    control.write_text("ours")
    script = f"control={control} link={link} python={sys.executable} here=.; link_command"
    path = {"PATH": f"{link.parent}:/usr/bin:/bin"}
    assert shell(checkout, f"{script}; command_line", **path) == f"{control}\n"  # it cannot be run
    control.chmod(0o755)
    assert shell(checkout, f"{script}; command_line", **path) == "chatbot-server\n"
    assert link.readlink() == control
    link.unlink()
    link.write_text("another program")
    assert shell(checkout, f"{script}; command_line", **path) == f"{control}\n"
    assert link.read_text() == "another program"


def test_the_link_goes_with_its_command_whatever_home_is_now(
    checkout: Path, tmp_path: Path
) -> None:
    prefix = tmp_path / "ann/.local/share/chatbot-server"
    control, anns = prefix / "bin/chatbot-server", tmp_path / "ann/.local/bin/chatbot-server"
    bobs, other = tmp_path / "bob/.local/bin/chatbot-server", tmp_path / "path/chatbot-server"
    for link in (anns, bobs, other):
        link.parent.mkdir(parents=True)
    anns.symlink_to(control)
    bobs.symlink_to("/another/bin/chatbot-server")
    other.symlink_to(control)
    script = f"prefix={prefix} control={control} link={other}; unlink_command"
    shell(checkout, script, HOME=str(tmp_path / "bob"))
    assert not anns.is_symlink()
    assert not other.is_symlink()
    assert bobs.is_symlink()


@pytest.mark.parametrize("is_copy", [False, True])
def test_the_link_follows_a_folder_that_was_moved(
    checkout: Path, tmp_path: Path, is_copy: bool
) -> None:
    before, prefix = tmp_path / "before", tmp_path / "an other"
    control, link = prefix / "bin/chatbot-server", tmp_path / ".local/bin/chatbot-server"
    for folder in (control.parent, link.parent, prefix / "versions/1"):
        folder.mkdir(parents=True)
    (prefix / "versions/1/control.sh").write_text(f"    PREFIX='{before}'\n")
    link.symlink_to(before / "bin/chatbot-server")
    if is_copy:
        before.mkdir()
    places = f"prefix='{prefix}' version='{prefix}/versions/1' control='{control}'"
    rest = f"data=d config=c service=none owner='' here='{checkout}' python={sys.executable}"
    shell(
        checkout, f"{places} {rest}; ! is_placed && place_control && is_placed", HOME=str(tmp_path)
    )
    assert link.readlink() == (before / "bin/chatbot-server" if is_copy else control)


def test_a_step_that_ends_at_once_is_not_waited_for(checkout: Path, tmp_path: Path) -> None:
    script = f"tmp={tmp_path} quiet=; trap 'exit 130' TERM; for step in $(seq 100); do told true"
    assert shell(checkout, f"{script}; done; echo over") == "over\n"


def test_a_deletion_that_is_cut_off_leaves_nothing_that_passes_for_whole(
    checkout: Path, tmp_path: Path
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old/.complete").touch()
    script = f'rm() {{ [ "$1" != -rf ] || exit 0; command rm "$@"; }}; delete {tmp_path}/old'
    shell(checkout, script)
    assert not list((tmp_path / "old").iterdir())


def test_a_terminal_that_does_not_find_the_command_yet_is_told_how_it_will(
    checkout: Path, tmp_path: Path
) -> None:
    link = tmp_path / "bin/chatbot-server"
    link.parent.mkdir()
    link.symlink_to("/opt/x/bin/chatbot-server")
    script = "told() { echo Set up >$tmp/output; }; steps_of_version() { echo http://[::1]:8080; }"
    script += f"; tmp={tmp_path} control=/opt/x/bin/chatbot-server config=c data=d again="
    for place, has_link in ((link, True), ("", False), ("/none", False)):
        said = shell(checkout, f"{script}; link={place}; tell_next_steps")
        assert (f"PATH={link.parent}:$PATH" in said) == has_link
        command = "chatbot-server" if has_link else "/opt/x/bin/chatbot-server"
        assert f"\n       {command} site add" in said


PIP_WORDS = {
    "not trusted here (self-signed certificate in certificate chain).": "WARNING: Retrying … "
    "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate "
    "verify failed: self-signed certificate in certificate chain (_ssl.c:992)'))\n"
    "ERROR: No matching distribution found for a",
    "Temporary failure in name resolution": "WARNING: Retrying … NewConnectionError('[Errno -3] "
    "Temporary failure in name resolution')\nERROR: No matching distribution found for alembic",
    "403 Forbidden": "WARNING: … ERROR: HTTP error 403 Forbidden\nERROR: No matching distribution",
    "A package could not be found: No matching distribution found for alembic==9": "ERROR: No "
    "matching distribution found for alembic==9",
    "its hash differs": "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE FILE",
}


@pytest.mark.parametrize("said", PIP_WORDS)
def test_why_packages_were_not_fetched_is_told_by_its_cause(
    checkout: Path, tmp_path: Path, said: str
) -> None:
    output = tmp_path / "output"
    output.write_text(PIP_WORDS[said])
    assert said in shell(checkout, f"offline=; explain {output}")


@pytest.mark.parametrize(("sudo", "line"), [
    (True, "sudo apt-get update && sudo apt-get install -y python3 python3-venv\n"),
    (False, "su - -c 'apt-get update && apt-get install -y python3 python3-venv'\n"),
])  # fmt: skip
def test_the_line_for_packages_is_one_that_this_user_can_type(
    checkout: Path, tmp_path: Path, sudo: bool, line: str
) -> None:
    for name in ["apt-get", *["sudo"] * sudo]:
        (tmp_path / name).touch(0o755)
    (tmp_path / "sed").symlink_to(shutil.which("sed") or "")
    script = f"id() {{ echo 1000; }}; packages=python; PATH={tmp_path}; package_line"
    assert shell(checkout, script) == line


def test_a_fetch_that_fails_tells_its_cause_and_not_its_progress(
    checkout: Path, tmp_path: Path
) -> None:
    script = f"tmp={tmp_path} embedded=tiny offline= control=/nowhere; has_model() {{ false; }}"
    script += "; program() { echo ' 40 %  37 / 92 MB'; echo 'no route to it' >&2; return 1; }"
    script += "; fetch_model; last_megabytes"
    said = shell(checkout, script)
    assert "no route to it\nUntil it is here, the server quotes your pages." in said
    assert said.count(" 40 %  37 / 92 MB\n") == 1  # by the last words of the script


def test_seconds_stand_beside_what_is_waited_for(checkout: Path, tmp_path: Path) -> None:
    script = f"tmp={tmp_path}; sleep() {{ command sleep 0.05; }}; empty() {{ :; }}; progress=empty"
    script += "; step 'Fetching it' ''; told env sleep 1"
    script += "; waiting_for '' 'sa réponse'; CHATBOT_LANGUAGE=fr; waiting_for '' 'sa réponse'"
    said = shell(checkout, f"{script}; told env sleep 1").splitlines()
    assert said[:2] == ["→ Fetching it", "  10 s  Fetching it"]
    assert said[-1].endswith(" s  sa réponse")


UPGRADE = (
    "{ steps() { :; }; for it in build fetch_model note_upgrade activate end_upgrade told quietly"
)
UPGRADE += ' steps_of_version; do eval "$it() { :; }"; done; }'


@pytest.mark.parametrize("runs", [True, False])
def test_an_upgrade_says_of_the_server_only_what_is_so(
    checkout: Path, tmp_path: Path, runs: bool
) -> None:
    control = tmp_path / "control"
    control.write_text('#!/bin/sh\necho "control $1"\n')
    control.chmod(0o755)
    script = f"installed=1 id=2 run= config=c data=d control={control}; {UPGRADE}"
    script += f"; server_runs() {{ {str(runs).lower()}; }}; upgrade"
    said = shell(checkout, script).splitlines()
    stopping = "→ Stopping 1, when its answers are finished"
    trying = "→ Trying 2: it is started, and stopped again"
    assert ((stopping in said), ("control stop" in said), (trying in said)) == (
        runs,
        runs,
        not runs,
    )


@pytest.mark.parametrize("starts", [True, False])
def test_an_upgrade_that_is_taken_back_ends_with_what_is_so(
    checkout: Path, tmp_path: Path, starts: bool
) -> None:
    script = f"tmp={tmp_path} installed=1 was_running=1 control=c; put_old_in_place() {{ :; }}"
    said = shell(checkout, f"{script}; control() {{ {str(starts).lower()}; }}; go_back")
    assert ("in place as before" in said, "does not start either" in said) == (starts, not starts)


def test_a_bundle_for_another_python_is_named_as_that(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "python-version").write_text("3.11\n")
    (tmp_path / "output").write_text("ERROR: No matching distribution found for a")
    script = f"offline={tmp_path} python_version=3.12; explain {tmp_path}/output"
    assert "was filled for Python 3.11, and this is 3.12" in shell(checkout, script)


def test_room_is_asked_for_only_for_what_is_still_missing(checkout: Path, tmp_path: Path) -> None:
    script = f"python={sys.executable} here=. prefix={tmp_path} data={tmp_path}/data"
    script += " python_version=3.11 locks=requirements.lock model= embedded_file=m.gguf"
    script += "; count_needs; echo $needed_disk $packages_name"
    whole, name = shell(checkout, script).split()
    (tmp_path / "packages" / name).mkdir(parents=True)
    (tmp_path / "packages" / name / ".complete").touch()
    with_packages = shell(checkout, script).split()[0]
    (tmp_path / "data/models").mkdir(parents=True)
    (tmp_path / "data/models/m.gguf").touch()
    assert (whole, with_packages, shell(checkout, script).split()[0]) == ("1200", "400", "210")


def test_how_far_pip_has_come_is_counted(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "output").write_text("Collecting a==1\n  Downloading a\nCollecting b==2\n")
    script = f"tmp={tmp_path} packages_total=64; count_packages"
    assert shell(checkout, script) == "2 of at most 64\n"


def test_what_survives_a_restart_of_the_machine_is_said_with_the_line(checkout: Path) -> None:
    script = "control='/srv/mon café/bin/chatbot-server'"
    told = shell(checkout, f"{script}; survival")
    assert "@reboot '/srv/mon café/bin/chatbot-server' start" in told
    lingering = shell(checkout, f"{script} service=user; survival")
    assert "loginctl enable-linger" in lingering
    assert "starts again" in shell(checkout, f"{script} service=system; survival")


def test_enter_deletes_nothing(checkout: Path) -> None:
    for reply, said in (("", "Nothing was changed."), ("y", "deleted")):
        script = f"yes= ; has_terminal() {{ :; }}; answer() {{ echo '{reply}'; }}"
        told = shell(checkout, f"{script}; confirm_loss sure sûr; echo deleted")
        assert told == f"{said}\n"


@pytest.mark.parametrize(("runs", "said"), [(False, ""), (True, "Stopped.\n")])
def test_a_removal_says_of_the_server_only_what_it_did(
    checkout: Path, tmp_path: Path, runs: bool, said: str
) -> None:
    place = StandIn(tmp_path / "chatbot")
    control = place.prefix / "versions/1/control.sh"
    control.chmod(0o755)
    if runs:
        place.run("start")
    places = f"prefix={place.prefix} config={place.config} control={control} here=$PWD"
    assert shell(checkout, f"{places}; end_for_good") == said
    assert place.run("status").returncode == 1
