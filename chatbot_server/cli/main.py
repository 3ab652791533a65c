"""The root of the command line: common options, and errors as one sentence."""

from __future__ import annotations

import logging
import os
import re
import sys
from importlib import import_module

import click

from chatbot_server import __version__
from chatbot_server.cli.click_messages import misuse, translate
from chatbot_server.cli.context import CONTROLS, Context, printable, refusal
from chatbot_server.errors import ChatbotError
from chatbot_server.messages import (
    COMMAND_VARIABLE,
    CONTROL_VARIABLE,
    command_as_typed,
    say,
    terminal_language,
)

PROGRAM = "chatbot-server"
# Each verb and its module. A verb's module is imported when the verb is used: all of them
# together take a second and 100 MB, which `config check` and `serve` need not pay.
VERBS = {
    "admin": "data.admin",
    "api-key": "data.api_key",
    "ask": "ask",
    "backup": "data.backup",
    "bench": "bench",
    "config": "config",
    "contact": "data.contact",
    "doctor": "diagnosis.doctor",
    "init": "init",
    "jobs": "serve",
    "knowledge": "knowledge.group",
    "migrate": "serve",
    "models": "models",
    "privacy": "data.privacy",
    "restore": "data.backup",
    "serve": "serve",
    "site": "data.site",
    "snippet": "init",
}
HIDDEN = {"jobs"}
# What is said at once by verbs whose first word comes after seconds, to a person who waits.
WAITS = {
    ("ask",): "wait_ask",
    ("bench",): "wait_bench",
    ("doctor",): "wait_doctor",
    ("knowledge", "golden", "run"): "wait_search",
    ("knowledge", "search"): "wait_search",
    ("models", "check"): "wait_model",
}
SURROGATES = re.compile("[\ud800-\udfff]")  # bytes that are not text in the terminal's encoding


class Root(click.Group):
    """The group of all verbs; each is imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        controls = CONTROLS if os.environ.get(CONTROL_VARIABLE) else ()
        return [*controls, *(verb for verb in VERBS if verb not in HIDDEN)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "help":
            return help_
        if cmd_name not in VERBS:
            return None
        module = import_module(f"chatbot_server.cli.{VERBS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        translate(command, terminal_language())
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        _announce(args)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        language = terminal_language()
        rows = [
            (verb, say(f"help_{verb.replace('-', '_')}", language))
            for verb in self.list_commands(ctx)
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.command("help", add_help_option=False)
@click.argument("words", nargs=-1)
def help_(words: tuple[str, ...]) -> None:
    """``help site add`` is ``site add --help``, as in many programs."""
    verbs = [word for word in words if word != "help"]  # “help help” asks for nothing else
    root.main([*verbs, "--help"], prog_name=PROGRAM, standalone_mode=False)


@click.command(cls=Root, help="help_root")
@click.option("--config", "config_file", metavar="FILE", help="help_config_option")
@click.version_option(__version__, prog_name=PROGRAM, help="help_version")
@click.pass_context
def root(context: click.Context, config_file: str | None) -> None:
    """See the sentence ``help_root``."""
    from chatbot_server.config import find_config

    context.obj = Context(find_config(config_file), terminal_language())


def main() -> None:
    """Run the command line; exit 0 done, 1 failed, 2 misused."""
    os.umask(0o077)  # conversations and keys are for this user only
    program, *words = sys.argv
    os.environ.setdefault(COMMAND_VARIABLE, command_as_typed(program, _config_among(words)))
    language = terminal_language()
    if logging.lastResort is not None:
        # Warnings are for a server's log, in English; a verb tells its person by itself.
        logging.lastResort.setLevel(logging.ERROR)
    translate(root, language)
    if any(SURROGATES.search(word) for word in sys.argv):
        _complain(say("words_not_text", language), 2)
    try:
        root.main(prog_name=PROGRAM, standalone_mode=False)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _complain(say("aborted", language), 1)
    except click.ClickException as error:
        _complain(misuse(error, language), 2)
    except ChatbotError as error:
        _complain(error.sentence(language), error.exit_code)
    except BrokenPipeError:
        # The reader (head, less) left; writing the rest would only fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _complain(refusal(error, language), 1)


def _announce(words: list[str]) -> None:
    """Tell a person at a terminal what is done, before the verb's own parts are imported."""
    wants_help = {"-h", "--help"} & set(words)
    verb = next((verb for verb in WAITS if tuple(words[: len(verb)]) == verb), None)
    if verb and not wants_help and sys.stderr.isatty():
        click.echo(say(WAITS[verb], terminal_language()), err=True)


def _config_among(words: list[str]) -> str | None:
    """The file that the option ``--config`` before the verb names."""
    match words:
        case ["--config", file, *_]:
            return file
        case [word, *_] if word.startswith("--config="):
            return word.removeprefix("--config=")
    return None


def _complain(sentence: str, exit_code: int) -> None:
    click.echo(printable(sentence), err=True)
    sys.exit(exit_code)
