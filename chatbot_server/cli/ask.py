"""``chatbot-server ask``: one answer in the terminal, as it is written."""

from __future__ import annotations

import re
from contextlib import suppress

import click

from chatbot_server.app import build_service
from chatbot_server.cli.context import Context
from chatbot_server.conversation.events import Cited, Failed, Started, TextPiece, Waiting
from chatbot_server.conversation.questions import VisitorQuestion
from chatbot_server.errors import NotFound, UsageError
from chatbot_server.prompt.clean import clean_text
from chatbot_server.retrieval.language.markdown import plain_text
from chatbot_server.service.prepare import engine_for
from chatbot_server.storage.sites import demo_site, find_site

# What may be a mark of Markdown: until the end of its line, it is not known what it marks.
_MARKS = re.compile(r"[\\*_`~\[#]")


class PlainLines:
    """An answer on its way to the terminal, whose Markdown is read a line at a time."""

    def __init__(self) -> None:
        self._line = ""

    def feed(self, piece: str) -> str:
        """What can be shown, once *piece* has come."""
        *whole_lines, self._line = (self._line + piece).split("\n")
        shown = "".join(f"{plain_text(line, addresses=True)}\n" for line in whole_lines)
        return shown if _MARKS.search(self._line) else shown + self.finish()

    def finish(self) -> str:
        """The rest of the answer."""
        line, self._line = self._line, ""
        return plain_text(line, addresses=True)


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
        lines = PlainLines()
        try:
            for _, event in filter(None, answer.follow()):
                if isinstance(event, Started):
                    secret = event.secret or ""
                elif isinstance(event, TextPiece):
                    click.echo(lines.feed(event.text), nl=False)
                elif isinstance(event, Waiting):
                    click.echo(context.say("ask_waiting", position=event.position), err=True)
                elif isinstance(event, Cited):
                    click.echo(lines.finish(), nl=False)
                    for source in event.items:
                        click.echo(f"\n— {source.title} {source.url}", nl=False)
                elif isinstance(event, Failed):
                    click.echo()
                    raise event.error
        finally:
            click.echo(lines.finish(), nl=False)
            answer.stop()
            answer.wait_ended(5)
            with suppress(NotFound):  # it was ended before anything was stored
                service.erase(answer.conversation, secret)
    click.echo()
