"""``chatbot-server knowledge unanswered`` and ``answer``: what visitors got no answer to."""

from __future__ import annotations

import sys

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.knowledge.site import knowledge_base
from chatbot_server.cli.options import JSON, SITE, day_of, print_json, site_id_of
from chatbot_server.errors import ChatbotError, UsageError

EXAMPLES = 3


@click.command(help="help_knowledge_unanswered")
@click.option(
    "--limit",
    type=click.IntRange(1, 200),
    metavar="NUMBER",
    default=20,
    show_default=True,
    help="help_knowledge_most",
)
@SITE
@JSON
@click.pass_obj
def unanswered(context: Context, /, limit: int, key: str | None, as_json: bool) -> None:
    """Show groups of questions that still have no answer."""
    from chatbot_server.retrieval.curate.learning.unanswered import still_open, unanswered_groups

    site_id = site_id_of(context, key)
    with knowledge_base(context) as base:
        groups = unanswered_groups(context.database, site_id)
        open_groups = still_open(base, site_id, groups, most=limit).groups
    if as_json:
        records = [
            {
                "group": group.name,
                "times": group.times,
                "last": group.last,
                "questions": list(group.wordings),
                "pages": dict(group.pages),
            }
            for group in open_groups
        ]
        print_json(records)
        return
    for group in open_groups:
        click.echo(f"{group.name}  {group.times:4} ×  {day_of(group.last)}  {group.question}")
        for wording in group.wordings[1 : EXAMPLES + 1]:
            click.echo(f"{'':29}{wording}")
    click.echo(context.say("unanswered_how" if open_groups else "unanswered_none"))


@click.command(help="help_knowledge_answer_group")
@click.argument("group")
@click.argument("answer", required=False)
@click.option("--question", metavar="TEXT", help="help_knowledge_own_question")
@click.option("--force", is_flag=True, help="help_knowledge_force")
@SITE
@click.pass_obj
def answer(
    context: Context,
    /,
    group: str,
    answer: str | None,
    question: str | None,
    force: bool,
    key: str | None,
) -> None:
    """Answer a group of questions; kept only if no golden question gets worse."""
    from chatbot_server.retrieval.curate.learning.teaching import teach
    from chatbot_server.retrieval.curate.learning.unanswered import find_group, unanswered_groups
    from chatbot_server.retrieval.curate.library import LONGEST_ANSWER

    site_id = site_id_of(context, key)
    target = find_group(unanswered_groups(context.database, site_id), group)
    no_answer = UsageError("lesson_answer", limit=LONGEST_ANSWER)
    if answer is None and sys.stdin.isatty():  # a person at a terminal must be asked for it
        raise no_answer
    try:
        text = sys.stdin.read(4 * LONGEST_ANSWER) if answer is None else answer
    except UnicodeDecodeError:
        raise no_answer from None
    with knowledge_base(context) as base:
        lesson = teach(base, site_id, target, text, question=question, force=force)
    for golden in lesson.worse:
        sentence = context.say("lesson_worse", question=golden.question, told=golden.answer)
        click.echo(sentence, err=True)
    if not lesson.is_kept:
        raise ChatbotError("lesson_undone", count=len(lesson.worse))
    context.note_action("knowledge answer", target.name, site_id)
    values = {"question": lesson.question, "answered": lesson.answered}
    click.echo(context.say("lesson_kept", count=1 + len(lesson.wordings), **values))
