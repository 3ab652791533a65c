"""Killed at any moment, an installation or upgrade goes on at the next run, and nothing is lost."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.install.quick_installer import QuickInstaller

pytestmark = pytest.mark.install
MOMENTS = 3


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[QuickInstaller]:
    """An installer without the packages; what it installed is removed."""
    made = QuickInstaller(tmp_path)
    yield made
    if made.prefix.exists():
        made.run(tmp_path / "0.1.0", "--purge", "--yes")


def moments(total: int) -> range:
    """Some of the commands, each time the same: the first, and then evenly."""
    return range(1, total, total // MOMENTS)


def test_an_installation_that_was_killed_goes_on(quick: QuickInstaller) -> None:
    clone = quick.checkout("0.1.0")
    whole = quick.run(clone, "--run")
    assert "Ready: " in whole.stdout, whole.stdout + whole.stderr
    for moment in moments(quick.commands):
        quick.stop()
        shutil.rmtree(quick.prefix)
        quick.run(clone, "--run", killed_at=moment)
        again = quick.run(clone, "--run")
        assert (again.returncode, again.stderr) == (0, ""), moment
        assert "What comes next" in again.stdout, moment
        assert not list(quick.prefix.glob(".tmp/source")), moment


@pytest.mark.parametrize("removal", ["--uninstall", "--purge"])
def test_an_installation_that_was_killed_can_be_removed(
    quick: QuickInstaller, removal: str
) -> None:
    clone = quick.checkout("0.1.0")
    quick.run(clone)
    for moment in moments(quick.commands):
        shutil.rmtree(quick.prefix, ignore_errors=True)
        quick.run(clone, killed_at=moment)
        if quick.prefix.exists():
            done = quick.run(clone, removal, "--yes")
            assert done.returncode == 0, (moment, done.stdout, done.stderr)
            assert ("To use it again, run ./install.sh with: --run" in done.stdout) is (
                removal == "--uninstall"
            )
        left = [path.name for path in quick.prefix.glob("*")]
        assert set(left) <= ({"data", "config.yaml"} if removal == "--uninstall" else set()), moment


def note(quick: QuickInstaller, text: str) -> None:
    """A visitor's message, in the database."""
    database = sqlite3.connect(quick.prefix / "data/chatbot.db")
    database.execute("insert into message values (?)", [text])
    database.commit()
    database.close()


def messages(quick: QuickInstaller) -> list[str]:
    database = sqlite3.connect(quick.prefix / "data/chatbot.db")
    rows = [str(text) for (text,) in database.execute("select text from message")]
    database.close()
    return rows


@pytest.fixture
def new(quick: QuickInstaller) -> Path:
    """The sources of version 0.2.0, while 0.1.0 runs and has a message."""
    old = quick.checkout("0.1.0")
    assert "Ready: " in quick.run(old, "--run").stdout
    note(quick, "kept")
    return quick.checkout("0.2.0", form=2)


def test_an_upgrade_that_was_killed_goes_on(
    quick: QuickInstaller, new: Path, tmp_path: Path
) -> None:
    before = tmp_path / "before"
    quick.stop()
    shutil.copytree(quick.prefix, before, symlinks=True)
    quick.start()
    done = quick.run(new, "--upgrade")
    assert "Upgraded" in done.stdout, done.stdout + done.stderr
    for moment in moments(quick.commands)[1:]:
        quick.stop()
        shutil.rmtree(quick.prefix)
        shutil.copytree(before, quick.prefix, symlinks=True)
        quick.start()
        quick.run(new, "--upgrade", killed_at=moment)
        again = quick.run(new, "--upgrade", "--run")
        assert again.returncode == 0, (moment, again.stdout, again.stderr)
        assert (quick.prefix / "current").readlink().name.startswith("0.2.0-"), moment
        assert "What comes next" in again.stdout, moment
        assert messages(quick) == ["kept"], moment
        assert not (quick.prefix / ".upgrade").exists()


def test_one_can_go_back_to_the_version_before(quick: QuickInstaller, new: Path) -> None:
    unasked = quick.run(new, "--run")
    assert (unasked.returncode, unasked.stderr) == (0, "")
    assert "To change over: ./install.sh --upgrade" in unasked.stdout
    quick.run(new, "--upgrade")
    note(quick, "written since")
    done = quick.run(new, "--rollback")
    assert done.returncode == 0, done.stderr
    assert (quick.prefix / "current").readlink().name.startswith("0.1.0-")
    assert messages(quick) == ["kept"]
    [replaced] = (quick.prefix / "data/backups").glob("replaced-*.db")
    assert str(replaced) in done.stdout
    database = sqlite3.connect(replaced)
    assert ("written since",) in database.execute("select text from message").fetchall()
    database.close()
    assert "What comes next" in quick.run(new, "--upgrade", "--run").stdout


def test_a_new_version_that_loses_its_model_is_taken_back(quick: QuickInstaller, new: Path) -> None:
    broken = quick.checkout("0.3.0", engine="failed")
    done = quick.run(broken, "--upgrade")
    assert "Stopping 0.1.0-" in done.stdout
    assert (done.returncode, "Going back to 0.1.0" in done.stderr) == (1, True)
    assert (quick.prefix / "current").readlink().name.startswith("0.1.0-")
    assert messages(quick) == ["kept"]


def test_a_broken_environment_is_repaired(quick: QuickInstaller) -> None:
    clone = quick.checkout("0.1.0")
    quick.run(clone, "--run")
    python = quick.prefix / "current/bin/python"
    python.unlink()
    python.symlink_to("/no/such/python")
    done = quick.run(clone, "--run")
    assert done.returncode == 0, done.stderr
    assert "nothing to install" not in done.stdout
    assert "What comes next" in done.stdout


def test_a_second_installer_waits_for_nobody_and_touches_nothing(quick: QuickInstaller) -> None:
    clone = quick.checkout("0.1.0")
    quick.run(clone)
    other = quick.prefix / ".tmp"
    other.mkdir()
    (other / "pid").write_text("1\n")
    done = quick.run(clone, "--run")
    # Process 1 lives, but is no installer: its number was left by one that was killed.
    assert done.returncode == 0, done.stderr


def test_purge_takes_the_data_from_where_the_settings_say_it_is(
    quick: QuickInstaller, tmp_path: Path
) -> None:
    clone = quick.checkout("0.1.0")
    quick.run(clone)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "models").mkdir(parents=True)
    (elsewhere / "chatbot.db").touch()
    (elsewhere / "precious").touch()
    with (quick.prefix / "config.yaml").open("a") as config:
        config.write(f"\ndata_dir: {elsewhere}\n")
    done = quick.run(clone, "--purge", "--yes")
    assert str(elsewhere) in done.stdout
    assert [path.name for path in elsewhere.iterdir()] == ["precious"]
    assert not quick.prefix.exists()


def test_purge_names_the_database_that_stays(quick: QuickInstaller) -> None:
    clone = quick.checkout("0.1.0")
    quick.run(clone)
    with (quick.prefix / "config.yaml").open("a") as config:
        config.write("\ndatabase: postgresql://ann:secret@db.example/chat\n")
    told = quick.run(clone, "--purge", "--dry-run").stdout
    assert "db.example" in told.partition("Staying")[2]
    assert "secret" not in told
