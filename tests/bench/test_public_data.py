"""The folder of public data is named by whoever measures, and what it lacks is named back."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from benchmarks.public_data import QUESTIONS, XQUAD, add_data_argument


def parse(*words: str) -> Path:
    parser = argparse.ArgumentParser()
    add_data_argument(parser, QUESTIONS, XQUAD)
    return Path(parser.parse_args(words).data)


def test_a_folder_with_all_files_is_taken(tmp_path: Path) -> None:
    for name in (QUESTIONS, XQUAD):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert parse(str(tmp_path)) == tmp_path


def test_what_a_folder_lacks_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / XQUAD).touch()

    with pytest.raises(SystemExit) as end:
        parse(str(tmp_path))

    sentence = capsys.readouterr().err
    assert end.value.code == 2
    assert f"there is no {QUESTIONS} in {tmp_path}" in sentence


def test_without_a_folder_nothing_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse()

    assert "required: data" in capsys.readouterr().err
