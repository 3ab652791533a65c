"""Runs of ``chatbot-server knowledge`` and what they leave."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from support.command_line import Ran, Run

READING = {"semantic": "off", "requests_per_second": 50.0}
SETTINGS = {"engine": {"model": None}, "retrieval": READING}

Written = Callable[[str, str | bytes], Path]


def knows(run: Run, *words: str) -> Ran:
    """A run that succeeds."""
    ran = run("knowledge", *words)
    assert (ran.exit_code, ran.err) == (0, "")
    return ran


def refused(run: Run, *words: str, code: int = 2) -> str:
    """The one sentence of a run that fails."""
    ran = run("knowledge", *words)
    assert ran.exit_code == code, ran.err
    assert ran.err.count("\n") == 1
    assert "Traceback" not in ran.err
    return ran.err


def listed(run: Run, *words: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(knows(run, "list", "--json", *words).out)
    return found


def told(run: Run, question: str, *words: str) -> str:
    record = json.loads(knows(run, "search", question, "--json", *words).out)
    return f"{record['status']}: {record['answer']}"
