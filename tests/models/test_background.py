"""A download that a page asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chatbot_server.errors import ModelError, UsageError
from chatbot_server.models.store.downloads import background
from chatbot_server.models.store.downloads import pull as pulling
from chatbot_server.models.store.downloads.background import download_state, pull_wanted, want_model

NAME = "smollm2-135m-instruct"


def test_progress_and_end_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def pull(name: str, models_dir: Path, progress: Any, **_: object) -> None:
        progress(49_181_216, 98_362_432)
        state = download_state(models_dir)
        assert state
        seen.append((name, state.state, state.percent))

    monkeypatch.setattr(background, "NOTE_SECONDS", 0)
    monkeypatch.setattr(pulling, "pull_model", pull)
    assert not pull_wanted(tmp_path)
    want_model(tmp_path, NAME)
    assert pull_wanted(tmp_path)
    assert seen == [(NAME, "running", 50)]
    state = download_state(tmp_path)
    assert state
    assert (state.state, state.percent, state.is_open) == ("done", 100, False)
    assert not pull_wanted(tmp_path)


def test_why_it_failed_is_kept_and_it_can_be_wanted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pull(*_: object, **__: object) -> None:
        raise ModelError("model_download_unreachable", url="https://hub.example")

    monkeypatch.setattr(pulling, "pull_model", pull)
    want_model(tmp_path, NAME)
    pull_wanted(tmp_path)
    state = download_state(tmp_path)
    assert state
    assert (state.state, state.code) == ("failed", "model_download_unreachable")
    want_model(tmp_path, NAME)
    state = download_state(tmp_path)
    assert state
    assert state.is_open
    with pytest.raises(UsageError):
        want_model(tmp_path, "no such model")
    (tmp_path / background.FILE).write_text("{broken")
    assert download_state(tmp_path) is None
