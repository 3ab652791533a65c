"""``chatbot-server api-key``: who may use ``/v1``."""

from __future__ import annotations

import json
import time

import click

from chatbot_server.cli.context import NUMBER, Context
from chatbot_server.errors import UsageError
from chatbot_server.storage.api_keys import ApiKey, all_keys, create_key, revoke_key


@click.group(help="help_api_key")
def api_key() -> None:
    """See the sentence ``help_api_key``."""


@api_key.command(help="help_api_key_create")
@click.option("--name", required=True, metavar="TEXT", help="help_api_key_name")
@click.option("--json", "as_json", is_flag=True, help="help_json")
@click.pass_obj
def create(context: Context, /, name: str, as_json: bool) -> None:
    """Make a key and show it, this once."""
    if not name.strip() or not name.isprintable():
        raise UsageError("api_key_name", field="--name")
    with context.database.session() as session:
        key, secret = create_key(session, name.strip())
        described = _described(key)
    if as_json:
        click.echo(json.dumps({"key": secret} | described, ensure_ascii=False))
        return
    click.echo(secret)
    click.echo(context.say("api_key_created", number=described["id"]), err=True)


@api_key.command("list", help="help_api_key_list")
@click.option("--json", "as_json", is_flag=True, help="help_json")
@click.pass_obj
def list_keys(context: Context, /, as_json: bool) -> None:
    """Show every key, without its secret part."""
    with context.database.session() as session:
        keys = [_described(key) for key in all_keys(session)]
    if as_json:
        click.echo(json.dumps(keys, ensure_ascii=False))
        return
    if not keys:
        click.echo(context.say("api_key_none"))
    for key in keys:
        used = _day(key["used"]) or context.say("api_key_unused")
        click.echo(
            context.say("api_key_line", **key | {"created": _day(key["created"]), "used": used})
        )


@api_key.command(help="help_api_key_revoke")
@click.argument("number", type=NUMBER)
@click.pass_obj
def revoke(context: Context, /, number: int) -> None:
    """Refuse a key from now on."""
    with context.database.session() as session:
        name = revoke_key(session, number).name
    context.database.forget_erased()
    click.echo(context.say("api_key_revoked", name=name))


def _described(key: ApiKey) -> dict[str, object]:
    return {name: getattr(key, name) for name in ("id", "name", "prefix", "created", "used")}


def _day(moment: object) -> str:
    if not isinstance(moment, int):
        return ""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
