"""``chatbot-server ask``: one answer in the terminal, as it is written."""

from __future__ import annotations

from contextlib import suppress

import click

from chatbot_server.app import build_service
from chatbot_server.cli.context import Context
from chatbot_server.conversation.events import Cited, Failed, Started, TextPiece, Waiting
from chatbot_server.conversation.questions import VisitorQuestion
from chatbot_server.errors import NotFound, UsageError
from chatbot_server.prompt.clean import clean_text
from chatbot_server.service.prepare import engine_for
from chatbot_server.storage.sites import demo_site, find_site


@click.command(help="help_ask")
@click.argument("question")
@click.option("--site", "key", metavar="KEY", help="help_ask_site")
@click.pass_obj
def ask(context: Context, /, question: str, key: str | None) -> None:
    """Ask as a visitor would; nothing of it is kept."""
    text = clean_text(question).strip()
    if not text or len(text) > context.config.limits.message_chars:
        raise UsageError("ask_length", field="QUESTION", limit=context.config.limits.message_chars)
    with engine_for(context.config) as engine:
        service = build_service(context.config, engine, context.database)
        with context.database.session() as session:
            site = demo_site(session) if key is None else find_site(session, key)
            prepared = service.prepare(
                session, VisitorQuestion(site, text, context.language, keep=False)
            )
        answer = service.answer(prepared)
        secret = ""
        try:
            for _, event in filter(None, answer.follow()):
                if isinstance(event, Started):
                    secret = event.secret or ""
                elif isinstance(event, TextPiece):
                    click.echo(event.text, nl=False)
                elif isinstance(event, Waiting):
                    click.echo(context.say("ask_waiting", position=event.position), err=True)
                elif isinstance(event, Cited):
                    for source in event.items:
                        click.echo(f"\n— {source.title} {source.url}", nl=False)
                elif isinstance(event, Failed):
                    click.echo()
                    raise event.error
        finally:
            answer.stop()
            answer.wait_ended(5)
            with suppress(NotFound):  # it was ended before anything was stored
                service.erase(answer.conversation, secret)
    click.echo()
