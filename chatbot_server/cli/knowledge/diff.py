"""``chatbot-server knowledge diff · undo · accept``: what changed of texts, and deciding it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.knowledge.site import embed
from chatbot_server.cli.options import JSON, NUMBER, SITE, minute_of, print_json, site_id_of
from chatbot_server.errors import UsageError

_DOCUMENT = click.option(
    "--document",
    type=NUMBER,
    metavar="NUMBER",
    required=True,
    help="help_knowledge_show_document",
)
SIGNS = {"same": "{}", "added": "{{+{}+}}", "removed": "[-{}-]"}


@click.command("diff", help="help_knowledge_diff")
@click.argument("number", type=NUMBER)
@click.option("--document", type=NUMBER, metavar="NUMBER", help="help_knowledge_diff_document")
@SITE
@JSON
@click.pass_obj
def diff(
    context: Context, /, number: int, document: int | None, key: str | None, as_json: bool
) -> None:
    """Pages that are new or gone, and what changed of the others, or of one document."""
    from chatbot_server.retrieval.curate.reading import page_changes
    from chatbot_server.retrieval.curate.versions import document_changes, find_version
    from chatbot_server.storage.knowledge.sources import get_source

    site_id = site_id_of(context, key)
    with context.database.session() as session:
        if document is not None:
            changes = asdict(document_changes(*find_version(session, site_id, number, document)))
        else:
            changes = page_changes(session, site_id, number)
        is_crawl = get_source(session, site_id, number).is_crawl
    if as_json:
        print_json(changes)
        return
    lines = list(_lines(context, changes) if document is None else _text_lines(context, changes))
    same = "knowledge_same" if is_crawl else "knowledge_same_text"
    for line in lines or [context.say(same, number=number)]:
        click.echo(line)


@click.command("undo", help="help_knowledge_undo")
@click.argument("number", type=NUMBER)
@_DOCUMENT
@SITE
@click.pass_obj
def undo(context: Context, /, number: int, document: int, key: str | None) -> None:
    """Exchange a text and its version before."""
    from chatbot_server.retrieval.curate.versions import put_version_back

    site_id = site_id_of(context, key)
    result = put_version_back(context.database, site_id, number, document)
    context.note_action("knowledge undo", f"{number}, {document}", site_id)
    embed(context)
    sentence = "version_is_used_again" if result["again"] else "version_is_back"
    click.echo(context.say(sentence, title=result["title"]))


@click.command("accept", help="help_knowledge_accept")
@click.argument("number", type=NUMBER)
@_DOCUMENT
@SITE
@click.pass_obj
def accept(context: Context, /, number: int, document: int, key: str | None) -> None:
    """Note that the text which took the place of one that was put back is right."""
    from chatbot_server.retrieval.curate.versions import accept_text

    site_id = site_id_of(context, key)
    result = accept_text(context.database, site_id, number, document)
    if not result["accepted"]:
        raise UsageError("version_not_overtaken", title=result["title"])
    context.note_action("knowledge accept", f"{number}, {document}", site_id)
    click.echo(context.say("version_is_accepted", title=result["title"]))


def _text_lines(context: Context, changes: Mapping[str, Any]) -> Iterator[str]:
    yield context.say("version_words", added=changes["added"], removed=changes["removed"])
    for line in changes["lines"]:
        yield " ".join(SIGNS[mark].format(text) for mark, text in line) or "…"
    if not changes["is_whole"]:
        yield context.say("version_cut")


def _lines(context: Context, changes: Mapping[str, Any]) -> Iterator[str]:
    for kind, sentence in (("new", "knowledge_diff_new"), ("gone", "knowledge_diff_gone")):
        if urls := changes[kind]:
            yield context.say(sentence, count=len(urls))
            yield from (f"  {url}" for url in urls)
    for change in changes["changed"]:
        yield context.say("knowledge_diff_changed", url=change["url"])
        yield from _changed_lines(change)
    if any(changes["everywhere"].values()):
        yield context.say("knowledge_diff_everywhere")
        yield from _changed_lines(changes["everywhere"])
    if changes["texts"]:
        yield context.say("knowledge_diff_texts")
    for text in changes["texts"]:
        name = text["title"] or text["url"]
        yield f"{text['document']:6}  {minute_of(text['replaced'])}  {name}"


def _changed_lines(change: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield from (f"  - {line}" for line in change["removed"])
    yield from (f"  + {line}" for line in change["added"])
