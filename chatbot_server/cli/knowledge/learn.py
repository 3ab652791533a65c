"""``chatbot-server knowledge unanswered`` and ``answer``: what visitors asked in vain."""

from __future__ import annotations

import json
import sys
import time
from itertools import islice
from typing import TYPE_CHECKING

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.knowledge.common import JSON, SITE, knowledge_base, site_of
from chatbot_server.errors import ChatbotError, UsageError

if TYPE_CHECKING:
    from chatbot_server.retrieval.curate.teaching import Lesson
    from chatbot_server.retrieval.curate.unanswered import QuestionGroup

EXAMPLES = 3


@click.command(help="help_knowledge_unanswered")
@click.option(
    "--limit",
    type=click.IntRange(1, 200),
    default=20,
    show_default=True,
    help="help_knowledge_most",
)
@SITE
@JSON
@click.pass_obj
def unanswered(context: Context, /, limit: int, key: str | None, as_json: bool) -> None:
    """Groups of questions that have no answer to this day."""
    from chatbot_server.retrieval.curate.unanswered import still_open, unanswered_groups

    site_id = site_of(context, key)
    with knowledge_base(context) as base:
        groups = unanswered_groups(context.database, site_id)
        found = list(islice(still_open(base, site_id, groups), limit))
    if as_json:
        click.echo(json.dumps([_record(group) for group in found], ensure_ascii=False))
        return
    for group in found:
        click.echo(f"{group.name}  {group.times:4} ×  {_day(group.last)}  {group.question}")
        for wording in group.wordings[1 : EXAMPLES + 1]:
            click.echo(f"{'':29}{wording}")
    click.echo(context.say("unanswered_how" if found else "unanswered_none"))


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
    """One answer for a group, kept only if no golden question gets worse."""
    from chatbot_server.retrieval.curate.teaching import teach
    from chatbot_server.retrieval.curate.unanswered import find_group, unanswered_groups

    site_id = site_of(context, key)
    found = find_group(unanswered_groups(context.database, site_id), group)
    text = _from_input() if answer is None else answer
    with knowledge_base(context) as base:
        lesson = teach(base, site_id, found, text, question=question, force=force)
    _report(context, lesson)


def _from_input() -> str:
    """The answer from standard input.

    Raises:
        UsageError: a person sits there and was not asked for it, or it is no text.
    """
    from chatbot_server.retrieval.curate.teaching import LONGEST_ANSWER

    if sys.stdin.isatty():
        raise UsageError("lesson_answer", limit=LONGEST_ANSWER)
    try:
        return sys.stdin.read(4 * LONGEST_ANSWER)
    except UnicodeDecodeError:
        raise UsageError("lesson_answer", limit=LONGEST_ANSWER) from None


def _report(context: Context, lesson: Lesson) -> None:
    for tried in lesson.worse:
        click.echo(context.say("lesson_worse", question=tried.question, told=tried.told), err=True)
    if not lesson.kept:
        raise ChatbotError("lesson_undone", count=len(lesson.worse))
    wordings = 1 + len(lesson.wordings)
    click.echo(
        context.say(
            "lesson_kept", question=lesson.question, answered=lesson.answered, count=wordings
        )
    )


def _record(group: QuestionGroup) -> dict[str, object]:
    return {
        "group": group.name,
        "times": group.times,
        "last": group.last,
        "questions": list(group.wordings),
    }


def _day(moment: int) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(moment))
