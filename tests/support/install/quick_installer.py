"""install.sh whole, but for what takes minutes: packages, and a program of a few lines.

Every command of it that changes something is counted, and it can be killed before any of them.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from support.install.stand_in import PROGRAM, ROOT
from support.patience import LONG
from support.servers.ports import free_port

COUNTED = ("mkdir", "mv", "rm", "cp", "ln", "chmod", "python3", "cat", "rmdir")
# The one that runs the tests, and not what may stand before it in PATH and choose among several.
PYTHON = Path(sys.executable).resolve()
# The settings, the database with the number of its form, and the model, as the program makes them.
VERBS = """
import sqlite3, sys
from pathlib import Path
FORM = NUMBER
config = Path(sys.argv[sys.argv.index("--config") + 1]) if "--config" in sys.argv else None
verb = sys.argv[3] if config else sys.argv[1]
if config and verb != "serve":
    data = config.parent / "data"
    if verb == "init" and not config.exists():
        config.write_text(f"server: {{port: {sys.argv[sys.argv.index('--port') + 1]}}}")
    if verb in ("init", "migrate"):
        database = sqlite3.connect(data / "chatbot.db")
        form = database.execute("pragma user_version").fetchone()[0]
        if form > FORM:
            sys.exit("The database was written by a newer version.")
        database.execute(f"pragma user_version = {FORM}")
        database.execute("create table if not exists message (text)")
        database.commit()
    if verb == "models":
        (data / "models").mkdir(exist_ok=True)
        (data / "models/SmolLM2-135M-Instruct.Q4_1.gguf").touch()
    sys.exit()
if verb == "--version":
    sys.exit()
if verb == "admin":
    print("http://set/up")
    sys.exit()
"""
OVERRIDES = """
build_packages() {
    packages_folder=$prefix/packages/$packages_name
    [ ! -f "$packages_folder/.complete" ] || return 0
    rm -rf "$packages_folder"
    mkdir -p "$packages_folder"
    : >"$packages_folder/.complete"
}
install_project() {
    wheel=$here/requirements.lock modules=$(modules_of "$version")
    cp "$here/ours.pth" "$modules/ours.pth"
    echo "packages/$packages_name/" >"$modules/packages.pth"
}
"""
WRAPPER = """#!/bin/sh
number=$(($(/bin/cat "$COUNTER") + 1))
echo "$number" >"$COUNTER"
[ "$number" != "$KILLED_AT" ] || kill -9 "$INSTALLER"
exec {tool} "$@"
"""


@dataclass
class QuickInstaller:
    """Checkouts of one or more versions below *folder*, and a prefix for them."""

    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def prefix(self) -> Path:
        return self.folder / "chatbot"

    def checkout(self, version: str, form: int = 1, engine: str = "ready") -> Path:
        """The sources of *version*, whose database has the form *form*."""
        clone = self.folder / version
        shutil.copytree(ROOT / "packaging", clone / "packaging")
        shutil.copytree(ROOT / "requirements", clone / "requirements")
        shutil.copy(ROOT / "requirements.lock", clone)
        (clone / "chatbot_server").mkdir()
        (clone / "chatbot_server/__init__.py").write_text(f'__version__ = "{version}"\n')
        modules = [path for path in sys.path if path.endswith("site-packages")]
        (clone / "ours.pth").write_text("\n".join([str(ROOT), *modules]))
        program = VERBS.replace("NUMBER", str(form)) + PROGRAM.replace("ENGINE", engine)
        (clone / "packaging/program.py").write_text(program)
        shutil.copy(ROOT / "install.sh", clone)
        part = clone / "packaging/install/build.sh"
        part.write_text(part.read_text().replace("# whole", f"{OVERRIDES}\n# whole"))
        return clone

    def run(
        self, clone: Path, *options: str, killed_at: int = 0
    ) -> subprocess.CompletedProcess[str]:
        """install.sh of *clone*; with *killed_at*, until before that command of its."""
        tools, counter = self.folder / "bin", self.folder / "counter"
        tools.mkdir(exist_ok=True)
        counter.write_text("0\n")
        for name in COUNTED:
            tool = PYTHON if name == "python3" else shutil.which(name)
            (tools / name).write_text(WRAPPER.format(tool=tool))
            (tools / name).chmod(0o755)
        variables = {
            "COUNTER": str(counter),
            "KILLED_AT": str(killed_at),
            "LANG": "C.UTF-8",
            "PATH": f"{tools}:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.folder),
        }
        words = ["--prefix", str(self.prefix), "--no-service", "--port", str(self.port)]
        words += options
        done = subprocess.run(
            ["sh", "-c", 'INSTALLER=$$; export INSTALLER; . "$0"', clone / "install.sh", *words],
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONG,
        )
        assert done.returncode == -signal.SIGKILL or not killed_at, done
        return done

    def start(self) -> None:
        """Start what is installed."""
        subprocess.run([self.prefix / "bin/chatbot-server", "start"], check=True, timeout=LONG)

    def stop(self) -> None:
        """Stop it."""
        subprocess.run([self.prefix / "bin/chatbot-server", "stop"], check=True, timeout=LONG)

    @property
    def commands(self) -> int:
        """How many of the counted commands the last run gave."""
        return int((self.folder / "counter").read_text())
