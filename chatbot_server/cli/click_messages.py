"""click's own sentences in the person's language: help, and errors of misuse."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from types import TracebackType
from typing import Any

import click

from chatbot_server.cli.context import CONTROLS, refusal
from chatbot_server.messages import COMMAND, COMMAND_VARIABLE, catalogue, say, terminal_language

NEAR = {"misuse_option": "misuse_option_near", "misuse_command": "misuse_command_near"}
# Options that many programs have, and whose place here is the configuration.
IN_SETTINGS = {("serve", "--port"), ("serve", "--host")}
SECTIONS = {"Options": "help_options", "Commands": "help_commands"}
_NEGATIVE = re.compile(r"-\d[\d.,]*")
_PLACEHOLDER = re.compile("[A-Z]{3,}")  # NAME, FILE: what stands for a word to type


class _Formatter(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        language = terminal_language()
        args = placeholders_in(args, language)
        super().write_usage(prog, args, say("help_usage", language) + " ")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        language = terminal_language()
        rows = [(placeholders_in(words, language), text) for words, text in rows]
        super().write_dl(rows, col_max, col_spacing)

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        with super().section(_text(SECTIONS.get(name, name), terminal_language()) or name):
            yield


class _Context(click.Context):
    formatter_class = _Formatter

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A negative number is a wrong number, or a word of a question, and no option.
        self.ignore_unknown_options = any(map(_NEGATIVE.fullmatch, sys.argv))

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        # click does not say of every mistake to which command it belongs.
        if isinstance(exc_value, click.UsageError) and exc_value.ctx is None:
            exc_value.ctx = self
        super().__exit__(exc_type, exc_value, tb)


def translate(command: click.Command, language: str) -> None:
    """Replace the keys in the declaration of *command* by sentences in *language*."""
    command.context_class = _Context
    command.help = command.short_help = _text(command.help, language)  # click would cut it
    if command.add_help_option:  # click's speaks English
        command.add_help_option = False
        click.help_option("-h", "--help", help="help_help")(command)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            parameter.help = _text(parameter.help, language)
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            translate(inner, language)


def placeholders_in(text: str, language: str) -> str:
    """*text*, such as ``NAME|URL``, with its words in *language*."""

    def translated(word: re.Match[str]) -> str:
        key = f"placeholder_{word[0].lower()}"
        return say(key, language) if key in catalogue() else word[0]

    return _PLACEHOLDER.sub(translated, text)


def misuse(error: click.ClickException, language: str) -> str:
    """The sentence about a misused command line."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    context = error.ctx if isinstance(error, click.UsageError) else None
    key, name, near = _mistake(error, context)
    if context and (context.info_name, name) in IN_SETTINGS:
        key, name, near = "misuse_in_settings", name.lstrip("-"), ""
    if error.message in catalogue():  # of a type of ours
        key = error.message
    typed_command = os.environ.get(COMMAND_VARIABLE, COMMAND)
    kind = getattr(getattr(error, "param", None), "type", None)
    if isinstance(error.__context__, OSError):  # a file that click was to open
        if not error.__context__.filename:
            return say("misuse_no_file", language, name=name)
        return say("misuse_because", language, name=name, why=refusal(error.__context__, language))
    return say(
        NEAR[key] if near else key,
        language,
        name=placeholders_in(name, language),
        near=near,
        choices=", ".join(map(str, kind.choices)) if isinstance(kind, click.Choice) else "",
        low=getattr(kind, "min", None),
        high=getattr(kind, "max", None),
        path=context.command_path.replace(COMMAND, typed_command, 1) if context else typed_command,
    )


def _mistake(error: click.ClickException, context: click.Context | None) -> tuple[str, str, str]:
    """The key of the sentence, its subject, and what was probably meant instead."""
    if isinstance(error, click.NoSuchOption):
        return "misuse_option", error.option_name, (error.possibilities or [""])[0]
    if type(error).__name__ == "NoSuchCommand":  # not in the oldest supported click
        verb = str(getattr(error, "command_name", ""))
        group = context.command if context else None
        if verb in CONTROLS and context and context.parent is None:
            return "misuse_control", verb, ""
        verbs = group.list_commands(context) if context and isinstance(group, click.Group) else []
        return "misuse_command", verb, (get_close_matches(verb, verbs) or [""])[0]
    if isinstance(error, click.BadOptionUsage):
        options = context.command.params if context else []
        is_flag = any(
            error.option_name in option.opts and getattr(option, "is_flag", False)
            for option in options
        )
        return ("misuse_flag" if is_flag else "misuse_option_value"), error.option_name, ""
    if not isinstance(error, click.BadParameter) or error.param is None:
        return "misuse_words", "", ""
    parameter, key = error.param, "misuse_value"
    if isinstance(error, click.MissingParameter):
        key = "misuse_missing"
    elif isinstance(parameter.type, click.Choice):
        key = "misuse_choice"
    elif isinstance(parameter.type, click.IntRange):
        key = "misuse_range"
    if isinstance(parameter, click.Option):
        return key, parameter.opts[-1], ""
    return key, (parameter.metavar or (parameter.name or "").upper()).strip("[]"), ""


def _text(key: str | None, language: str) -> str | None:
    return say(key, language) if key and key in catalogue() else key
