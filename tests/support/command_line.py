"""What a run of the command line said, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Ran:
    exit_code: int
    out: str
    err: str


Run = Callable[..., Ran]
