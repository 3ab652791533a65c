"""Folders for a while: gone at the end, also after a process that was killed."""

from __future__ import annotations

from pathlib import Path

from chatbot_server.temporary import temporary_folder


def test_what_a_killed_process_left_goes_and_what_is_in_use_stays(tmp_path: Path) -> None:
    left, apart = tmp_path / "chatbot-trial.killed", tmp_path / "precious"
    for folder in (left, apart):
        folder.mkdir()
        (folder / "chatbot.db").touch()
    (tmp_path / "chatbot-trial.link").symlink_to(apart)
    with temporary_folder("trial", tmp_path) as first:
        (first / "chatbot.db").touch()
        with temporary_folder("trial", tmp_path) as second:
            assert first != second
            assert first.stat().st_mode & 0o777 == 0o700
            assert (first / "chatbot.db").exists()
            assert not left.exists()
        assert not second.exists()
    assert not first.exists()
    assert (apart / "chatbot.db").exists()
