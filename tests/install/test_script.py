"""install.sh before it installs anything: what it understands, checks, shows, and leaves alone."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.patience import LONG

pytestmark = pytest.mark.install
Run = Callable[..., subprocess.CompletedProcess[str]]
SHELLS = [("dash",), ("busybox", "sh"), ("bash", "--posix")]
MUTATING = """
    mkdir rm rmdir cp mv ln touch chmod chown cat sed tail python3 pip systemctl useradd
    userdel runuser dirname uname id ls df awk grep tr tee"""
OPTIONS = (
    *("--help", "--yes", "--dry-run", "--prefix", "--port", "--host", "--model", "--run"),
    *("--no-service", "--offline", "--upgrade", "--uninstall", "--purge", "--quiet"),
)


def tools(folder: Path, *without: str, **instead: str) -> str:
    """A PATH with the standard tools but *without* some, and with scripts *instead* of others."""
    folder.mkdir()
    for place in ("/bin", "/usr/bin", "/sbin", "/usr/sbin"):
        for tool in Path(place).iterdir():
            hidden = tool.name in without or tool.name.startswith(("python", "pip"))
            if not hidden and not (folder / tool.name).exists():
                (folder / tool.name).symlink_to(tool)
    for name, text in instead.items():
        script = folder / name.replace("_", "-")
        script.unlink(missing_ok=True)
        script.write_text(f"#!/bin/sh\n{text}\n")
        script.chmod(0o755)
    return str(folder)


def everything(folder: Path) -> dict[str, object]:
    """All names and times below *folder*."""
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in folder.rglob("*")
    }


@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_a_truncated_script_does_nothing_at_any_cut(
    shell: str, copy_checkout: Callable[[Path], Path], tmp_path: Path
) -> None:
    clone = copy_checkout(tmp_path / "clone")
    script = clone / "install.sh"
    whole = script.read_bytes()
    stubs, log = tmp_path / "bin", tmp_path / "log"
    stubs.mkdir()
    for name in MUTATING.split():
        (stubs / name).write_text(f'#!/bin/sh\necho "{name} $*" >>"{log}"\n')
        (stubs / name).chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    command = [str(shutil.which(shell)), *(["sh"] if shell == "busybox" else []), "cut.sh", "--run"]
    variables = {"PATH": str(stubs), "HOME": str(home), "CHATBOT_YES": "1"}
    cuts = {*range(0, len(whole), 61), *range(len(whole) - 120, len(whole) - 1)}
    for cut in sorted(cuts):
        (clone / "cut.sh").write_bytes(whole[:cut])
        subprocess.run(command, cwd=clone, env=variables, capture_output=True, timeout=LONG)
        assert not log.exists(), f"cut at {cut}: {log.read_text()}"
        assert not list(home.iterdir()), f"cut at {cut}"
    (clone / "cut.sh").write_bytes(whole)
    subprocess.run(command, cwd=clone, env=variables, capture_output=True, timeout=LONG)
    assert log.exists(), "the whole script is what would have been seen"


def test_a_checkout_with_a_cut_part_is_refused(
    sh: Run, copy_checkout: Callable[[Path], Path], tmp_path: Path, prefix: Path
) -> None:
    clone = copy_checkout(tmp_path / "clone")
    part = clone / "packaging/install/activate.sh"
    part.write_bytes(part.read_bytes()[:2000])
    done = sh("--run", "--yes", "--prefix", str(prefix), folder=clone)
    assert done.returncode == 1
    assert "not whole" in done.stderr
    assert not prefix.exists()


def test_it_is_found_by_a_link_and_alone_says_what_it_needs(
    checkout: Path, tmp_path: Path, prefix: Path, free_port: Callable[[], int]
) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links/far").symlink_to(checkout)
    (tmp_path / "links/install").symlink_to("far/install.sh")
    (tmp_path / "alone").mkdir()
    shutil.copy(checkout / "install.sh", tmp_path / "alone")
    words = ["--dry-run", "--prefix", str(prefix), "--port", str(free_port())]
    for script, returncode in ((tmp_path / "links/install", 0), (tmp_path / "alone/install.sh", 1)):
        done = subprocess.run(["sh", script, *words], capture_output=True, text=True)
        assert done.returncode == returncode, done.stderr
    assert "which is one file" in done.stderr


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_it_runs_in_every_posix_shell(
    shell: tuple[str, ...], sh: Run, prefix: Path, free_port: Callable[[], int]
) -> None:
    done = sh("--dry-run", "--prefix", str(prefix), "--port", str(free_port()), shell=shell)
    assert done.returncode == 0, done.stderr
    assert str(prefix) in done.stdout
    assert not done.stderr


def test_help_names_every_option_in_both_languages(sh: Run) -> None:
    for language in ("en_GB.UTF-8", "fr_FR.UTF-8"):
        done = sh("--help", LANG=language)
        assert done.returncode == 0
        assert all(option in done.stdout for option in OPTIONS)
    assert "installer, démarrer" in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--prots", "1"], "Unknown option: --prots"),
        (["--uninstal"], "did you mean --uninstall?"),
        (["stray"], "Unknown option: stray"),
        (["--port"], "--port needs a value"),
        (["--port", "http"], "from 1 to 65535, not http"),
        (["--port", "70000"], "from 1 to 65535, not 70000"),
        (["--port", "0"], "from 1 to 65535, not 0"),
        (["--prefix", "--dry-run"], "--prefix needs a value"),
        (["--model", "/no/such.gguf"], "there is no file /no/such.gguf"),
        (["--model", "qwen3-1.7b"], "fetched afterwards: chatbot-server models list"),
        (["--offline", "/no/such"], "No such folder: /no/such"),
        (["--prefix", "/tmp/a'b"], "cannot be used"),
        (["--prefix", "/tmp/a\nb"], "cannot be used"),
        (["--run", "--purge"], "not both"),
    ],
)
def test_a_misused_option_is_an_error_with_exit_code_2(
    options: list[str], said: str, sh: Run
) -> None:
    done = sh(*options)
    assert done.returncode == 2
    assert said in done.stderr
    assert not done.stdout


def test_a_variable_does_what_its_option_does(
    sh: Run, prefix: Path, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    model = tmp_path / "mine.gguf"
    model.touch()
    values = {"PREFIX": str(prefix), "PORT": str(free_port()), "HOST": "127.0.0.1"}
    values["MODEL"] = str(model)
    switches = dict.fromkeys(("DRY_RUN", "YES", "NO_SERVICE", "RUN"), "1")
    twins = {f"CHATBOT_{name}": value for name, value in (values | switches).items()}
    by_options = [f"--{name.lower()}={value}" for name, value in values.items()]
    by_options += [f"--{name.lower().replace('_', '-')}" for name in switches]
    assert sh(**twins).stdout == sh(*by_options).stdout != ""
    assert sh(CHATBOT_HELP="1").stdout == sh("--help").stdout
    assert sh(CHATBOT_QUIET="1", **twins).stdout == ""
    for name in ("UPGRADE", "UNINSTALL", "PURGE"):
        done = sh("--prefix", str(prefix), **{f"CHATBOT_{name}": "1"})
        assert done.returncode == 1, name
        assert str(prefix) in done.stderr
    assert "can be 1 or 0" in sh(CHATBOT_YES="perhaps").stderr


def test_a_dry_run_shows_the_plan_and_changes_nothing(
    sh: Run,
    checkout: Path,
    environment: dict[str, str],
    prefix: Path,
    free_port: Callable[[], int],
) -> None:
    before = everything(checkout) | everything(Path(environment["HOME"]))
    port = str(free_port())
    done = sh("--run", "--dry-run", "--prefix", str(prefix), "--port", port, "--model", "none")
    assert done.returncode == 0, done.stderr
    for part in (str(prefix), f"http://127.0.0.1:{port}", "none:", "config.yaml"):
        assert part in done.stdout
    assert not prefix.exists()
    assert everything(checkout) | everything(Path(environment["HOME"])) == before


def test_everything_missing_is_listed_at_once_with_the_package_line(
    sh: Run, tmp_path: Path, prefix: Path
) -> None:
    path = tools(
        tmp_path / "bin",
        df="echo head; echo x x x 102400",
        uname="[ $1 = -s ] && echo Linux || echo x86_64",
        # busybox: Debian's grep and awk would look into the machine's own files
        grep='case "$*" in *avx2*) exit 1 ;; esac; exec /usr/bin/grep "$@"',
        awk='case "$*" in *MemAvailable*) echo 90 ;; *) exec /usr/bin/awk "$@" ;; esac',
        apt_get="",
    )
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = sh("--run", "--prefix", str(prefix), "--port", port, PATH=path)
    assert done.returncode == 1
    for missing in (
        "Python 3.10 or newer",
        "1200 MB of free disk",
        "800 MB of free memory",
        "no AVX2",
        f"127.0.0.1:{port} cannot be used",
        "apt-get install -y python3 python3-venv",
        "Then type the command again",
        "Nothing was changed",
    ):
        assert missing in done.stderr
    assert "Traceback" not in done.stderr
    assert not prefix.exists()


@pytest.mark.parametrize(
    ("manager", "line"),
    [
        ("apt-get", "apt-get update && apt-get install -y python3 python3-venv"),
        ("dnf", "dnf install -y python3.12"),
        ("yum", "yum install -y python3.12"),
        ("apk", "apk add python3 py3-pip"),
        ("pacman", "pacman -S --needed python"),
        ("zypper", "zypper install -y python312"),
        ("brew", "brew install python@3.13"),
    ],
)
def test_the_package_line_is_the_distribution_s(
    manager: str, line: str, sh: Run, tmp_path: Path, prefix: Path
) -> None:
    path = tools(tmp_path / "bin", "apt-get", **{manager.replace("-", "_"): ""})
    done = sh("--run", "--prefix", str(prefix), PATH=path)
    assert line in done.stderr


def test_a_python_that_is_too_old_is_named(sh: Run, tmp_path: Path, prefix: Path) -> None:
    path = tools(tmp_path / "bin", python3="echo 3.8 False")
    done = sh("--run", "--prefix", str(prefix), PATH=path)
    assert "Python 3.10 or newer (found: 3.8)" in done.stderr


def test_a_python_that_was_named_is_the_one_that_is_meant(
    sh: Run, tmp_path: Path, prefix: Path
) -> None:
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\necho 3.9 False\n")
    old.chmod(0o755)
    for python in ("/nonexistent", str(old)):
        done = sh("--run", "--dry-run", "--prefix", str(prefix), CHATBOT_PYTHON=python)
        assert done.returncode == 1
        assert f"CHATBOT_PYTHON={python} is no Python 3.10" in done.stderr


def test_a_system_whose_python_is_old_is_not_told_to_install_it_again(
    sh: Run, tmp_path: Path, prefix: Path
) -> None:
    path = tools(tmp_path / "bin", python3="echo 3.9 False", apt_get="")
    done = sh("--run", "--prefix", str(prefix), PATH=path)
    assert "uv python install" in done.stderr
    assert "apt-get install" not in done.stderr


def test_a_file_on_the_way_to_the_folder_is_named(sh: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = sh("--run", "--prefix", str(tmp_path / "file/chatbot"))
    assert (done.returncode, f"{tmp_path}/file is a file" in done.stderr) == (1, True)
    assert str(tmp_path) not in done.stdout
    assert sh("--run", "--prefix", "/").returncode == 2


@pytest.mark.parametrize("option", ["--upgrade", "--rollback", "--uninstall"])
def test_what_is_not_installed_is_no_fault_of_the_machine(
    sh: Run, tmp_path: Path, option: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = sh(option, "--prefix", str(tmp_path / "none"), "--port", port)
    told = f"There is no Chatbot Server at {tmp_path}/none"
    assert (done.returncode, told in done.stderr) == (1, True)


def test_a_python_without_venv_is_told_apart(sh: Run, tmp_path: Path, prefix: Path) -> None:
    path = tools(
        tmp_path / "bin",
        python3='case "$2" in *ensurepip*) exit 1 ;; *) echo 3.11 True ;; esac',
        apt_get="",
    )
    done = sh("--run", "--prefix", str(prefix), PATH=path, LANG="fr_FR.UTF-8")
    assert "sans ses modules venv et ensurepip" in done.stderr
    assert "apt-get install -y python3.11-venv" in done.stderr


def test_a_machine_without_a_ready_engine_is_told_what_to_do(
    sh: Run, tmp_path: Path, prefix: Path
) -> None:
    path = tools(tmp_path / "bin", uname="[ $1 = -s ] && echo Linux || echo armv7l")
    done = sh("--run", "--prefix", str(prefix), PATH=path)
    assert "processor (armv7l) is not supported" in done.stderr


def test_a_port_in_use_is_named_before_anything_is_installed(sh: Run, prefix: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = sh("--run", "--prefix", str(prefix), "--port", port, LANG="fr_FR.UTF-8")
    assert done.returncode == 1
    said = rf"127.0.0.1:{port} est inutilisable : un autre programme y écoute\..* --port (\d+)\."
    named = re.search(said, done.stderr)
    assert named
    assert int(named[1]) > int(port)
    assert not prefix.exists()


def test_an_address_of_another_machine_is_not_blamed_on_the_port(sh: Run, prefix: Path) -> None:
    done = sh("--run", "--prefix", str(prefix), "--host", "999.1.1.1")
    assert done.returncode == 1
    assert "999.1.1.1 is not an address of this machine" in done.stderr
    assert "--host" in done.stderr
    assert "--port" not in done.stderr


def test_a_folder_with_other_things_in_it_is_left_alone(sh: Run, prefix: Path) -> None:
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin" / "precious").touch()
    before = everything(prefix)
    for options in (["--run", "--yes"], ["--uninstall", "--yes"], ["--purge", "--yes"]):
        done = sh(*options, "--prefix", str(prefix))
        assert done.returncode == 1
        assert str(prefix) in done.stderr
    assert everything(prefix) == before


def test_everything_shell_is_clean(checkout: Path) -> None:
    tool = Path(sys.executable).with_name("shellcheck")
    files = [checkout / "install.sh", *checkout.glob("packaging/**/*.sh")]
    done = subprocess.run([tool, "-x", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
