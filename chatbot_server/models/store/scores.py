"""The scores of models in this project's own answer test, which decide what each may do.

Kept in ``answer-scores.json`` of the models folder, for the file as it was when it was tested.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chatbot_server.models.base import Tier
from chatbot_server.models.store.records import write_record

SCORES = "answer-scores.json"
# For each tier, the least share of right answers, and the largest share of stopped ones.
_NEEDED: tuple[tuple[Tier, float, float], ...] = (("write", 0.8, 0.1), ("rephrase", 0.6, 0.2))


@dataclass(frozen=True)
class AnswerScore:
    """The score of a model.

    Attributes:
        right: the share of questions that it answered from the text, or rightly left open.
        stopped: the share of its answers with a sentence that the text does not support.
        questions: the number of questions.
        day: the day of the test: “2026-11-26”.
        digest: SHA-256 of the file.
    """

    right: float
    stopped: float
    questions: int
    day: str
    digest: str

    @property
    def tier(self) -> Tier:
        """What it may be trusted with."""
        for tier, right, most in _NEEDED:
            if self.right >= right and self.stopped <= most:
                return tier
        return "quote"


def score_of(path: Path, models_dir: Path) -> AnswerScore | None:
    """The score of the file *path* as it is now; None if it was not tested."""
    record = _read(models_dir).get(str(path.absolute()))
    try:
        state = path.stat()
        if record is None or record["file"] != [state.st_size, state.st_mtime_ns]:
            return None
        return AnswerScore(**record["score"])
    except (OSError, KeyError, TypeError):
        return None


def remember_score(path: Path, models_dir: Path, score: AnswerScore) -> None:
    """Store the score of the file *path*.

    Raises:
        ModelError: the folder cannot be written to.
    """
    state = path.stat()
    record = {"file": [state.st_size, state.st_mtime_ns], "score": asdict(score)}
    write_record(models_dir, SCORES, {**_read(models_dir), str(path.absolute()): record})


def _read(models_dir: Path) -> Mapping[str, Any]:
    """The records; none where the file is not there or is damaged: then sizes decide."""
    try:
        records = json.loads((models_dir / SCORES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return records if isinstance(records, dict) else {}
