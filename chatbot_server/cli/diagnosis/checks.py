"""Results of checks, for people and for scripts."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import NoReturn

import click

from chatbot_server.cli.options import print_json
from chatbot_server.diagnosis.own_server import Check


def report_and_exit(checks: Iterable[Check], as_json: bool, hint: str = "") -> NoReturn:
    """Print *checks*, for a person with advice, and exit: 0 if all have passed, else 1."""
    results: list[Check] = []
    for check in checks:
        results.append(check)
        if not as_json:  # each at once: the next one may take seconds
            click.echo(f"{'✔' if check.ok else '✘'} {check.sentence}")
    if as_json:
        print_json([asdict(check) for check in results])
    elif hint:
        click.echo(f"\n{hint}")
    sys.exit(0 if all(check.ok for check in results) else 1)
