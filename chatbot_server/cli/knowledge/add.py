"""``chatbot-server knowledge add``: files, an entry, a note."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from chatbot_server.cli.context import Context, refusal
from chatbot_server.cli.knowledge.site import SITE, embed, mention_demo, site_id_of
from chatbot_server.cli.options import FILE
from chatbot_server.errors import ChatbotError, UsageError


def _text(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """*value*, or None where it holds nothing."""
    return value if value and value.strip() else None


@dataclass(frozen=True)
class TypedKnowledge:
    """An entry, a note, or both, as typed on the command line."""

    question: str | None
    answer: str | None
    wordings: tuple[str, ...]
    title: str | None
    text: str | None

    @property
    def is_whole(self) -> bool:
        """Whether nothing stands without its other half."""
        halves = bool(self.question) != bool(self.answer) or bool(self.title) != bool(self.text)
        return not halves and (bool(self.question) or not self.wordings)

    def add(self, context: Context, site_id: int) -> bool:
        """Store it; whether there was anything."""
        from chatbot_server.retrieval.curate.library import add_faq, add_note

        if self.question and self.answer:
            add_faq(context.database, site_id, self.question, self.answer, self.wordings)
        if self.title and self.text:
            add_note(context.database, site_id, self.title, self.text)
        return bool(self.question or self.title)


@click.command(help="help_knowledge_add")
@click.argument("files", nargs=-1, type=FILE)
@click.option("--question", metavar="TEXT", callback=_text, help="help_knowledge_question")
@click.option("--answer", metavar="TEXT", callback=_text, help="help_knowledge_answer")
@click.option("--also", "wordings", multiple=True, metavar="TEXT", help="help_knowledge_also")
@click.option("--title", metavar="TEXT", callback=_text, help="help_knowledge_title")
@click.option("--text", metavar="TEXT", callback=_text, help="help_knowledge_text")
@SITE
@click.pass_obj
def add(context: Context, /, files: tuple[Path, ...], key: str | None, **options: Any) -> None:
    """Files, one FAQ entry, or one note."""
    entry = TypedKnowledge(**options)
    if not entry.is_whole or not (files or entry.question or entry.title):
        raise UsageError("knowledge_add_what")
    site_id = site_id_of(context, key)
    has_text = entry.add(context, site_id)
    failures = _add_files(context, site_id, files)
    if has_text or failures < len(files):
        embed(context)
        click.echo(context.say("knowledge_added"))
        mention_demo(context)
    if failures:
        raise SystemExit(1)


def _add_files(context: Context, site_id: int, files: tuple[Path, ...]) -> int:
    """Read each and count what cannot be read; the others are read all the same."""
    from chatbot_server.retrieval.curate.library import add_file
    from chatbot_server.retrieval.read.extractor import Extractor

    extractor = Extractor()
    limit = context.config.retrieval.page_bytes
    names: set[str] = set()
    failures = 0
    try:
        for file in files:
            try:
                if file.name in names:
                    raise ChatbotError("knowledge_same_name", file=file)
                names.add(file.name)
                result = add_file(context.database, extractor, site_id, file, limit)
                count = result.document_count
                click.echo(context.say("knowledge_file_read", name=file.name, count=count))
                if result.notice:
                    click.echo(context.say(result.notice, name=file.name), err=True)
            except ChatbotError as error:  # noqa: PERF203
                failures += 1
                click.echo(error.sentence(context.language), err=True)
            except OSError as error:
                failures += 1
                click.echo(refusal(error, context.language), err=True)
    finally:
        extractor.close()
    return failures
