"""``chatbot-server site``: what a page's owner decides, from the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.init import snippet_for
from chatbot_server.cli.site_page import test
from chatbot_server.storage.site_settings import (
    SITE_SETTINGS,
    SiteSetting,
    change_site,
    name_of,
    remove_origins,
    settings_of,
)
from chatbot_server.storage.sites import Site, add_site, all_sites, find_site


def site_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Everything that an owner can set."""
    for setting in reversed(SITE_SETTINGS):
        command = _option(setting)(command)
    return command


def _option(setting: SiteSetting) -> Callable[..., Any]:
    return click.option(
        f"--{setting.name.replace('_', '-')}",
        type=click.Choice(setting.choices) if setting.choices else None,
        multiple=setting.repeatable,
        metavar=setting.example or None,
        help=f"help_site_{setting.name}",
    )


@click.group(help="help_site")
def site() -> None:
    """See the sentence ``help_site``."""


site.add_command(test)


@site.command(help="help_site_add")
@click.argument("name")
@site_options
@click.option("--json", "as_json", is_flag=True, help="help_json")
@click.pass_obj
def add(context: Context, /, name: str, as_json: bool, **settings: Any) -> None:
    """Make a site and print its tag."""
    with context.database.session() as session:
        made = add_site(session, name_of(name))
        change_site(made, settings)
        shown, tag = _described(made), snippet_for(context.config, made)
    _show(context, [shown], as_json)
    if not as_json:
        click.echo("\n" + tag)


@site.command(help="help_site_edit")
@click.argument("key")
@click.option("--name", metavar="TEXT", help="help_site_name")
@click.option(
    "--remove-origin", "removed", multiple=True, metavar="URL", help="help_site_remove_origin"
)
@site_options
@click.option("--json", "as_json", is_flag=True, help="help_json")
@click.pass_obj
def edit(
    context: Context,
    /,
    key: str,
    name: str | None,
    removed: tuple[str, ...],
    as_json: bool,
    **settings: Any,
) -> None:
    """Change what is given, keep the rest."""
    with context.database.session() as session:
        found = find_site(session, key)
        if name is not None:
            found.name = name_of(name)
        remove_origins(found, removed)
        change_site(found, settings)
        shown = _described(found)
    _show(context, [shown], as_json)


@site.command("list", help="help_site_list")
@click.option("--json", "as_json", is_flag=True, help="help_json")
@click.pass_obj
def list_sites(context: Context, as_json: bool) -> None:
    """Show every site."""
    with context.database.session() as session:
        _show(context, [_described(found) for found in all_sites(session)], as_json)


@site.command(help="help_site_remove")
@click.argument("key")
@click.option("--yes", is_flag=True, help="help_yes")
@click.pass_obj
def remove(context: Context, key: str, yes: bool) -> None:
    """Erase a site with all its conversations."""
    with context.database.session() as session:
        found = find_site(session, key)
        if not yes:
            click.confirm(context.say("site_remove_sure", name=found.name), abort=True)
        session.delete(found)
    context.database.forget_erased()
    click.echo(context.say("site_removed", key=key))


def _described(found: Site) -> dict[str, Any]:
    return {"key": found.key, **settings_of(found), "demo": bool(found.demo)}


def _show(context: Context, sites: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(sites, ensure_ascii=False))
        return
    for shown in sites:
        allowed = ", ".join(shown["origins"]) or context.say(
            "site_origins_demo" if shown["demo"] else "site_origins_none", key=shown["key"]
        )
        click.echo(f"{shown['key']}  {shown['name']}\n    {allowed}")
