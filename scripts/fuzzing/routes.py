"""Send a running server what schemathesis makes of ``docs/openapi.yaml``, right and wrong.

    python -m fuzzing.routes SCHEMATHESIS SECONDS

The server has no model, so that 503 is right where one is wanted; any other status of 500 and
more is a finding, as is an answer that is not as described. Exit 1 if there was one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from benchmarks.web_server import web_server

DESCRIPTION = Path(__file__).parents[2] / "docs" / "openapi.yaml"
CHECKS = "not_a_server_error,response_schema_conformance,content_type_conformance"
SETTINGS = """
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", "503"]
"""
# Each request is another visitor's, as behind a proxy: else most would be told to come back later.
HOOKS = """
import itertools
import schemathesis
NUMBERS = itertools.count()

@schemathesis.hook
def before_call(context, case, kwargs):
    number = next(NUMBERS)
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    case.headers = dict(case.headers or {}) | {"X-Forwarded-For": address}
"""


def main() -> int:
    """Fuzz for so many seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="schemathesis")
    parser.add_argument("seconds", type=int)
    parser.add_argument("--rate", default="20/s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatbot-fuzz-") as name:
        folder = Path(name)
        with web_server(folder, {"model": None}, server={"trusted_proxies": 1}) as server:
            description = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))
            schemas = description["components"]["schemas"]
            schemas["Key"] = {"anyOf": [{"const": server.site}, schemas["Key"]]}
            for file, text in (
                ("openapi.json", json.dumps(description)),
                ("settings.toml", SETTINGS),
                ("fuzzing_hooks.py", HOOKS),
            ):
                (folder / file).write_text(text, encoding="utf-8")
            run = subprocess.run(
                [
                    *(options.program, "--config-file", "settings.toml", "run", "openapi.json"),
                    *("--url", server.url, "--checks", CHECKS, "--rate-limit", options.rate),
                    *("--max-time", str(options.seconds), "--continue-on-failure"),
                    *("--header", f"Authorization: Bearer {api_key(folder)}", "--no-color"),
                ],
                cwd=folder,
                check=False,
                env=os.environ | {"SCHEMATHESIS_HOOKS": "fuzzing_hooks", "PYTHONPATH": name},
            )
        log = (folder / "server.log").read_text(encoding="utf-8")
    tracebacks = log.count("Traceback")
    print(f"{tracebacks} tracebacks in the server's log")
    print(log[log.find("Traceback") :][:3000] if tracebacks else "", end="")
    return int(bool(run.returncode or tracebacks))


def api_key(folder: Path) -> str:
    """One of the server in *folder*."""
    command = [sys.executable, "-m", "chatbot_server", "--config", str(folder / "config.yaml")]
    process = subprocess.run(
        [*command, "api-key", "create", "--name", "fuzz", "--json"],
        capture_output=True,
        check=True,
    )
    return str(json.loads(process.stdout)["key"])


if __name__ == "__main__":
    raise SystemExit(main())
