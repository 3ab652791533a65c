"""``chatbot-server api-key``: who may use ``/v1``."""

from __future__ import annotations

from typing import Any

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.options import JSON, NUMBER, fields_of, minute_of, print_json
from chatbot_server.storage.owners.api_keys import (
    LONGEST_DAYS,
    SCOPES,
    ApiKey,
    Scope,
    all_keys,
    create_key,
    revoke_key,
)
from chatbot_server.storage.site.sites import find_site


@click.group(help="help_api_key")
def api_key() -> None:
    """See the sentence ``help_api_key``."""


@api_key.command(help="help_api_key_create")
@click.option("--name", required=True, metavar="TEXT", help="help_api_key_name")
@click.option("--scope", type=click.Choice(SCOPES), default="all", help="help_api_key_scope")
@click.option("--site", "site_key", metavar="KEY", help="help_api_key_site")
@click.option(
    "--days", type=click.IntRange(1, LONGEST_DAYS), metavar="DAYS", help="help_api_key_days"
)
@JSON
@click.pass_obj
def create(
    context: Context,
    /,
    name: str,
    scope: Scope,
    site_key: str | None,
    days: int | None,
    as_json: bool,
) -> None:
    """Create a key and show it, only this once."""
    with context.database.session() as session:
        site_id = find_site(session, site_key).id if site_key else None
        key, secret = create_key(session, name, scope, site_id=site_id, days=days)
        record = _record(key)
    context.note_action("api-key create", f"{record['name']} {record['prefix']}…", site_id)
    if as_json:
        print_json({"key": secret} | record)
        return
    click.echo(secret)
    click.echo(context.say("api_key_created", number=record["id"]), err=True)


@api_key.command("list", help="help_api_key_list")
@JSON
@click.pass_obj
def list_keys(context: Context, /, as_json: bool) -> None:
    """Show every key, without its secret part."""
    with context.database.session() as session:
        keys = [_record(key) for key in all_keys(session)]
    if as_json:
        print_json(keys)
        return
    if not keys:
        click.echo(context.say("api_key_none"))
    for key in keys:
        last_used, expires = key["used"], key["expires"]
        times = {
            "created": minute_of(key["created"]),
            "used": minute_of(last_used) if last_used else context.say("api_key_unused"),
            "expires": minute_of(expires) if expires else "–",
        }
        click.echo(context.say("api_key_line", **key | times))


@api_key.command(help="help_api_key_revoke")
@click.argument("number", type=NUMBER)
@click.pass_obj
def revoke(context: Context, /, number: int) -> None:
    """Revoke a key."""
    with context.database.session() as session:
        name = revoke_key(session, number).name
    context.database.forget_erased()
    context.note_action("api-key revoke", name)
    click.echo(context.say("api_key_revoked", name=name))


def _record(key: ApiKey) -> dict[str, Any]:
    return fields_of(key, "id", "name", "prefix", "created", "used", "scope", "expires")
