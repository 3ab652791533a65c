"""An installation whose program is a stand-in: a web server that says what a real one says."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path

from support.patience import LONG
from support.servers.ports import free_port

ROOT = Path(__file__).parents[3]
PACKAGING = ROOT / "packaging"
# Serves where its configuration says; “engine” is the state that it reports of its model.
PROGRAM = """
import http.server, json, os, sys
from pathlib import Path
from chatbot_server.config import load_config
from chatbot_server.engine.process.state import EngineRecord, write_state
from chatbot_server.processes.identity import announce
config = load_config(Path(os.environ["CHATBOT_CONFIG"]))
if "serve" not in sys.argv:
    sys.exit(f"asked: {sys.argv[1:]} as {os.environ['CHATBOT_COMMAND']}")
engine = "ENGINE"
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = {"ready": engine == "ready", "engine": engine, "run": run}
        body |= {"disk": "ready", "database": "ready", "reason": self.reason()}
        self.send_response(200 if engine == "ready" else 503)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())
    def reason(self):
        return "Pas encore." if "fr" in self.headers["Accept-Language"] else "Not yet."
    def log_message(self, *_):
        pass
server = http.server.HTTPServer((config.server.host, config.server.port), Answers)
run = announce(config.run_dir)
write_state(config.run_dir, EngineRecord(engine, reason="engine_none"))
server.serve_forever()
"""


@dataclass
class StandIn:
    """Its folder has the real control script and steps, and a program of a few lines."""

    prefix: Path
    port: int = field(default_factory=free_port)
    service: str = "none"

    def __post_init__(self) -> None:
        (self.prefix / "data/run").mkdir(parents=True)
        self.config.write_text(f"server: {{port: {self.port}}}\n")
        self.add_version("1")
        self.use("1")

    @property
    def config(self) -> Path:
        return self.prefix / "config.yaml"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add_version(self, name: str, program: str = PROGRAM, engine: str = "ready") -> Path:
        """A version whose program is *program*."""
        version = self.prefix / "versions" / name
        venv.create(version, symlinks=True)
        modules = next(version.glob("lib/*/site-packages"))
        ours = [str(ROOT), *(path for path in sys.path if path.endswith("site-packages"))]
        (modules / "ours.pth").write_text("\n".join(ours))
        for script in ("steps.py", "server_steps.py", "owner.sh"):
            shutil.copy(PACKAGING / script, version)
        (version / "program.py").write_text(program.replace("ENGINE", engine))
        text = (PACKAGING / "control.sh").read_text()
        places = {"PREFIX": self.prefix, "DATA": self.prefix / "data", "CONFIG": self.config}
        for place, value in (places | {"SERVICE": self.service, "OWNER": ""}).items():
            text = text.replace(f"@{place}@", str(value))
        (version / "control.sh").write_text(text)
        (version / ".complete").touch()
        return version

    def use(self, name: str) -> None:
        """Let the version *name* be the current one."""
        link = self.prefix / "current"
        link.unlink(missing_ok=True)
        link.symlink_to(f"versions/{name}")

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """The control script with *words*."""
        command = ["sh", str(self.prefix / "current/control.sh"), *words]
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"} | variables
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=LONG
        )
