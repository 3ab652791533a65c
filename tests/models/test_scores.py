"""A score in the answer test decides what a model may do, as long as its file is the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatbot_server.models.base import Tier
from chatbot_server.models.store.downloads.download import file_sha256
from chatbot_server.models.store.folder import find_model
from chatbot_server.models.store.offers import all_offers
from chatbot_server.models.store.scores import (
    SCORES,
    AnswerScore,
    remember_score,
    score_of,
)

HALF = AnswerScore(0.7, 0.1, 16, "2026-11-26", "0" * 64)


@pytest.mark.parametrize(
    ("right", "stopped", "tier"),
    [(0.8, 0.1, "write"), (0.9, 0.15, "rephrase"), (0.6, 0.2, "rephrase"), (0.59, 0, "quote")],
)
def test_a_tier_is_earned_by_right_answers_with_few_stopped(
    right: float, stopped: float, tier: Tier
) -> None:
    assert AnswerScore(right, stopped, 16, "2026-11-26", "").tier == tier


def test_a_score_decides_while_the_file_is_the_one_that_was_tested(
    tiny: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(tiny["spm"].read_bytes())
    assert find_model("mine", tmp_path).tier == "quote"
    remember_score(path, tmp_path, HALF)
    assert find_model("mine", tmp_path).tier == "rephrase"
    offers = {each.name: each for each in all_offers(tmp_path, None, 512, lambda _file: "")}
    assert (offers["mine"].tier, offers["mine"].score) == ("rephrase", HALF)
    os.utime(path, (1, 1))
    assert score_of(path, tmp_path) is None
    assert find_model("mine", tmp_path).tier == "quote"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"FILE": 3}', '{"FILE": {"file": [1]}}'])
def test_damaged_scores_count_for_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(b"GGUF")
    (tmp_path / SCORES).write_text(text.replace("FILE", str(path)))
    assert score_of(path, tmp_path) is None
    remember_score(path, tmp_path, HALF)
    assert score_of(path, tmp_path) == HALF


def test_a_file_is_told_by_its_whole_content(tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(b"x" * 3_000_000)
    assert file_sha256(path) == "e55b8bdf621ddaa8f462c74745db9680d3bb7536a9cf854f8d6668b34a287890"
