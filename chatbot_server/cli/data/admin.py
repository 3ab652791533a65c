"""``chatbot-server admin``: accounts of the owner's pages, from the terminal."""

from __future__ import annotations

from contextlib import suppress

import click
from sqlalchemy.orm import Session

from chatbot_server.accounts.audit_words import about_in_words, action_in_words
from chatbot_server.accounts.second_factor import turn_off
from chatbot_server.accounts.service import create_owner, open_setup, renew_setup, reset_token
from chatbot_server.cli.context import Context
from chatbot_server.cli.data.prompts import new_password
from chatbot_server.cli.options import JSON, NUMBER, day_of, fields_of, minute_of, print_json
from chatbot_server.errors import NotFound, UsageError
from chatbot_server.storage.owners.accounts import all_accounts, find_account
from chatbot_server.storage.owners.audit import AuditEntry, entries_before, note_action
from chatbot_server.web.snippet import address_of


@click.group(help="help_admin")
def admin() -> None:
    """See the sentence ``help_admin``."""


@admin.command(help="help_admin_create")
@click.argument("name")
@click.pass_obj
def create(context: Context, /, name: str) -> None:
    """Create an owner's account; the password is asked for, never an argument."""
    with context.database.session() as session:
        _check_free(session, name)  # before somebody types a password twice
    password = new_password(context)
    with context.database.session() as session:
        account = create_owner(session, name, password)
        note_action(session, AuditEntry(action="admin create", about=account.name))
    address = f"{address_of(context.config)}/admin/"
    click.echo(context.say("admin_created", name=account.name, address=address))


def _check_free(session: Session, name: str) -> None:
    with suppress(NotFound):
        account = find_account(session, name)
        raise UsageError("account_name_taken", field="name", name=account.name)


@admin.command("list", help="help_admin_list")
@JSON
@click.pass_obj
def list_accounts(context: Context, /, as_json: bool) -> None:
    """Show every account."""
    with context.database.session() as session:
        accounts = all_accounts(session)
    if as_json:
        print_json([fields_of(account, "name", "role", "created") for account in accounts])
        return
    for account in accounts:
        click.echo(
            f"{day_of(account.created)}  {context.say('role_' + account.role)}  {account.name}"
        )
    if not accounts:
        click.echo(context.say("admin_none"))


@admin.command(help="help_admin_reset")
@click.argument("name")
@click.pass_obj
def reset(context: Context, /, name: str) -> None:
    """Print a link with which a person can choose another password."""
    with context.database.session() as session:
        token = reset_token(session, name)
        note_action(session, AuditEntry(action="admin reset", about=name))
    link = f"{address_of(context.config)}/admin/join#{token}"
    click.echo(context.say("admin_reset_link", link=link))


@admin.command("second-factor-off", help="help_admin_factor_off")
@click.argument("name")
@click.pass_obj
def second_factor_off(context: Context, /, name: str) -> None:
    """Let a person log in with the password alone."""
    with context.database.session() as session:
        account = find_account(session, name)
        turn_off(session, account)
        note_action(session, AuditEntry(action="admin second-factor-off", about=account.name))
    click.echo(context.say("admin_factor_off", name=account.name))


@admin.command("log", help="help_admin_log")
@click.option("--most", type=NUMBER, default=50, metavar="NUMBER", help="help_admin_log_most")
@JSON
@click.pass_obj
def show_log(context: Context, /, most: int, as_json: bool) -> None:
    """Show what people did on the owner's pages and here."""
    with context.database.session() as session:
        entries = entries_before(session, most=most)
    if as_json:
        fields = ("created", "who", "action", "site", "about", "changes")
        print_json([fields_of(entry, *fields) for entry in entries])
        return
    for entry in entries:
        who = entry.who or context.say("history_terminal")
        action = action_in_words(entry.action, context.language)
        if about := about_in_words(entry, context.language):
            action = context.say("named", name=action, text=about)
        words = (action, entry.site, ", ".join(entry.changes))
        click.echo(
            f"{minute_of(entry.created)}  {who}  {'  '.join(word for word in words if word)}"
        )
    if not entries:
        click.echo(context.say("log_none"))


@admin.command("setup-token", help="help_admin_setup_token")
@click.option("--new", is_flag=True, help="help_admin_new")
@click.pass_obj
def setup_token(context: Context, /, new: bool) -> None:
    """Print the link for creating the first account."""
    make = renew_setup if new else open_setup
    token = make(context.database, context.config.data_dir)
    if token is None:
        click.echo(context.say("admin_setup_over"))
    else:
        link = f"{address_of(context.config)}/setup#{token}"
        click.echo(context.say("setup_open", link=link))
