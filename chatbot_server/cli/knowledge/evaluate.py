"""``chatbot-server knowledge eval``: how well questions are answered from documents."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.options import FILE, JSON
from chatbot_server.errors import UsageError


@click.command("eval", help="help_knowledge_eval")
@click.argument("squad", required=False, type=FILE, metavar="[FILE]")
@click.option("--documents", type=FILE, help="help_knowledge_documents")
@click.option("--questions", type=FILE, help="help_knowledge_questions")
@click.option(
    "--semantic",
    type=click.Choice(["auto", "on", "off"]),
    default="auto",
    help="help_knowledge_semantic",
)
@JSON
@click.pass_obj
def evaluate_answers(
    context: Context,  # noqa: ARG001
    /,
    squad: Path | None,
    documents: Path | None,
    questions: Path | None,
    semantic: Any,
    as_json: bool,
) -> None:
    """Measure on an index of its own; nothing of the owner's is touched."""
    from chatbot_server.retrieval.curate.evaluate import (
        evaluate,
        read_documents,
        read_questions,
        read_squad,
    )

    if squad is not None and documents is None and questions is None:
        drafts, cases = read_squad(squad)
    elif squad is None and documents is not None and questions is not None:
        drafts, cases = read_documents(documents), read_questions(questions)
    else:
        raise UsageError("knowledge_eval_what")

    def show_progress(done: int, total: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{done}/{total}", nl=done == total, err=True)

    figures = evaluate(drafts, cases, semantic, show_progress)
    if as_json:
        click.echo(json.dumps(figures))
        return
    for name, value in figures.items():
        click.echo(f"{name:24} {'–' if value is None else value}")
