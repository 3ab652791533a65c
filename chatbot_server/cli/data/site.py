"""``chatbot-server site``: what a page's owner decides, from the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy.orm import Session

from chatbot_server.cli.context import Context
from chatbot_server.cli.data.prompts import confirm
from chatbot_server.cli.diagnosis.page_check import test
from chatbot_server.cli.options import JSON, NUMBER, day_of, fields_of, print_json
from chatbot_server.cli.tag import show_tag
from chatbot_server.errors import UsageError
from chatbot_server.service.children import call_job
from chatbot_server.storage.knowledge.documents import has_documents
from chatbot_server.storage.owners.audit import AuditEntry, changes_in, note_action
from chatbot_server.storage.site.history import changes_of, note_change, undo_change
from chatbot_server.storage.site.settings import (
    SITE_SETTINGS,
    change_site,
    name_of,
    remove_origins,
    settings_of,
)
from chatbot_server.storage.site.sites import Site, add_site, address_among, all_sites, find_site
from chatbot_server.storage.visitors.erasure import erase_conversations_of


def site_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Everything that an owner can set."""
    for setting in reversed(SITE_SETTINGS):
        option = click.option(
            f"--{setting.name.replace('_', '-')}",
            type=click.Choice(setting.choices) if setting.choices else None,
            multiple=setting.repeatable,
            metavar=setting.example or None,
            help=f"help_site_{setting.name}",
        )
        command = option(command)
    return command


@click.group(help="help_site")
def site() -> None:
    """See the sentence ``help_site``."""


site.add_command(test)


@site.command(help="help_site_add")
@click.argument("name")
@site_options
@JSON
@click.pass_obj
def add(context: Context, /, name: str, as_json: bool, **settings: Any) -> None:
    """Add a site and print its tag."""
    with context.database.session() as session:
        new_site = add_site(session, name_of(name))
        with _naming_the_option(context):
            change_site(new_site, settings)
        note_action(session, AuditEntry(action="site add", site=new_site.name))
        record = _record(session, new_site)
    # Only now: where nobody reads to the end (head), printing fails, and would undo the rest.
    _show(context, [record], as_json)
    if not as_json:
        click.echo()
        show_tag(context, new_site)


@site.command(help="help_site_edit")
@click.argument("key")
@click.option("--name", metavar="TEXT", help="help_site_name")
@click.option(
    "--remove-origin",
    "removed_origins",
    multiple=True,
    metavar="URL",
    help="help_site_remove_origin",
)
@site_options
@JSON
@click.pass_obj
def edit(
    context: Context,
    /,
    key: str,
    name: str | None,
    removed_origins: tuple[str, ...],
    as_json: bool,
    **settings: Any,
) -> None:
    """Change the settings that are given, and keep the others."""
    with context.database.session() as session:
        target = find_site(session, key)
        before = settings_of(target)
        if name is not None:
            target.name = name_of(name)
        with _naming_the_option(context):
            remove_origins(target, removed_origins)
            change_site(target, settings)
        change = changes_in(note_change(session, target, before))
        note_action(session, AuditEntry(action="site edit", site=target.name, changes=change))
        record = _record(session, target)
    call_job(context.config.run_dir, "embed")  # which asks the golden questions again
    _show(context, [record], as_json)


@site.command(help="help_site_history")
@click.argument("key")
@JSON
@click.pass_obj
def history(context: Context, key: str, as_json: bool) -> None:
    """Show what was changed, the last change first."""
    with context.database.session() as session:
        changes = changes_of(session, find_site(session, key).id)
    if as_json:
        fields = ("id", "created", "who", "before", "after")
        print_json([fields_of(change, *fields) for change in changes])
        return
    for change in changes:
        names = ", ".join(change.after)
        click.echo(f"{change.id:6}  {day_of(change.created)}  {change.who or '-'}  {names}")


@site.command(help="help_site_undo")
@click.argument("key")
@click.argument("number", type=NUMBER)
@click.pass_obj
def undo(context: Context, key: str, number: int) -> None:
    """Undo a change."""
    with context.database.session() as session:
        target = find_site(session, key)
        change = changes_in(undo_change(session, target, number))
        note_action(session, AuditEntry(action="site undo", site=target.name, changes=change))
    call_job(context.config.run_dir, "embed")
    click.echo(context.say("admin_done_undone"))


@site.command("list", help="help_site_list")
@JSON
@click.pass_obj
def list_sites(context: Context, as_json: bool) -> None:
    """Show every site."""
    with context.database.session() as session:
        records = [_record(session, row) for row in all_sites(session)]
    _show(context, records, as_json)


@site.command(help="help_site_remove")
@click.argument("key")
@click.option("--yes", is_flag=True, help="help_yes")
@click.pass_obj
def remove(context: Context, key: str, yes: bool) -> None:
    """Erase a site with all its conversations."""
    with context.database.session() as session:
        target = find_site(session, key)
        if not yes:
            confirm(context, context.say("site_remove_sure", name=target.name))
    erase_conversations_of(context.database, target)
    with context.database.session() as session:
        session.delete(find_site(session, key))
        note_action(session, AuditEntry(action="site remove", site=target.name))
    context.database.forget_erased()
    click.echo(context.say("site_removed", key=key))


@contextmanager
def _naming_the_option(context: Context) -> Iterator[None]:
    """Name the option in an error about a setting, which is also written for browsers."""
    try:
        yield
    except UsageError as error:
        why = error.sentence(context.language)
        raise UsageError("site_option_wrong", option=error.field, why=why) from error


def _record(session: Session, target: Site) -> dict[str, Any]:
    settings = settings_of(target)
    has_pages = has_documents(session, target.id)
    return {"key": target.key, **settings, "demo": bool(target.demo), "has_pages": has_pages}


def _show(context: Context, sites: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(sites)
        return
    for record in sites:
        none_key = "site_origins_demo" if record["demo"] else "site_origins_none"
        origins = ", ".join(record["origins"]) or context.say(none_key, key=record["key"])
        click.echo(f"{record['key']}  {record['name']}\n    {origins}")
        if not record["has_pages"]:
            pages_key = "site_free_chat" if record["free_chat"] else "site_no_pages"
            address = address_among(record["origins"])
            click.echo(f"    {context.say(pages_key, key=record['key'], address=address)}")
