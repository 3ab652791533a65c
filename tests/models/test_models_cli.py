"""``chatbot-server models`` as a person types it, and the one line it changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from support.models.model_hub import Hub
from support.models.tiny_architectures import write_architecture

from chatbot_server.cli.main import root
from chatbot_server.config import load_config
from chatbot_server.config.edit import set_setting
from chatbot_server.errors import ChatbotError, ConfigError, ModelError, UsageError
from chatbot_server.messages import typeset_french

CONFIG = """# mine
data_dir: data   # here
engine:
  # the model
  model: smollm2-135m-instruct  # small
  threads: 1
server:
  port: 8099
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG)
    return file


def run(config: Path, *words: str, error: type[ChatbotError] | None = None) -> str:
    """What one command prints; *error*: what it must fail with instead."""
    result = CliRunner().invoke(root, ["--config", str(config), "models", *words])
    if error:
        assert isinstance(result.exception, error), result.output
        return str(result.exception)
    assert result.exception is None, result.exception
    return result.stdout


def test_a_model_is_pulled_chosen_and_removed(hub: Hub, config: Path) -> None:
    source = "hf:owner/repo/tiny-Q4_K_M.gguf"
    assert "tiny-q4_k_m" in run(config, "pull", source, "--endpoint", hub.url)
    assert "tiny-q4_k_m" in run(config, "list")
    run(config, "use", "tiny-q4_k_m")
    assert config.read_text() == CONFIG.replace("smollm2-135m-instruct", "tiny-q4_k_m")
    assert "tiny-q4_k_m" in run(config, "remove", "tiny-q4_k_m", error=UsageError)
    run(config, "use", str(config.parent / "data/models/tiny-Q4_K_M.gguf"))
    run(config, "remove", "tiny-q4_k_m")
    assert not (config.parent / "data/models/tiny-Q4_K_M.gguf").exists()
    run(config, "use", "tiny-q4_k_m", error=ModelError)


def test_the_list_is_for_people_and_for_scripts(config: Path, tiny: dict[str, Path]) -> None:
    run(config, "add", str(tiny["gptj"]))
    rows = {row["name"]: row for row in json.loads(run(config, "list", "--json"))}
    assert rows["gptj"]["installed"]
    assert rows["smollm2-135m-instruct"]["in_use"]
    assert rows["koala-7b"]["commercial"] == "no"
    free, without, *lines = run(config, "list").splitlines()
    assert "B of memory" in free
    assert "engine.model: null" in without
    heads = next(line for line in lines if line.startswith("NAME"))
    assert heads.split()[:3] == ["NAME", "MB", "MEMORY"]
    shown = {line.split()[0]: line for line in lines if line.split(" ")[0] in rows}
    assert set(shown) == set(rows)
    for name, row in rows.items():
        assert row["licence"] in shown[name]
        assert shown[name].index(row["tier"]) == heads.index("MAY")
    assert "French" in shown["luth-1.7b-instruct"]
    assert "24.2%" in shown["ministral-3-3b-instruct"]


