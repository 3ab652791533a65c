"""``ask``: an answer as a person reads it in a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatbot_server.cli.ask import PlainLines

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["**Ho", "urs**\n", r"9 \< 10"], "Hours\n9 < 10"),
        (["[si", "te](https://s.example/)"], "site (https://s.example/)"),
        (["2 *", " 3"], "2 * 3"),
    ],
)
def test_marks_are_read_though_they_come_in_pieces(pieces: list[str], shown: str) -> None:
    lines = PlainLines()
    assert "".join(map(lines.feed, pieces)) + lines.finish() == shown


def test_words_without_marks_are_shown_at_once() -> None:
    assert PlainLines().feed("We open ") == "We open "


@pytest.fixture
def asking(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``ask``, of the only site, which knows its hours, without a model and without vectors."""
    monkeypatch.setenv("CHATBOT_RETRIEVAL_SEMANTIC", '"off"')
    run("init", "--model", "none")
    key = json.loads(run("site", "add", "Shop", "--json").out)[0]["key"]
    run("knowledge", "add", "--site", key, "--title", "Hours", "--text", "Open 9am to 5pm.")
    return lambda *words: run("ask", *words)


def test_an_answer_is_explained_in_words(asking: Run) -> None:
    said = asking("--why", "When are you open?").out
    assert said.startswith("Open 9am to 5pm.\n")
    assert "“When are you open?” was looked up as “When are you open? opening hours” (en)" in said
    assert "it was quoted" in said
    assert "1. Hours (nearness in meaning" in said
    assert "0% of the question’s words are missing" in said
    assert "Why" not in asking("When are you open?").out


def test_a_note_is_named_as_the_source_without_an_address(asking: Run) -> None:
    assert asking("When are you open?").out.splitlines() == ["Open 9am to 5pm.", "— Hours"]


def test_an_answer_is_given_to_scripts_whole(asking: Run) -> None:
    answer = json.loads(asking("--why", "--json", "Who painted the Mona Lisa?").out)
    assert (answer["origin"], answer["sources"]) == ("none", [])
    assert answer["why"][0]["status"] == "nothing"
    assert "why" not in json.loads(asking("--json", "When are you open?").out)


def test_pages_answer_without_the_model_that_is_not_there(
    asking: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATBOT_ENGINE_MODEL", "smollm2-135m-instruct")
    done = asking("When are you open?")
    assert done.out.startswith("Open 9am to 5pm.\n")
    assert "models pull smollm2-135m-instruct" in done.err


def test_that_a_site_has_no_pages_is_told_once_in_the_persons_language(
    run: Run, tmp_path: Path
) -> None:
    run("init", "--model", "none")
    environment = {**os.environ, "CHATBOT_LANGUAGE": "fr", "CHATBOT_RETRIEVAL_SEMANTIC": '"off"'}
    words = ["--config", str(tmp_path / "config.yaml"), "ask", "Quand ouvrez-vous ?"]
    command = [sys.executable, "-m", "chatbot_server", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr.startswith("Le site «\xa0Demo\xa0» n’a pas de pages")
    assert done.stderr.count("\n") == 1
