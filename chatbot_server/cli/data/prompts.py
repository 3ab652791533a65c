"""Asks the person at the terminal; without a terminal, says what to type instead."""

from __future__ import annotations

import sys
import unicodedata

import click

from chatbot_server.cli.context import Context
from chatbot_server.errors import UsageError

# The first letters of yes and no in every language that is spoken here.
YES, NO = ("y", "o"), ("n",)


def new_password(context: Context) -> str:
    """A password, asked for twice; without a terminal, the first line of standard input.

    Raises:
        UsageError: there is neither.
    """
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise UsageError("password_missing", field="password")
        return password
    while True:
        password = _typed(context.say("password_prompt"), hide_input=True)
        if _typed(context.say("password_again"), hide_input=True) == password:
            return password
        click.echo(context.say("password_differs"), err=True)


def confirm(context: Context, question: str) -> None:
    """Go on only if the person says yes to *question*, whose verb has an option ``--yes``.

    Raises:
        click.Abort: no.
        UsageError: there is no terminal to ask on.
    """
    if not sys.stdin.isatty():
        raise UsageError("confirm_no_terminal", question=question)
    while True:
        word = unicodedata.normalize("NFKC", _typed(f"{question} {context.say('confirm_choice')} "))
        if not word.strip() or word.strip().lower().startswith(NO):
            raise click.Abort
        if word.strip().lower().startswith(YES):
            return


def _typed(prompt: str, *, hide_input: bool = False) -> str:
    answer: str = click.prompt(
        prompt, default="", hide_input=hide_input, show_default=False, prompt_suffix="", err=True
    )
    return answer
