"""Runs of golden questions that somebody asked for in the browser; a job makes them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

PREFIX = "golden-"


def request_run(run_dir: Path, site_id: int, who: str) -> None:
    """Have the golden questions of the site asked; *who*: the name of the account."""
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    _file(run_dir, site_id).write_text(who, encoding="utf-8")


def is_requested(run_dir: Path, site_id: int) -> bool:
    """Whether a run is waited for."""
    return _file(run_dir, site_id).exists()


def requested_runs(run_dir: Path) -> dict[int, str]:
    """Who asked for a run, by site."""
    files = {file: file.name.removeprefix(PREFIX) for file in run_dir.glob(f"{PREFIX}*")}
    return {
        int(number): file.read_text(encoding="utf-8")
        for file, number in files.items()
        if number.isdecimal()
    }


def forget_request(run_dir: Path, site_id: int) -> None:
    """The run has been made, or cannot be."""
    with suppress(OSError):
        _file(run_dir, site_id).unlink()


def _file(run_dir: Path, site_id: int) -> Path:
    return run_dir / f"{PREFIX}{site_id}"
