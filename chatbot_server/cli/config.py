"""``chatbot-server config``: check the configuration, or show every setting."""

from __future__ import annotations

from importlib.resources import files

import click

from chatbot_server.cli.context import Context
from chatbot_server.models.store.catalogue import catalogue
from chatbot_server.models.store.folder import find_model
from chatbot_server.prompt.formats import TEMPLATE, get_format


@click.group(help="help_config")
def config() -> None:
    """See the sentence ``help_config``."""


@config.command(help="help_config_check")
@click.pass_obj
def check(context: Context) -> None:
    """Load the configuration and say that it is fine; an error says why it is not."""
    engine = context.config.engine
    if engine.family not in (None, TEMPLATE):
        get_format(engine.family)
    # A model that can be fetched need not be here yet.
    if engine.model and engine.kind != "openai" and engine.model not in catalogue():
        find_model(engine.model, context.config.models_dir)
    click.echo(context.say("config_fine", file=context.config_file))


@config.command(help="help_config_example")
def example() -> None:
    """Print the file that shows every setting."""
    text = files("chatbot_server.config").joinpath("example.yaml").read_text(encoding="utf-8")
    click.echo(text, nl=False)
