"""``chatbot-server knowledge diff``: what the last crawl of a source found changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.options import JSON, NUMBER, SITE, print_json, site_id_of


@click.command("diff", help="help_knowledge_diff")
@click.argument("number", type=NUMBER)
@SITE
@JSON
@click.pass_obj
def diff(context: Context, /, number: int, key: str | None, as_json: bool) -> None:
    """Pages that are new or gone, and the lines of the others that changed."""
    from chatbot_server.retrieval.curate.reading import page_changes

    site_id = site_id_of(context, key)
    with context.database.session() as session:
        changes = page_changes(session, site_id, number)
    if as_json:
        print_json(changes)
        return
    lines = list(_lines(context, changes))
    for line in lines or [context.say("knowledge_same")]:
        click.echo(line)


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


def _changed_lines(change: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield from (f"  - {line}" for line in change["removed"])
    yield from (f"  + {line}" for line in change["added"])
