"""``chatbot-server knowledge add``: files, an entry, a note."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from chatbot_server.cli.context import Context, refusal
from chatbot_server.cli.knowledge.site import embed, mention_demo
from chatbot_server.cli.options import FILE, JSON, SITE, print_json, show_progress, site_id_of
from chatbot_server.errors import ChatbotError, UsageError


def _text(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """*value*, or None if it is blank."""
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
        """Whether every part comes with its other half."""
        halves = bool(self.question) != bool(self.answer) or bool(self.title) != bool(self.text)
        return not halves and (bool(self.question) or not self.wordings)

    def add(self, context: Context, site_id: int) -> bool:
        """Store them; whether there was anything to store."""
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
@JSON
@click.pass_obj
def add(
    context: Context, /, files: tuple[Path, ...], key: str | None, as_json: bool, **options: Any
) -> None:
    """Add files, one FAQ entry, or one note."""
    entry = TypedKnowledge(**options)
    if not entry.is_whole or not (files or entry.question or entry.title):
        raise UsageError("knowledge_add_what")
    files = tuple(_files_among(context, files))
    site_id = site_id_of(context, key)
    has_text = entry.add(context, site_id)
    reports = []
    for report in _add_files(context, site_id, files):
        reports.append(report)
        if "why" in report:
            click.echo(report["why"], err=True)
        elif not as_json:
            click.echo(context.say("knowledge_file_read", **report))
        if report.get("notice"):
            click.echo(report["notice"], err=True)
    is_failed = any("why" in report for report in reports)
    is_added = has_text or not all("why" in report for report in reports)
    if is_added:
        context.note_action("knowledge add", ", ".join(file.name for file in files), site_id)
        embed(context)
    if as_json:
        print_json({"files": reports})
    elif is_added:
        click.echo(context.say("knowledge_added"))
        mention_demo(context)
    if is_failed:
        raise SystemExit(1)


def _files_among(context: Context, paths: tuple[Path, ...]) -> Iterator[Path]:
    """The files that are named; in place of a folder, what can be read of the files in it.

    What else is in a folder is named on standard error; what is hidden is not.

    Raises:
        UsageError: an address is named instead.
    """
    from chatbot_server.retrieval.read.extractor import kind_of_name

    for path in paths:
        scheme, _, rest = path.as_posix().partition(":/")
        if scheme in ("http", "https"):  # of its two slashes, a path keeps one
            raise UsageError("knowledge_add_address", address=f"{scheme}://{rest}")
        entries = sorted(path.iterdir()) if path.is_dir() else []
        files = [file for file in entries if kind_of_name(file.name) and file.is_file()]
        others = [file.name for file in entries if file not in files and file.name[0] != "."]
        if files and others:
            names = ", ".join(others)
            click.echo(context.say("knowledge_folder_left_out", folder=path, names=names), err=True)
        yield from files or [path]


def _add_files(context: Context, site_id: int, files: tuple[Path, ...]) -> Iterator[dict[str, Any]]:
    """Read each file, and report what was read or why not; an error does not stop the others."""
    from chatbot_server.retrieval.curate.imports.files import add_file
    from chatbot_server.retrieval.curate.reading import text_figures
    from chatbot_server.retrieval.read.extractor import Extractor
    from chatbot_server.storage.knowledge.sources import open_source

    def show_pages(read: int, pages: int) -> None:
        show_progress(context.say("file_scanned", why=f"{read}/{pages}"), is_last=read == pages)

    limit = context.config.retrieval.page_bytes
    names: set[str] = set()
    with closing(Extractor()) as extractor:
        for file in files:
            try:
                if file.name in names:
                    raise ChatbotError("knowledge_same_name", file=file)
                if file.is_dir():
                    raise ChatbotError("knowledge_folder_empty", folder=file)
                if file.exists() and not file.is_file():  # nobody may ever write into a pipe
                    raise ChatbotError("knowledge_no_file", file=file)
                names.add(file.name)
                result = add_file(context.database, extractor, site_id, file, limit, show_pages)
                with context.database.session() as session:
                    source_id = open_source(session, site_id, "file", file.name).id
                    figures = text_figures(session, site_id, source_id)
                notice = context.say(result.notice, name=file.name) if result.notice else ""
                yield {"name": file.name, "source": source_id, **figures, "notice": notice}
            except ChatbotError as error:  # noqa: PERF203
                yield {"name": file.name, "why": error.sentence(context.language)}
            except OSError as error:
                yield {"name": file.name, "why": refusal(error, context.language)}
