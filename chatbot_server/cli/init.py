"""``chatbot-server init · snippet``: a configuration, a database, and the tag to paste."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import click
import yaml

from chatbot_server.cli.config import check_model
from chatbot_server.cli.context import Context
from chatbot_server.cli.options import site_id_of
from chatbot_server.cli.tag import show_tag
from chatbot_server.config.edit import write_config
from chatbot_server.errors import ChatbotError, ConfigError
from chatbot_server.storage.site.sites import Site, playground_site

# The settings that the options of ``init`` write.
OPTIONS = {
    "data_dir": "--data-dir",
    "server.host": "--host",
    "server.port": "--port",
    "engine.model": "--model",
}


@click.command(help="help_init")
@click.option("--port", type=click.IntRange(1, 65535), metavar="NUMBER", help="help_init_port")
@click.option("--host", metavar="ADDRESS", help="help_init_host")
@click.option("--model", metavar="NAME|FILE|none", help="help_init_model")
@click.option("--data-dir", metavar="FOLDER", help="help_init_data_dir")
@click.pass_obj
def init(
    context: Context, /, port: int | None, host: str | None, model: str | None, data_dir: str | None
) -> None:
    """Write a configuration if there is none, and create the database."""
    options: dict[str, str | int | None] = {
        "data_dir": data_dir,
        "server.host": host,
        "server.port": port,
        "engine.model": model,
    }
    option_values = {key: value for key, value in options.items() if value is not None}
    if context.config_file.exists():
        _create_database(context)
        click.echo(context.say("init_kept", file=context.config_file))
        for line in _unused(context, option_values):
            click.echo(line, err=True)
        return
    settings: dict[str, Any] = {"data_dir": data_dir or "data"}
    for key, value in option_values.items():
        section, _, name = key.partition(".")
        if name:
            is_none = (key, value) == ("engine.model", "none")
            settings.setdefault(section, {})[name] = None if is_none else value
    text = yaml.safe_dump(settings, sort_keys=False)
    write_config(context.config_file, f"# {context.say('init_header')}\n{text}")
    try:
        check_model(context.config)
        _create_database(context)
    except (ChatbotError, OSError) as error:
        # What does not work must not be there at the next try, which keeps what there is.
        context.config_file.unlink()
        if isinstance(error, ConfigError) and error.field in option_values:
            values = error.values | {"file": OPTIONS[error.field]}
            raise ConfigError(error.code, field=error.field, **values) from None
        raise
    click.echo(context.say("init_written", file=context.config_file))


def _create_database(context: Context) -> None:
    with context.database.session() as session:
        playground_site(session)


def _unused(context: Context, option_values: Mapping[str, str | int]) -> Iterator[str]:
    """A sentence on each option that says something else than the configuration."""
    config = context.config
    present = {
        "data_dir": config.data_dir.resolve(),
        "server.host": config.server.host,
        "server.port": config.server.port,
        "engine.model": config.engine.model or "none",
    }
    for key, value in option_values.items():
        folder = context.config_file.resolve().parent
        typed_value = (folder / str(value)).resolve() if key == "data_dir" else value
        if str(present[key]) != str(typed_value):
            sentence = "init_unused_data_dir" if key == "data_dir" else "init_unused"
            yield context.say(
                sentence,
                option=OPTIONS[key],
                value=shlex.quote(str(value)),
                key=key,
                present=present[key],
                file=context.config_file,
            )


@click.command(help="help_snippet")
@click.argument("key", required=False)
@click.pass_obj
def snippet(context: Context, /, key: str | None) -> None:
    """Print the tag to paste into a page."""
    with context.database.session() as session:
        site = session.get_one(Site, site_id_of(context, key, "snippet_which_site"))
        show_tag(context, site)
