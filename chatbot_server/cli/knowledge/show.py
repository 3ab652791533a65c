"""``chatbot-server knowledge show``: the text that visitors are answered from."""

from __future__ import annotations

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.options import JSON, NUMBER, SITE, print_json, site_id_of


@click.command("show", help="help_knowledge_show")
@click.argument("number", type=NUMBER)
@click.option("--document", type=NUMBER, metavar="NUMBER", help="help_knowledge_show_document")
@SITE
@JSON
@click.pass_obj
def show(
    context: Context, /, number: int, document: int | None, key: str | None, as_json: bool
) -> None:
    """Show the documents of a source, section by section, and what was left out of pages."""
    from chatbot_server.retrieval.curate.reading import documents_as_read

    site_id = site_id_of(context, key)
    with context.database.session() as session:
        for text in documents_as_read(session, site_id, number, document):
            if as_json:
                print_json(text)
                continue
            click.secho(f"{text['document']}  {text['title']}  {text['id']}", bold=True)
            for section in text["sections"]:
                click.echo(f"\n{section['heading']}" if section["heading"] else "")
                click.echo(section["text"])
            if text["left_out"]:
                click.echo(f"\n{context.say('knowledge_left_out')}")
                for block in text["left_out"]:
                    click.echo(f"  {block}")
            click.echo()
