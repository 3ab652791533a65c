"""What is published: the same each time it is built, and an installer in one file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.patience import LONG
from support.servers.ports import free_port

pytestmark = pytest.mark.install
ROOT = Path(__file__).parents[2]


def build(folder: Path, umask: int) -> dict[str, bytes]:
    """What the script makes, by name."""
    script = [sys.executable, str(ROOT / "scripts/build_release.py"), str(folder)]
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run(script, env=environment, check=True, capture_output=True, umask=umask)
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one release."""
    folder = tmp_path_factory.mktemp("release")
    build(folder, 0o022)
    return folder


@pytest.fixture(scope="module")
def installer(released: Path) -> Path:
    """The installer in one file."""
    [file] = released.glob("chatbot-server-*.sh")
    return file


def run(tmp_path: Path, *command: str, typed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """With a temporary folder of its own, which has to be empty afterwards."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    done = subprocess.run(
        command,
        input=typed,
        env=environment | {"TMPDIR": str(temporary)},
        capture_output=True,
        timeout=LONG,
        start_new_session=True,
    )
    assert not list(temporary.iterdir())
    return done


def test_two_builds_are_equal_byte_by_byte(released: Path, tmp_path: Path) -> None:
    first = {file.name: file.read_bytes() for file in released.iterdir()}
    assert {name.rpartition(".")[2] for name in first} == {"whl", "gz", "sh", "zip", "SHA256SUMS"}
    assert build(tmp_path / "again", 0o077) == first


@pytest.mark.parametrize(("page", "unit"), [("README.md", "MB"), ("docs/LISEZMOI.md", "Mo")])
def test_the_size_that_newcomers_read_is_that_of_the_file(
    page: str, unit: str, installer: Path
) -> None:
    told = re.search(rf"chatbot-server-\S+\.sh --run.*?(\d+) {unit}", (ROOT / page).read_text())
    assert told
    assert abs(int(told[1]) - installer.stat().st_size / 1_000_000) < 1


def plan(tmp_path: Path) -> list[str]:
    return ["--dry-run", "--prefix", str(tmp_path / "chatbot"), "--port", str(free_port())]


@pytest.mark.parametrize("shell", [["dash"], ["busybox", "sh"], ["bash", "--posix"]])
def test_the_one_file_unpacks_itself_and_shows_the_plan(
    shell: list[str], installer: Path, tmp_path: Path
) -> None:
    done = run(tmp_path, *shell, str(installer), *plan(tmp_path))
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "chatbot").encode() in done.stdout
    assert not (tmp_path / "chatbot").exists()


def test_it_comes_from_a_pipe_too(installer: Path, tmp_path: Path) -> None:
    words = ["sh", "-s", "--", *plan(tmp_path)]
    done = run(tmp_path, *words, typed=installer.read_bytes())
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "chatbot").encode() in done.stdout


def test_what_it_says_to_type_is_its_own_name(installer: Path, tmp_path: Path) -> None:
    done = run(tmp_path, "sh", str(installer), "--upgrade", "--prefix", str(tmp_path / "chatbot"))
    assert f"sh {installer} --run".encode() in done.stderr


@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
def test_a_file_cut_short_does_nothing(share: float, installer: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.sh"
    whole = installer.read_bytes()
    cut.write_bytes(whole[: int(share * len(whole))])
    assert run(tmp_path, "sh", str(cut), "--run", "--yes").returncode != 0
    assert {path.name for path in tmp_path.iterdir()} == {"cut.sh", "temporary"}


def test_a_file_that_was_changed_is_refused(installer: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.sh"
    text = installer.read_text()
    middle = text.index("\n", len(text) // 2) + 1
    other = "B" if text[middle] == "A" else "A"
    changed.write_text(text[:middle] + other + text[middle + 1 :])
    done = run(tmp_path, "sh", str(changed), "--run", "--yes")
    assert (done.returncode, b"checksum differs" in done.stderr) == (1, True)


def test_it_installs_the_wheel_it_carries_as_the_sources_it_was_built_from(
    installer: Path, tmp_path: Path
) -> None:
    (tmp_path / "unpacked").mkdir()
    text = installer.read_text().replace(
        'exec sh "$folder/install.sh" "$@"', 'cp -R "$folder/." "$1"'
    )
    (tmp_path / "open.sh").write_text(text)
    assert (
        run(tmp_path, "sh", str(tmp_path / "open.sh"), str(tmp_path / "unpacked")).returncode == 0
    )
    steps = str(ROOT / "packaging/steps.py")
    names = [
        subprocess.run(
            [sys.executable, steps, "fingerprint", str(folder)], capture_output=True, check=True
        ).stdout
        for folder in (ROOT, tmp_path / "unpacked")
    ]
    assert names[0] == names[1]