def test_the_progress_of_a_fetch_is_in_the_language_of_the_terminal(
    hub: Hub, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATBOT_LANGUAGE", "fr")
    words = ["pull", "hf:owner/repo/tiny-Q4_K_M.gguf", "--endpoint", hub.url]
    result = CliRunner().invoke(root, ["--config", str(config), "models", *words])
    assert result.stderr.splitlines()[-1].endswith("\u00a0Mo")


def test_the_list_goes_from_small_machines_to_large_ones_then_to_older_and_own_files(
    config: Path, tiny: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATBOT_LANGUAGE", "fr")
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    run(config, "add", str(tiny["gptj"]))
    text = run(config, "list")
    marks = [
        "moins 2\u00a0Go",
        "luth-1.7b",
        "moins 4\u00a0Go",
        "qwen3-4b-instruct-2507",
        "moins 6\u00a0Go",
    ]
    marks += ["moins 8\u00a0Go", "Anciens", "koala-7b", "Vos propres fichiers", "\ngptj "]
    places = [text.index(typeset_french(mark)) for mark in marks]
    assert places == sorted(places)
    assert "24,2\u00a0%" in text
    assert "s’en tient à vos pages" in text


def test_a_file_is_checked_by_loading_it_elsewhere(config: Path, tiny: dict[str, Path]) -> None:
    record = json.loads(run(config, "check", str(tiny["bpe"]), "--json"))
    assert record == {
        "ok": True, "family": "plain", "architecture": "llama", "format": "gguf",
        "engine": "ctransformers", "reason": None,
    }  # fmt: skip


@pytest.mark.parametrize("form", ["--json", "--no-load"])
def test_a_broken_file_is_one_line_and_a_code(config: Path, tmp_path: Path, form: str) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(b"")
    command = [sys.executable, "-m", "chatbot_server", "--config", str(config)]
    command += ["models", "check", str(path), form]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    told = json.loads(done.stdout)["reason"] if form == "--json" else done.stderr
    assert str(path) in told
    assert (done.stdout + done.stderr).count("\n") == 1


def test_a_pipe_is_refused_instead_of_waited_for(config: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    assert "pipe.gguf is a pipe" in run(
        config, "check", str(tmp_path / "pipe.gguf"), error=ModelError
    )


def test_a_check_that_fails_does_not_send_one_to_the_check(config: Path, tmp_path: Path) -> None:
    path = write_architecture(tmp_path / "m.gguf", "qwen2")
    path.write_bytes(path.read_bytes().replace(b"qwen2", b"qwen0"))
    told = run(config, "check", str(path), error=ModelError)
    assert "an architecture that this version does not know" in told


def test_none_is_a_choice_and_a_folder_is_named_as_one(config: Path, tmp_path: Path) -> None:
    file = write_architecture(tmp_path / "m.gguf", "qwen2")
    run(config, "use", str(file))
    assert "is a folder" in run(config, "use", str(tmp_path), error=ModelError)
    assert "quoted from your pages" in run(config, "use", "none")
    assert load_config(config).engine.model is None


def test_a_name_like_no_other_leads_to_the_list(config: Path) -> None:
    for words in (["use", "zzz"], ["pull", "zzz"]):
        assert "See the names with: chatbot-server models list" in run(
            config, *words, error=ChatbotError
        )
    assert "Did you mean: smollm2" in run(config, "use", "smolm2-135m", error=ModelError)


# -- the one line -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "engine:\n  model: new\n"),
        ("data_dir: x", "data_dir: x\nengine:\n  model: new\n"),
        ("engine:\n    threads: 2\n", "engine:\n    model: new\n    threads: 2\n"),
        ("engine:\n  model: null # none\n", "engine:\n  model: new # none\n"),
        ("engine:\n  model: 'a b'\n", "engine:\n  model: new\n"),
        ("engine:\n  model:\nserver:\n  port: 1\n", "engine:\n  model: new\nserver:\n  port: 1\n"),
        ("server:\n  model: x\nengine:\n", "server:\n  model: x\nengine:\n  model: new\n"),
    ],
)  # fmt: skip
def test_only_the_setting_changes(tmp_path: Path, text: str, line: str) -> None:
    file = tmp_path / "config.yaml"
    if text:
        file.write_text(text)
    set_setting(file, "engine", "model", "new")
    assert file.read_text() == line


@pytest.mark.parametrize("value", ["null", "8", "a: b", "it's", "x # y", "yes", "~/m é.gguf"])
def test_any_name_comes_back_as_it_was(tmp_path: Path, value: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG)
    set_setting(file, "engine", "model", value)
    assert yaml.safe_load(file.read_text())["engine"]["model"] == value


@pytest.mark.parametrize(
    "text", ["engine: {model: x, threads: 1}\n", "engine:\n  model: >\n   x\n   y\n", "a: [\n"]
)
def test_what_cannot_be_edited_safely_is_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        set_setting(file, "engine", "model", "new")
    assert "engine.model" in str(caught.value)
    assert file.read_text() == text
