"""click's own sentences in the person's language: help, and what is said of a misused command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches

import click

from chatbot_server.messages import catalogue, say, terminal_language

NEAR = {"misuse_option": "misuse_option_near", "misuse_command": "misuse_command_near"}
SECTIONS = {"Options": "help_options", "Commands": "help_commands"}


class _Formatter(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, say("help_usage", terminal_language()) + " ")

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        with super().section(_text(SECTIONS.get(name, name), terminal_language()) or name):
            yield


class _Context(click.Context):
    formatter_class = _Formatter


def translate(command: click.Command, language: str) -> None:
    """Put the catalogue's sentences where the declarations have their keys."""
    command.context_class = _Context
    command.help = _text(command.help, language)
    if command.add_help_option:  # click's speaks English
        command.add_help_option = False
        click.help_option("-h", "--help", help="help_help")(command)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            parameter.help = _text(parameter.help, language)
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            translate(inner, language)


def misuse(error: click.ClickException, language: str) -> str:
    """What is wrong with the words of the command line."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    context = error.ctx if isinstance(error, click.UsageError) else None
    key, name = _mistake(error)
    near = _near(error, context)
    kind = getattr(getattr(error, "param", None), "type", None)
    return say(
        NEAR[key] if near else key,
        language,
        name=name,
        near=near,
        choices=", ".join(map(str, kind.choices)) if isinstance(kind, click.Choice) else "",
        low=getattr(kind, "min", None),
        high=getattr(kind, "max", None),
        path=context.command_path if context else "chatbot-server",
    )


def _near(error: click.ClickException, context: click.Context | None) -> str:
    """What was meant, most likely."""
    if isinstance(error, click.NoSuchOption):
        return str((error.possibilities or [""])[0])
    if context is None or not isinstance(context.command, click.Group):
        return ""
    verbs = context.command.list_commands(context)
    return (get_close_matches(str(getattr(error, "command_name", "")), verbs) or [""])[0]


def _mistake(error: click.ClickException) -> tuple[str, str]:
    """The key of the sentence, and what it is about."""
    name = type(error).__name__
    if isinstance(error, click.NoSuchOption):
        return "misuse_option", error.option_name
    if name == "NoSuchCommand":  # younger than the oldest click that will do
        return "misuse_command", str(getattr(error, "command_name", ""))
    if isinstance(error, click.BadOptionUsage):
        return "misuse_option_value", error.option_name
    if isinstance(error, click.BadParameter) and error.param:
        return _bad_value(error, error.param)
    return "misuse_words", ""


def _bad_value(error: click.BadParameter, parameter: click.Parameter) -> tuple[str, str]:
    if isinstance(parameter, click.Option):
        name = parameter.opts[-1]
    else:
        name = parameter.metavar or (parameter.name or "").upper()
    if isinstance(error, click.MissingParameter):
        return "misuse_missing", name
    if isinstance(parameter.type, click.Choice):
        return "misuse_choice", name
    is_range = isinstance(parameter.type, click.IntRange)
    return "misuse_range" if is_range else "misuse_value", name


def _text(key: str | None, language: str) -> str | None:
    return say(key, language) if key and key in catalogue() else key
