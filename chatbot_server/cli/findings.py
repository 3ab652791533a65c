"""Findings of an examination, as a person reads them or a script."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import NoReturn

import click


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    sentence: str


def report(findings: Iterable[Finding], as_json: bool, hint: str = "") -> NoReturn:
    """Print *findings*, for a person also what to do next, and leave: 0 if all is well, else 1."""
    found = list(findings)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found], ensure_ascii=False))
    else:
        for finding in found:
            click.echo(f"{'✔' if finding.ok else '✘'} {finding.sentence}")
        click.echo(f"\n{hint}" if hint else "", nl=bool(hint))
    sys.exit(0 if all(finding.ok for finding in found) else 1)
