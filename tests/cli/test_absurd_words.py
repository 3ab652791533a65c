"""What is said to a person whose words make no sense: what is wrong, where, and what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import Run
from support.models.tiny_architectures import write_architecture

from chatbot_server.messages import LANGUAGES


@pytest.fixture
def site(run: Run) -> str:
    """The key of a site on a new installation without a model."""
    run("init", "--model", "none")
    return str(json.loads(run("site", "add", "Shop", "--json").out)[0]["key"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_option_whose_file_cannot_be_opened_says_why(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv("CHATBOT_LANGUAGE", language)
    refused = run("backup", "--passphrase-file", str(tmp_path / "nowhere"))
    told = {"en": "nowhere does not exist", "fr": "nowhere n’existe pas"}[language]
    assert (refused.exit_code, told in refused.err) == (2, True)
    assert refused.err.startswith("--passphrase-file")


def test_no_backup_goes_unencrypted_for_want_of_a_passphrase(
    run: Run, site: str, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("\n")
    refused = run("backup", str(tmp_path / "all"), "--passphrase-file", str(tmp_path / "secret"))
    assert (refused.exit_code, "would not be encrypted" in refused.err) == (2, True)
    assert not (tmp_path / "all").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("backup", ""),
        ("restore", ""),
        ("models", "add", " "),
        ("knowledge", "add", ""),
        ("backup", "--passphrase-file", ""),
    ],
)
def test_an_empty_word_is_no_file(run: Run, site: str, words: tuple[str, ...]) -> None:
    refused = run(*words)
    assert (refused.exit_code, "the name is empty" in refused.err) == (2, True)


@pytest.mark.parametrize("verb", ["use", "pull", "remove"])
def test_an_empty_word_is_no_model(run: Run, site: str, verb: str) -> None:
    assert run("models", verb, "").err.startswith("There is no model called “”")


def test_what_cannot_be_removed_is_told_with_what_could(
    run: Run, site: str, tmp_path: Path
) -> None:
    own_file = write_architecture(tmp_path / "own.gguf", "qwen2")
    run("models", "add", str(own_file))
    told = run("models", "remove", "/etc/passwd").err
    assert "“/etc/passwd” on this machine, so nothing was removed" in told
    assert told.endswith("Those there are: own\n")


def test_an_address_is_fetched_before_it_is_used(run: Run, site: str) -> None:
    address = "https://models.example/m.gguf"
    assert f"chatbot-server models pull {address}" in run("models", "use", address).err


def test_the_beginning_of_a_models_name_leads_to_it(run: Run, site: str) -> None:
    assert (
        "Did you mean: smollm2-135m-instruct, smollm2-360m" in run("models", "pull", "smollm2").err
    )


def test_models_come_from_an_address(run: Run, site: str) -> None:
    refused = run("models", "pull", "qwen3-1.7b", "--endpoint", "example.org")
    assert (refused.exit_code, "begins with https://" in refused.err) == (2, True)


@pytest.mark.parametrize("address", ["shop", "12", "opening hours", "shop/prices"])
def test_a_word_is_no_address_and_leaves_no_source(run: Run, site: str, address: str) -> None:
    refused = run("knowledge", "crawl", address)
    assert (refused.exit_code, "is not a web address" in refused.err) == (2, True)
    assert json.loads(run("knowledge", "list", "--json").out) == []


def test_files_and_addresses_lead_to_the_verb_that_takes_them(
    run: Run, site: str, tmp_path: Path
) -> None:
    file = tmp_path / "prices.md"
    file.write_text("# Prices\n\nA ticket is 3 €.")
    told = run("knowledge", "crawl", str(file)).err
    assert f"chatbot-server knowledge add {file}" in told
    told = run("knowledge", "add", "https://shop.example/prices").err
    assert "chatbot-server knowledge crawl https://shop.example/prices" in told


def test_an_empty_question_is_asked_for(run: Run, site: str) -> None:
    refused = run("knowledge", "search", "  ")
    assert (refused.exit_code, "write between 1 and" in refused.err) == (2, True)


@pytest.mark.parametrize("verb", [("import",), ("golden", "add", "--file")])
def test_an_empty_file_is_told(run: Run, site: str, tmp_path: Path, verb: tuple[str, ...]) -> None:
    (tmp_path / "empty.jsonl").touch()
    refused = run("knowledge", *verb, str(tmp_path / "empty.jsonl"))
    assert (refused.exit_code, "empty.jsonl is empty" in refused.err) == (2, True)


def test_numbers_that_are_gone_lead_to_those_there_are(run: Run, site: str) -> None:
    assert "site history" in run("site", "undo", site, "99").err
    assert "golden runs" in run("knowledge", "golden", "compare", "1", "2").err


def test_an_address_that_a_site_has_not_is_named_once(run: Run, site: str) -> None:
    words = ("site", "edit", site, "--remove-origin", "https://old.example")
    assert "no address is noted" in run(*words).err
    run("site", "edit", site, "--origin", "https://shop.example")
    told = run(*words).err
    assert (told.count("--remove-origin"), "https://shop.example" in told) == (1, True)


@pytest.mark.parametrize(
    ("option", "value", "key"),
    [("--port", "9170", "server.port"), ("--host", "0.0.0.0", "server.host")],
)
def test_init_names_the_options_that_a_configuration_leaves_unused(
    run: Run, site: str, option: str, value: str, key: str
) -> None:
    again = run("init", option, value, "--model", "none", "--data-dir", "data")
    assert again.exit_code == 0
    assert [line.split(" was not used")[0] for line in again.err.splitlines()] == [
        f"{option} {value}"
    ]
    assert f"config set {key} {value}" in again.err
    assert "data_dir" in run("init", "--data-dir", "elsewhere").err
    assert not run("init").err


@pytest.mark.parametrize(
    ("option", "value"),
    [("--host", ""), ("--host", "two words"), ("--host", "http://here"), ("--model", "")],
)
def test_init_writes_no_configuration_that_it_would_refuse(
    run: Run, tmp_path: Path, option: str, value: str
) -> None:
    refused = run("init", option, value)
    assert (refused.exit_code, bool(refused.err)) == (1, True)
    assert "config.yaml" not in refused.err  # which is not there
    assert not (tmp_path / "config.yaml").exists()
    assert run("init", "--model", "none").exit_code == 0


def test_init_is_begun_anew_where_no_data_could_be_kept(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    assert run("init", "--model", "none", "--data-dir", "taken").exit_code == 1
    assert run("init", "--model", "none").exit_code == 0
    assert (tmp_path / "data").is_dir()


def test_a_model_that_is_not_there_cannot_be_set(run: Run, site: str, tmp_path: Path) -> None:
    refused = run("config", "set", "engine.model", "nowhere")
    assert refused.err.startswith("There is no model called “nowhere”")
    assert run("config", "set", "engine.family", "nothing").exit_code == 1
    assert run("config", "check").exit_code == 0
    assert run("config", "set", "engine.model", "smollm2-135m-instruct").exit_code == 0


def test_a_site_is_there_though_nobody_reads_what_is_said_of_it(run: Run, tmp_path: Path) -> None:
    run("init", "--model", "none")
    reading, writing = os.pipe()
    os.close(reading)  # as head leaves one
    words = ["-m", "chatbot_server", "--config", str(tmp_path / "config.yaml")]
    command = [sys.executable, *words, "site", "add", "Shop"]
    assert subprocess.run(command, stdout=writing, check=False).returncode == 1
    os.close(writing)
    assert "Shop" in run("site", "list").out


def test_a_pipe_that_nobody_writes_into_is_not_waited_for(
    run: Run, site: str, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "prices.txt")
    refused = run("knowledge", "add", str(tmp_path / "prices.txt"))
    assert (refused.exit_code, "is no file" in refused.err) == (1, True)


def test_lines_of_a_pipe_are_read(run: Run, site: str) -> None:
    reading, writing = os.pipe()
    os.write(writing, b'{"question": "When?", "expect": "nine"}\n')
    os.close(writing)
    assert run("knowledge", "golden", "add", "--file", f"/dev/fd/{reading}").exit_code == 0
    os.close(reading)


def test_a_file_is_not_said_to_have_been_crawled(run: Run, site: str) -> None:
    run("knowledge", "add", "--title", "Prices", "--text", "A ticket is 3 €.")
    assert "is not crawled" in run("knowledge", "diff", "1").out


@pytest.mark.parametrize("words", [("help", "help"), ("help", "help", "serve")])
def test_help_of_help_is_help(run: Run, words: tuple[str, ...]) -> None:
    assert run(*words).out.startswith("Usage: ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_port_is_sought_where_it_is(
    run: Run, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv("CHATBOT_LANGUAGE", language)
    refused = run("serve", "--port", "80")
    told = "chatbot-server config set server.port"
    assert (refused.exit_code, told in refused.err) == (2, True)


@pytest.mark.parametrize("end", ["?a=b", "#top", "/assist?"])
def test_the_servers_address_ends_where_names_can_follow(run: Run, site: str, end: str) -> None:
    refused = run("config", "set", "server.public_url", f"https://chat.example.org{end}")
    assert (refused.exit_code, "should end before" in refused.err) == (1, True)


@pytest.mark.parametrize("words", [("knowledge", "remove"), ("api-key", "revoke")])
def test_a_negative_number_is_a_wrong_number(run: Run, site: str, words: tuple[str, ...]) -> None:
    refused = run(*words, "-5")
    assert refused.err.startswith("NUMBER: write a whole number from 1 to")
    assert "There is no option --nothing" in run("ask", "When?", "--nothing").err


def test_a_question_may_begin_with_a_negative_number(run: Run, site: str) -> None:
    assert json.loads(run("ask", "-5", "--json").out)["question"] == "-5"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("ask", "When?", "--site"), "--site needs a value"),
        (("ask", "When?", "--json=yes"), "--json takes no value"),
        (("knowledge", "eval", ""), "FILE: the name is empty"),
        (("knowledge", "crawl", "x" * 300), "is not a web address"),
        (("models", "use", "x" * 300), "There is no model called"),
        (("restore", "x" * 300), "this name is too long"),
        (("knowledge", "answer", "", "Nine."), "There is no group “”"),
    ],
)
def test_what_is_wrong_with_a_word_is_named(
    run: Run, site: str, words: tuple[str, ...], told: str
) -> None:
    refused = run(*words)
    assert (refused.exit_code > 0, told in refused.err) == (True, True), refused.err


def test_a_name_that_leads_nowhere_leaves_no_source(run: Run, site: str) -> None:
    refused = run("knowledge", "crawl", "https://shop.invalid")
    assert refused.err.startswith("shop.invalid does not exist")
    assert "Nothing was kept" in refused.err
    assert json.loads(run("knowledge", "list", "--json").out) == []


def test_no_word_of_ones_own_plays_with_the_terminal(run: Run, site: str) -> None:
    told = run("site", "list", "--site", "x\x1b[31m\u202ey").err
    assert not {"\x1b", "\u202e"} & set(told + run("snippet", "x\x1b[31m\u202ey").err)
