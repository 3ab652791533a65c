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
from typing import Any

import yaml
from benchmarks.serving.visitors import fill
from benchmarks.serving.web_server import web_server

DESCRIPTION = Path(__file__).parents[2] / "docs" / "openapi.yaml"
CHECKS = "not_a_server_error,response_schema_conformance,content_type_conformance"
SETTINGS = """
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", "503"]
"""
# No request may be refused only because there were many: what is behind it would not be tried.
LIMITS = {who: ["100000 per minute"] for who in ("visitor", "site", "api_key")}
PAGES = [
    ("Opening hours", "We are open from Tuesday to Saturday, from 9:00 to 18:30."),
    ("Delivery", "We deliver in Hull for 4.50 euros, and nowhere else."),
]
# An application's first vectors wait for the encoder, which is loaded then.
ANSWER_SECONDS = 60


def main() -> int:
    """Fuzz for the seconds that are given as an option."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="schemathesis")
    parser.add_argument("seconds", type=int)
    parser.add_argument("--rate", default="20/s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatbot-fuzz-") as name:
        folder = Path(name)
        sections: dict[str, dict[str, Any]] = {"server": {"trusted_proxies": 1}, "limits": LIMITS}
        site = fill(folder, PAGES)
        with web_server(folder, {"model": None}, **sections) as server:
            description = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))
            schemas = description["components"]["schemas"]
            schemas["Key"] = {"anyOf": [{"const": site}, schemas["Key"]]}
            for file, text in (
                ("openapi.json", json.dumps(description)),
                ("settings.toml", SETTINGS),
            ):
                (folder / file).write_text(text, encoding="utf-8")
            run = subprocess.run(
                [
                    *(options.program, "--config-file", "settings.toml", "run", "openapi.json"),
                    *("--url", server.url, "--checks", CHECKS, "--rate-limit", options.rate),
                    *("--max-time", str(options.seconds), "--continue-on-failure"),
                    *("--request-timeout", str(ANSWER_SECONDS)),
                    *("--header", f"Authorization: Bearer {api_key(folder)}", "--no-color"),
                ],
                cwd=folder,
                check=False,
                env=os.environ | hooks(server.url, site),
            )
        log = (folder / "server.log").read_text(encoding="utf-8")
    tracebacks = log.count("Traceback")
    print(f"{tracebacks} tracebacks in the server's log")
    print(log[log.find("Traceback") :][:3000] if tracebacks else "", end="")
    return int(bool(run.returncode or tracebacks))


def hooks(server: str, site: str) -> dict[str, str]:
    """Variables with which schemathesis finds :mod:`fuzzing.hooks`, and those the server."""
    return {
        "SCHEMATHESIS_HOOKS": "fuzzing.hooks",
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "FUZZED_SERVER": server,
        "FUZZED_SITE": site,
    }


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
