"""``chatbot-server knowledge golden``: questions whose right answer is known."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.knowledge.site import knowledge_base
from chatbot_server.cli.options import FILE, JSON, NUMBER, SITE, print_json, site_id_of
from chatbot_server.errors import ChatbotError, UsageError

GRADES = {"answered": "golden_answered", "found": "golden_found", "missed": "golden_missed"}


@click.group(help="help_knowledge_golden")
def golden() -> None:
    """See the sentence ``help_knowledge_golden``."""


@golden.command("add", help="help_golden_add")
@click.argument("question", required=False)
@click.option("--expect", metavar="TEXT", help="help_golden_expect")
@click.option("--nothing", is_flag=True, help="help_golden_nothing")
@click.option("--file", "file", type=FILE, metavar="FILE", help="help_golden_file")
@SITE
@click.pass_obj
def add_golden(
    context: Context,
    /,
    question: str | None,
    expect: str | None,
    nothing: bool,
    file: Path | None,
    key: str | None,
) -> None:
    """Add one question, or all of a file: either all of them or none."""
    from chatbot_server.retrieval.curate.learning.golden import read_golden_file
    from chatbot_server.storage.visitors.learning import put_golden

    is_typed = bool(question) and (bool(expect and expect.strip()) != nothing)
    if is_typed == (file is not None) or (file is not None and (question or expect or nothing)):
        raise UsageError("golden_what")
    pairs = [(str(question), expect or "")] if file is None else read_golden_file(file)
    site_id = site_id_of(context, key)
    with context.database.session() as session:
        for wording, answer in pairs:
            put_golden(session, site_id, wording, answer)
    context.note_action("knowledge golden add", len(pairs), site_id)
    click.echo(context.say("golden_added", count=len(pairs)))


@golden.command("list", help="help_golden_list")
@SITE
@JSON
@click.pass_obj
def list_golden(context: Context, /, key: str | None, as_json: bool) -> None:
    """Show every golden question."""
    from chatbot_server.storage.visitors.learning import golden_questions

    site_id = site_id_of(context, key)
    with context.database.session() as session:
        rows = [
            {"number": row.id, "question": row.question, "expect": row.expect}
            for row in golden_questions(session, site_id)
        ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        answer = row["expect"] or context.say("golden_nothing")
        click.echo(f"{row['number']:4}  {row['question']}  → {answer}")
    if not rows:
        click.echo(context.say("golden_none"))


@golden.command("remove", help="help_golden_remove")
@click.argument("number", type=NUMBER)
@SITE
@click.pass_obj
def remove_golden(context: Context, /, number: int, key: str | None) -> None:
    """Remove one."""
    from chatbot_server.storage.visitors import learning

    site_id = site_id_of(context, key)
    with context.database.session() as session:
        learning.remove_golden(session, site_id, number)
    context.note_action("knowledge golden remove", number, site_id)
    click.echo(context.say("golden_removed", number=number))


@golden.command("run", help="help_golden_run")
@SITE
@JSON
@click.pass_obj
def run_golden(context: Context, /, key: str | None, as_json: bool) -> None:
    """Ask all of them; exit 1 if one is not answered as expected."""
    from chatbot_server.retrieval.curate.learning.golden import ask_golden_questions

    site_id = site_id_of(context, key)
    with knowledge_base(context) as base:
        results = ask_golden_questions(base, site_id)
    failures = sum(not result.passed for result in results)
    if as_json:
        print_json([asdict(result) | {"passed": result.passed} for result in results])
    else:
        for result in results:
            grade = context.say(GRADES[result.grade])
            click.echo(f"{result.number:4}  {grade}  {result.question}")
    if failures:
        raise ChatbotError("golden_failed", failed=failures, count=len(results))
    if not as_json:
        click.echo(context.say("golden_passed" if results else "golden_none", count=len(results)))
