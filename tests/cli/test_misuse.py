"""What is said to a person who mistypes, forgets or cannot wait."""

from __future__ import annotations

import errno
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from support.command_line import Run, umask_put_back

from chatbot_server.cli.context import refusal
from chatbot_server.cli.main import VERBS, main, root
from chatbot_server.errors import UsageError

NOWHERE = "There is no model called"


@pytest.mark.parametrize("verb", ["pull", "use", "remove"])
def test_a_model_that_there_is_not_ends_every_verb_alike(run: Run, verb: str) -> None:
    run("init", "--model", "none")
    refused = run("models", verb, "foo")
    assert refused.exit_code == 1
    assert refused.err.startswith(NOWHERE)


def test_init_writes_no_model_that_there_is_not(run: Run, tmp_path: Path) -> None:
    refused = run("init", "--model", "foo")
    assert (refused.exit_code, refused.err.startswith(NOWHERE)) == (1, True)
    assert not (tmp_path / "config.yaml").exists()
    assert run("init", "--model", "smollm2-135m-instruct").exit_code == 0  # to be fetched yet


def test_init_says_that_it_is_done_once_it_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    assert not run("init", "--model", "none", "--data-dir", str(tmp_path / "data")).out


def test_one_of_several_sites_is_named_as_the_verb_takes_it(run: Run) -> None:
    run("init", "--model", "none")
    keys = [
        json.loads(run("site", "add", name, "--json").out)[0]["key"] for name in ("Shop", "Café")
    ]
    assert f"{keys[1]} (Café)" in run("snippet").err
    assert run("snippet").err.endswith(f"chatbot-server snippet {keys[0]}\n")
    assert run("knowledge", "list").err.endswith(f"--site {keys[0]}\n")


@pytest.mark.parametrize(
    ("origin", "public_url", "told"),
    [
        ("https://shop.example", None, "their own machine"),
        ("http://shop.example", None, "their own machine"),
        ("https://shop.example", "http://chat.example", "nothing from http"),
        ("https://shop.example", "https://chat.example", ""),
        ("http://shop.example", "http://chat.example", ""),
        ("http://localhost:3000", None, ""),
    ],
)
def test_a_tag_that_the_sites_pages_cannot_load_is_printed_with_why(
    run: Run, origin: str, public_url: str | None, told: str
) -> None:
    run("init", "--model", "none")
    if public_url:
        run("config", "set", "server.public_url", public_url)
    for shown in (run("site", "add", "Shop", "--origin", origin), run("snippet")):
        assert "data-site=" in shown.out
        assert told in shown.err if told else not shown.err


def test_words_without_quotes_are_told_to_need_them(run: Run) -> None:
    assert "goes in quotes" in run("ask", "when", "do", "you", "open").err


def test_a_disk_that_is_full_without_a_name_is_a_sentence() -> None:
    told = refusal(OSError(errno.ENOSPC, "No space left on device"), "en")
    assert told.startswith("A disk is full")
    assert refusal(OSError(errno.EIO, "Input/output error"), "en").startswith("The system refused")


def _options(command: click.Command, context: click.Context) -> Iterator[click.Option]:
    yield from (parameter for parameter in command.params if isinstance(parameter, click.Option))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if inner := command.get_command(context, name):
                yield from _options(inner, context)


def test_what_an_option_takes_is_named_in_words_of_ours() -> None:
    """Click's own are types: INTEGER RANGE, PATH, TEXT."""
    context = click.Context(root)
    options = list(_options(root, context))
    unnamed = [
        option.opts
        for option in options
        if not (option.is_flag or option.count or option.metavar)
        and not isinstance(option.type, click.Choice)
    ]
    assert (len(options) > len(VERBS), unnamed) == (True, [])


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("words", "stream", "told"),
    [
        (["doctor"], _Terminal, "Checking…\n"),
        (["knowledge", "search", "x"], _Terminal, "Loading the search…\n"),
        (["doctor"], io.StringIO, ""),
        (["doctor", "--help"], _Terminal, ""),
        (["site", "list"], _Terminal, ""),
    ],
)
def test_a_person_who_has_to_wait_is_told_what_for(
    monkeypatch: pytest.MonkeyPatch, words: list[str], stream: type[io.StringIO], told: str
) -> None:
    shown = stream()

    def stop(*_: object) -> None:
        raise UsageError("aborted")

    monkeypatch.setattr(sys, "argv", ["chatbot-server", *words])
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr("chatbot_server.cli.main.import_module", stop)
    with umask_put_back(), pytest.raises(SystemExit):
        main()
    assert shown.getvalue().removesuffix("Stopped.\n") == told
