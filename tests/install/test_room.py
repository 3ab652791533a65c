"""install.sh where there is no room for it: a folder it cannot use, a disk that fills."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.install


def mounted(options: str, folder: Path, command: list[str]) -> list[str]:
    """*command* where *folder* is a file system of its own, which nobody else sees."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("only root can mount a file system")
    mount = f'mount -t tmpfs -o {options} none "$0" && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", mount, str(folder), *command]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("size=2g,ro", "cannot be written to. Choose another folder with --prefix"),
        ("size=2g,noexec", "programs cannot run there. Choose another folder with --prefix"),
        ("size=30m", "1200 MB of free disk"),
    ],
)
def test_a_folder_that_cannot_hold_it_is_named(
    options: str,
    said: str,
    checkout: Path,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    command = ["sh", str(checkout / "install.sh"), "--run", "--prefix", str(tmp_path / "chatbot")]
    done = subprocess.run(
        mounted(options, tmp_path, command), env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert said in done.stderr


def test_a_disk_that_fills_while_installing_leaves_nothing(
    checkout: Path, environment: dict[str, str], prefix: Path
) -> None:
    # Files of at most 4 MB: like a full disk, the first larger package cannot be written.
    limited = f'ulimit -f 8000; exec sh "{checkout}/install.sh" --yes --prefix "{prefix}"'
    done = subprocess.run(
        ["dash", "-c", limited], env=environment, capture_output=True, text=True, timeout=800
    )
    assert done.returncode == 1
    assert "is full. Make room" in done.stderr
    assert "Traceback" not in done.stderr
    assert not prefix.exists()
