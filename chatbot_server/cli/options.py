"""Options that several verbs share, and what ``--json`` prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

# What a list shows, and no more than a database's integers hold.
NUMBER = click.IntRange(1, 2**31 - 1)
FILE = click.Path(path_type=Path)
JSON = click.option("--json", "as_json", is_flag=True, help="help_json")


def print_json(value: Any) -> None:
    """One line for a program to read."""
    click.echo(json.dumps(value, ensure_ascii=False))
