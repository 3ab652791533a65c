"""Reads JSON Lines, a file with one object per line, that an owner gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatbot_server.errors import UsageError

MAX_BYTES = 200_000_000


def read_json_lines(file: Path) -> Iterator[tuple[int, Any]]:
    """The objects of a JSON Lines file, with their line numbers.

    Raises:
        UsageError: names the file or the line that cannot be read.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise UsageError("knowledge_eval_big", file=file, limit=MAX_BYTES // 10**6)
        if file.is_file() and file.stat().st_size == 0:
            raise UsageError("knowledge_eval_empty", file=file)
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    try:
                        yield number, json.loads(line)
                    except (ValueError, RecursionError):
                        raise line_error(file, number) from None
    except (OSError, UnicodeDecodeError):
        raise UsageError("knowledge_eval_file", file=file) from None


def line_error(file: Path, number: int) -> UsageError:
    """The error that line *number* of *file* cannot be understood."""
    return UsageError("knowledge_eval_line", file=file, line=number)
