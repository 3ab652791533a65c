"""``chatbot-server contact``: what visitors wrote to a person."""

from __future__ import annotations

from typing import Any

import click

from chatbot_server.cli.context import Context, printable
from chatbot_server.cli.options import JSON, NUMBER, day_of, print_json
from chatbot_server.errors import NotFound
from chatbot_server.mail.delivery import send_test
from chatbot_server.service.children import call_job
from chatbot_server.storage.site.sites import all_sites, find_site
from chatbot_server.storage.visitors.feedback import (
    ContactRequest,
    contact_requests,
    erase_contact_request,
)


@click.group(help="help_contact")
def contact() -> None:
    """See the sentence ``help_contact``."""


@contact.command("list", help="help_contact_list")
@click.option("--site", "key", metavar="KEY", help="help_contact_list_site")
@JSON
@click.pass_obj
def list_requests(context: Context, /, key: str | None, as_json: bool) -> None:
    """Show the messages of every site, or of one, newest first."""
    with context.database.session() as session:
        sites = all_sites(session) if key is None else [find_site(session, key)]
        messages: list[dict[str, Any]] = [
            {
                "site": site.name,
                "day": day_of(request.created),
                "conversation": request.conversation_id,
                "id": request.id,
                "name": request.name,
                "email": request.email,
                "text": request.text,
            }
            for site in sites
            for request in contact_requests(session, site.id)
        ]
    if as_json:
        print_json(messages)
        return
    for message in messages:
        name = " ".join(printable(message["name"]).split())
        who = f"{name} <{message['email']}>" if name else context.say("message_in_conversation")
        click.echo(f"{message['id']}  {message['day']}  {message['site']}")
        click.echo(f"    {who}")
        click.echo("    " + printable(message["text"]).replace("\n", "\n    ") + "\n")
    if not messages:
        click.echo(context.say("contact_none"))


@contact.command(help="help_contact_remove")
@click.argument("number", type=NUMBER)
@click.pass_obj
def remove(context: Context, /, number: int) -> None:
    """Erase one message."""
    with context.database.session() as session:
        request = session.get(ContactRequest, number)
        if request is None:
            raise NotFound("contact_unknown", field="NUMBER", number=number)
        site_id = request.site_id
        erase_contact_request(session, request)
    context.database.forget_erased()
    context.note_action("contact remove", number, site_id)
    click.echo(context.say("contact_removed", number=number))


@contact.command("test", help="help_contact_test")
@click.argument("key")
@click.pass_obj
def send_test_message(context: Context, /, key: str) -> None:
    """Send a test e-mail."""
    with context.database.session() as session:
        site = find_site(session, key)
    recipient = send_test(context.database, context.config, site)
    call_job(context.config.run_dir, "mail")
    click.echo(context.say("mail_sent", address=recipient))
