"""``chatbot-server init · snippet``: a configuration, a database, and the tag to paste."""

from __future__ import annotations

import click
import yaml

from chatbot_server.cli.context import Context
from chatbot_server.config import Config
from chatbot_server.config.edit import write_config
from chatbot_server.storage.site_settings import POSITIONS
from chatbot_server.storage.sites import DEFAULT_COLOR, Site, demo_site, find_site, playground_site


@click.command(help="help_init")
@click.option("--port", type=click.IntRange(1, 65535), help="help_init_port")
@click.option("--host", help="help_init_host")
@click.option("--model", metavar="NAME|FILE|none", help="help_init_model")
@click.option("--data-dir", metavar="FOLDER", help="help_init_data_dir")
@click.pass_obj
def init(
    context: Context, /, port: int | None, host: str | None, model: str | None, data_dir: str | None
) -> None:
    """Write a configuration where there is none, and make the database."""
    if context.config_file.exists():
        click.echo(context.say("init_kept", file=context.config_file))
    else:
        settings: dict[str, object] = {"data_dir": data_dir or "data"}
        address = {"host": host, "port": port}
        if server := {name: value for name, value in address.items() if value is not None}:
            settings["server"] = server
        if model is not None:
            settings["engine"] = {"model": None if model == "none" else model}
        text = yaml.safe_dump(settings, sort_keys=False)
        write_config(context.config_file, f"# {context.say('init_header')}\n{text}")
        click.echo(context.say("init_written", file=context.config_file))
    with context.database.session() as session:
        playground_site(session)


@click.command(help="help_snippet")
@click.argument("key", required=False)
@click.pass_obj
def snippet(context: Context, /, key: str | None) -> None:
    """Print the tag to paste into a page."""
    with context.database.session() as session:
        site = find_site(session, key) if key else demo_site(session)
        click.echo(snippet_for(context.config, site))


def snippet_for(config: Config, site: Site) -> str:
    """The tag that shows the bubble.

    Colour and corner are in it because nothing is requested before a visitor's first tap.
    """
    looks = f' data-color="{site.color}"' if site.color != DEFAULT_COLOR else ""
    looks += f' data-position="{site.position}"' if site.position != POSITIONS[0] else ""
    address = address_of(config)
    return f'<script async src="{address}/widget.js" data-site="{site.key}"{looks}></script>'


def address_of(config: Config) -> str:
    """Where pages find this server, without a slash at the end."""
    return str(config.server.public_url or config.server.local_address).rstrip("/")
