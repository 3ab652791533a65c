"""``chatbot-server config``: check the configuration, or show every setting."""

from __future__ import annotations

import os
from difflib import get_close_matches
from importlib.resources import files

import click

from chatbot_server.cli.context import Context
from chatbot_server.config import Config
from chatbot_server.config.edit import set_setting
from chatbot_server.config.load import ENVIRONMENT, known_keys, load_config
from chatbot_server.config.parse import parse
from chatbot_server.errors import ConfigError, UsageError
from chatbot_server.models.store.catalogue import catalogue
from chatbot_server.models.store.folder import find_model
from chatbot_server.prompt.formats import TEMPLATE, get_format

# Settings whose value is a name, which only looking it up can tell from a slip.
NAMES_OF_MODELS = ("engine.model", "engine.family")


@click.group(help="help_config")
def config() -> None:
    """See the sentence ``help_config``."""


@config.command(help="help_config_check")
@click.pass_obj
def check(context: Context) -> None:
    """Check the configuration; an error says what is wrong with it."""
    check_model(context.config)
    click.echo(context.say("config_fine", file=context.config_file))


@config.command(help="help_config_example")
def example() -> None:
    """Print the file that shows every setting."""
    text = files("chatbot_server.config").joinpath("example.yaml").read_text(encoding="utf-8")
    click.echo(text, nl=False)


@config.command("set", help="help_config_set")
@click.argument("key", metavar="SECTION.KEY")
@click.argument("value")
@click.pass_obj
def set_value(context: Context, key: str, value: str) -> None:
    """Write one setting into the file, if the configuration is valid with it."""
    settings = [name for name in known_keys() if "." in name]
    if key not in settings:
        near = ", ".join(get_close_matches(key, settings, cutoff=0.5))
        code = "config_set_unknown_near" if near else "config_set_unknown"
        raise UsageError(code, field="SECTION.KEY", key=key, near=near)
    text = value
    if value == "none" and _is_possible(context, key, "null"):
        text = "null"
    config = _check(context, key, text)
    if key in NAMES_OF_MODELS:
        check_model(config)
    section, _, name = key.partition(".")
    set_setting(context.config_file, section, name, parse(text))
    click.echo(context.say("config_was_set", key=key, value=value, file=context.config_file))


def check_model(config: Config) -> None:
    """Check that the model and its family are known.

    Raises:
        ConfigError: there is no such family.
        ModelError: there is no such model, neither here nor to be downloaded.
    """
    engine, name = config.engine, config.engine.model
    if engine.family not in (None, TEMPLATE):
        get_format(engine.family)
    # A model that can be downloaded need not be here yet.
    if name is not None and engine.kind != "openai" and name not in catalogue():
        find_model(name, config.models_dir)


def _check(context: Context, key: str, text: str) -> Config:
    """The whole configuration with *text* for *key*. Raises :class:`ConfigError`."""
    variable = ENVIRONMENT + key.replace(".", "_").upper()
    return load_config(context.config_file, {**os.environ, variable: text})


def _is_possible(context: Context, key: str, text: str) -> bool:
    try:
        _check(context, key, text)
    except ConfigError:
        return False
    return True
