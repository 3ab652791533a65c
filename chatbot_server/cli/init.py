"""``chatbot-server init · snippet``: a configuration, a database, and the tag to paste."""

from __future__ import annotations

from pathlib import Path

import click
import yaml

from chatbot_server.cli.context import Context
from chatbot_server.cli.options import site_id_of
from chatbot_server.cli.tag import show_tag
from chatbot_server.config.edit import write_config
from chatbot_server.config.home import in_home
from chatbot_server.errors import ModelError
from chatbot_server.models.store.folder import find_model
from chatbot_server.storage.site.sites import Site, playground_site


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
    if context.config_file.exists():
        sentence = "init_kept"
    else:
        sentence = "init_written"
        _check_model(model, data_dir or "data")
        settings: dict[str, object] = {"data_dir": data_dir or "data"}
        address = {"host": host, "port": port}
        if server := {name: value for name, value in address.items() if value is not None}:
            settings["server"] = server
        if model is not None:
            settings["engine"] = {"model": None if model == "none" else model}
        text = yaml.safe_dump(settings, sort_keys=False)
        write_config(context.config_file, f"# {context.say('init_header')}\n{text}")
    with context.database.session() as session:
        playground_site(session)
    click.echo(context.say(sentence, file=context.config_file))


def _check_model(model: str | None, data_dir: str) -> None:
    """Refuse a name that means nothing; a model on offer can be fetched later."""
    if model in (None, "none"):
        return
    try:
        find_model(model, in_home(Path(data_dir)) / "models")
    except ModelError as error:
        if error.code != "model_not_installed":
            raise


@click.command(help="help_snippet")
@click.argument("key", required=False)
@click.pass_obj
def snippet(context: Context, /, key: str | None) -> None:
    """Print the tag to paste into a page."""
    with context.database.session() as session:
        site = session.get_one(Site, site_id_of(context, key, "snippet_which_site"))
        show_tag(context, site)
