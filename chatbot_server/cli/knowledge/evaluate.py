"""``chatbot-server knowledge eval``: how well questions are answered from documents."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.options import FILE, JSON, SITE, show_progress, site_id_of
from chatbot_server.errors import UsageError


@click.command("eval", help="help_knowledge_eval")
@click.argument("squad", required=False, type=FILE, metavar="[FILE]")
@click.option("--documents", type=FILE, metavar="FILE", help="help_knowledge_documents")
@click.option("--questions", type=FILE, metavar="FILE", help="help_knowledge_questions")
@click.option(
    "--semantic",
    type=click.Choice(["auto", "on", "off"]),
    default="auto",
    help="help_knowledge_semantic",
)
@SITE
@JSON
@click.pass_obj
def evaluate_answers(
    context: Context,
    /,
    semantic: Any,
    key: str | None,
    as_json: bool,
    **files: Path | None,
) -> None:
    """Measure on the site's index, or on a temporary one; nothing of the owner's is changed."""
    figures = _measure(context, semantic, key, **files)
    if as_json:
        click.echo(json.dumps(figures))
        return
    for name, value in figures.items():
        click.echo(f"{name:24} {'–' if value is None else value}")


def _measure(
    context: Context,
    semantic: Any,
    key: str | None,
    *,
    squad: Path | None,
    documents: Path | None,
    questions: Path | None,
) -> dict[str, Any]:
    """The figures for the combination of files that is given.

    Raises:
        UsageError: nothing can be measured with that combination.
    """
    from chatbot_server.retrieval.answer.service import KnowledgeBase
    from chatbot_server.retrieval.curate.quality.evaluate import ask_all, evaluate
    from chatbot_server.retrieval.curate.quality.question_files import (
        read_documents,
        read_questions,
        read_squad,
    )
    from chatbot_server.retrieval.index.embedder import make_embedder

    encoder = context.config.encoder_dir

    def show_count(done: int, total: int) -> None:
        show_progress(f"{done}/{total}", is_last=done == total)

    if squad and not documents and not questions:
        return evaluate(*read_squad(squad), semantic, show_count, encoder)
    if squad or not questions:
        raise UsageError("knowledge_eval_what")
    if documents:
        drafts, cases = read_documents(documents), read_questions(questions)
        return evaluate(drafts, cases, semantic, show_count, encoder)
    site_id, cases = site_id_of(context, key), read_questions(questions)
    embedder = make_embedder(semantic, encoder)
    with closing(KnowledgeBase(context.database, embedder)) as base:
        return ask_all(base, site_id, cases)
