"""``chatbot-server knowledge``: what the chatbot answers from."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.knowledge.add import add
from chatbot_server.cli.knowledge.crawl import crawl
from chatbot_server.cli.knowledge.diff import accept, diff, undo
from chatbot_server.cli.knowledge.evaluate import evaluate_answers
from chatbot_server.cli.knowledge.golden import golden
from chatbot_server.cli.knowledge.listing import document_lines, source_lines
from chatbot_server.cli.knowledge.show import show
from chatbot_server.cli.knowledge.site import (
    embed,
    has_pages,
    knowledge_base,
    mention_demo,
    mention_demo_sources,
    mention_no_pages,
)
from chatbot_server.cli.knowledge.unanswered import answer, unanswered
from chatbot_server.cli.options import FILE, JSON, NUMBER, SITE, print_json, site_id_of
from chatbot_server.errors import UsageError

ANSWERS = {
    "faq": "knowledge_told_faq",
    "quoted": "knowledge_told_quoted",
    "passages": "knowledge_told_passages",
    "nothing": "knowledge_told_nothing",
}


@click.group(help="help_knowledge")
def knowledge() -> None:
    """See the sentence ``help_knowledge``."""


for command in (add, crawl, show, diff, undo, accept, evaluate_answers, unanswered, answer, golden):
    knowledge.add_command(command)


@knowledge.command("list", help="help_knowledge_list")
@click.argument("number", required=False, type=NUMBER)
@SITE
@JSON
@click.pass_obj
def list_sources(context: Context, /, number: int | None, key: str | None, as_json: bool) -> None:
    """Show every source, or the documents of one; without documents, why it has none."""
    from chatbot_server.retrieval.curate.listing import describe_documents, describe_sources

    site_id = site_id_of(context, key)
    with context.database.session() as session:
        documents = describe_documents(session, site_id, number) if number else []
        sources = [
            source
            for source in describe_sources(session, site_id)
            if number is None or (number == source.number and not documents)
        ]
    if as_json:
        print_json(documents if number else [asdict(source) for source in sources])
        return
    for document in documents:
        click.echo("\n".join(document_lines(context, document)))
    for source in sources:  # of one without documents, it says why there are none
        click.echo("\n".join(source_lines(context, source, has_others=has_pages(context, site_id))))
    if sources and not number:
        was_read = any(source.is_empty_crawl for source in sources)
        mention_no_pages(context, site_id, was_read=was_read)
    elif not number:
        click.echo(context.say("knowledge_empty"))
        mention_demo_sources(context, site_id)


@knowledge.command(help="help_knowledge_status")
@SITE
@JSON
@click.pass_obj
def status(context: Context, /, key: str | None, as_json: bool) -> None:
    """Show how many documents there are, and how many wait to be embedded."""
    from chatbot_server.retrieval.curate.listing import describe_sources
    from chatbot_server.retrieval.index.embedder import MODEL, make_embedder
    from chatbot_server.storage.knowledge.documents import waiting_counts

    site_id = site_id_of(context, key)
    with context.database.session() as session:
        total = sum(source.documents for source in describe_sources(session, site_id))
        waiting = sum(waiting_counts(session, site_id, MODEL).values())
    semantic = make_embedder(context.config.retrieval.semantic) is not None
    figures: dict[str, Any] = {
        "documents": total,
        "semantic": semantic,
        # What all pages of a site share waits as well, and is no document of its own.
        "waiting": min(waiting, total) if semantic else 0,
    }
    sentence = "knowledge_status" if semantic else "knowledge_status_words"
    click.echo(json.dumps(figures) if as_json else context.say(sentence, **figures))


@knowledge.command(help="help_knowledge_search")
@click.argument("question")
@SITE
@JSON
@click.pass_obj
def search(context: Context, /, question: str, key: str | None, as_json: bool) -> None:
    """Show the answer that a visitor would get, and its sources."""
    if not question.strip():
        raise UsageError("ask_length", limit=context.config.limits.message_chars)
    site_id = site_id_of(context, key)
    with knowledge_base(context) as base:
        grounding = base.ground(site_id, question)
    if as_json:
        print_json(asdict(grounding))
        return
    click.echo(context.say(ANSWERS[grounding.status]))
    if grounding.answer:
        click.echo(f"\n{grounding.answer}\n")
    for passage in grounding.passages:
        click.echo(f"{passage.score:.2f}  {passage.title}  {passage.url}")


@knowledge.command(help="help_knowledge_remove")
@click.argument("number", type=NUMBER)
@click.option("--document", type=NUMBER, metavar="NUMBER", help="help_knowledge_document")
@SITE
@click.pass_obj
def remove(context: Context, /, number: int, document: int | None, key: str | None) -> None:
    """Remove a source and everything read from it, or one document of it."""
    from chatbot_server.retrieval.curate.library import remove_document, remove_source
    from chatbot_server.storage.knowledge.sources import get_source

    site_id = site_id_of(context, key)
    if document is not None:
        title = remove_document(context.database, site_id, number, document)
        context.database.forget_erased()
        context.note_action("knowledge remove", f"{number}, {document}", site_id)
        click.echo(context.say("knowledge_document_removed", title=title))
        return
    with context.database.session() as session:
        get_source(session, site_id, number)
    count = remove_source(context.database, site_id, number)
    context.database.forget_erased()
    context.note_action("knowledge remove", number, site_id)
    click.echo(context.say("knowledge_removed", number=number, count=count))


@knowledge.command("push-secret", help="help_knowledge_push_secret")
@SITE
@click.pass_obj
def push_secret(context: Context, /, key: str | None) -> None:
    """Create a new secret for the CMS; the old one is no longer accepted."""
    from chatbot_server.retrieval.curate.imports.push import new_secret

    site_id = site_id_of(context, key)
    secret = new_secret(context.database, site_id)
    context.note_action("knowledge push-secret", site_id=site_id)
    click.echo(secret)


@knowledge.command("export", help="help_knowledge_export")
@SITE
@click.pass_obj
def export(context: Context, /, key: str | None) -> None:
    """Write every document as JSON Lines."""
    from chatbot_server.retrieval.curate.imports.transfer import export_documents

    site_id = site_id_of(context, key)
    with context.database.session() as session:
        for row in export_documents(session, site_id):
            print_json(row)


@knowledge.command("import", help="help_knowledge_import")
@click.argument("file", type=FILE)
@SITE
@click.pass_obj
def import_(context: Context, /, file: Path, key: str | None) -> None:
    """Import a file that ``export`` wrote."""
    from chatbot_server.retrieval.curate.imports.json_lines import read_json_lines
    from chatbot_server.retrieval.curate.imports.transfer import import_documents

    site_id = site_id_of(context, key)
    rows = (row for _number, row in read_json_lines(file))
    count = import_documents(context.database, site_id, rows)
    context.note_action("knowledge import", file.name, site_id)
    embed(context)
    click.echo(context.say("knowledge_imported", count=count))
    mention_demo(context)
