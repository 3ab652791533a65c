"""``chatbot-server privacy``: texts for the owner's privacy page and register."""

from __future__ import annotations

import click

from chatbot_server.cli.context import Context
from chatbot_server.messages import LANGUAGES
from chatbot_server.privacy.texts import privacy_paragraphs, register_entry
from chatbot_server.storage.site.sites import find_site
from chatbot_server.web.data_processing import processing_facts


@click.group(help="help_privacy")
def privacy() -> None:
    """See the sentence ``help_privacy``."""


@privacy.command(help="help_privacy_text")
@click.option("--register", is_flag=True, help="help_privacy_register")
@click.option("--language", type=click.Choice(LANGUAGES), help="help_privacy_language")
@click.argument("key", metavar="KEY")
@click.pass_obj
def text(context: Context, /, register: bool, language: str | None, key: str) -> None:
    """Print a text to paste."""
    with context.database.session() as session:
        facts = processing_facts(find_site(session, key), context.config)
    language = language or context.language
    if register:
        lines = [f"{heading}: {value}" for heading, value in register_entry(facts, language)]
        click.echo("\n".join(lines))
    else:
        click.echo("\n\n".join(privacy_paragraphs(facts, language)))
