"""What a crawl found changed on a page, line by line.

Kept as JSON: ``{"kind": "new" | "changed" | "gone", "added": [line], "removed": [line]}``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import islice
from typing import Any

MAX_LINES = 20
LONGEST_LINE = 300
GONE = json.dumps({"kind": "gone"})


def change_of(before: Iterable[str] | None, now: Iterable[str]) -> str:
    """What is said *now* and was not *before*, and the other way round; empty: nothing.

    *before* is None of a page that was not known.
    """
    if before is None:
        return json.dumps({"kind": "new"})
    former, current = _lines(before), _lines(now)
    lines = {
        "added": list(islice((line for line in current if line not in former), MAX_LINES)),
        "removed": list(islice((line for line in former if line not in current), MAX_LINES)),
    }
    return json.dumps({"kind": "changed", **lines}) if any(lines.values()) else ""


def _lines(texts: Iterable[str]) -> dict[str, None]:
    lines = (line.strip() for text in texts for line in text.split("\n"))
    return dict.fromkeys(line[:LONGEST_LINE] for line in lines if line)


def read_change(change: str) -> dict[str, Any]:
    """A stored change, with all its parts."""
    return {"added": [], "removed": [], **json.loads(change)}
