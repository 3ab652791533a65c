"""``chatbot-server knowledge golden``: questions whose right answer is known."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.knowledge.site import knowledge_base
from chatbot_server.cli.options import FILE, JSON, NUMBER, SITE, minute_of, print_json, site_id_of
from chatbot_server.errors import ChatbotError, UsageError

CAUSES = {
    "pages": "cause_pages",
    "answers": "cause_answers",
    "settings": "cause_settings",
    "model": "cause_model",
    "search": "cause_search",
    "program": "cause_program",
}
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
    from chatbot_server.retrieval.curate.quality.golden import read_golden_file
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
    from chatbot_server.conversation.model.golden import GoldenWriter
    from chatbot_server.retrieval.curate.quality.golden import ask_golden_questions
    from chatbot_server.service.answering import build_engine, is_loaded, sampling

    site_id = site_id_of(context, key)
    engine = build_engine(context.config)  # of the running server; none, if it does not run
    is_loaded(engine)
    writing = GoldenWriter(context.database, engine, sampling(context.config))
    with knowledge_base(context) as base:
        results = ask_golden_questions(base, site_id, writing)
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


@golden.command("runs", help="help_golden_runs")
@SITE
@JSON
@click.pass_obj
def list_runs(context: Context, /, key: str | None, as_json: bool) -> None:
    """Show when all of them were asked, why, and how many were answered as expected."""
    from chatbot_server.storage.visitors.quality import MOST_RUNS, runs_of

    site_id = site_id_of(context, key)
    with context.database.session() as session:
        rows: list[dict[str, Any]] = [
            {
                "number": run.id,
                "created": run.created,
                "who": run.who,
                "causes": run.causes,
                "model": run.model,
                "passed": run.passed,
                "questions": len(run.results),
                "worse": run.worse,
            }
            for run in runs_of(session, site_id, MOST_RUNS)
        ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        causes = [context.say(CAUSES[name]) for name in row["causes"] if name in CAUSES]
        why = row["who"] or ", ".join(causes) or context.say("quality_night")
        share = f"{row['passed']} / {row['questions']}"
        click.echo(f"{row['number']:6}  {minute_of(row['created'])}  {share:>9}  {why}")
    if not rows:
        click.echo(context.say("golden_no_runs"))


@golden.command("compare", help="help_golden_compare")
@click.argument("former", type=NUMBER)
@click.argument("later", type=NUMBER)
@SITE
@JSON
@click.pass_obj
def compare(context: Context, /, former: int, later: int, key: str | None, as_json: bool) -> None:
    """Show the questions that two runs answered differently, those that got worse first."""
    from chatbot_server.retrieval.curate.quality.golden_runs import compare_runs
    from chatbot_server.storage.visitors.quality import find_run

    site_id = site_id_of(context, key)
    with context.database.session() as session:
        runs = [find_run(session, site_id, number) for number in (former, later)]
        differences = compare_runs(*runs)
    if as_json:
        print_json([asdict(difference) for difference in differences])
        return
    for difference in differences:
        step = ("quality_same_grade", "quality_better", "quality_worse")[difference.better]
        click.echo(f"{context.say(step)}: {difference.question}")
        for sign, text in (("-", difference.before), ("+", difference.after)):
            click.echo(f"  {sign} {' '.join(text.split()) or context.say('golden_nothing')}")
    if not differences:
        click.echo(context.say("quality_same"))
