"""``chatbot-server knowledge add`` and ``crawl``: reading files, entries, pages and sites."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chatbot_server.cli.context import NUMBER, Context, refusal
from chatbot_server.cli.knowledge.common import FILE, JSON, SITE, embed, site_of, tell_of_demo
from chatbot_server.cli.knowledge.words import counted, limit_reached, reason
from chatbot_server.errors import ChatbotError, UsageError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from chatbot_server.storage.knowledge.tables import KnowledgeSource


@click.command(help="help_knowledge_add")
@click.argument("files", nargs=-1, type=FILE)
@click.option("--question", metavar="TEXT", help="help_knowledge_question")
@click.option("--answer", metavar="TEXT", help="help_knowledge_answer")
@click.option("--also", "wordings", multiple=True, metavar="TEXT", help="help_knowledge_also")
@click.option("--title", metavar="TEXT", help="help_knowledge_title")
@click.option("--text", metavar="TEXT", help="help_knowledge_text")
@SITE
@click.pass_obj
def add(
    context: Context,
    /,
    files: tuple[Path, ...],
    question: str | None,
    answer: str | None,
    wordings: tuple[str, ...],
    title: str | None,
    text: str | None,
    key: str | None,
) -> None:
    """Files, one FAQ entry, or one note."""
    from chatbot_server.retrieval.curate.library import add_faq, add_note

    question, answer, title, text = (_filled(given) for given in (question, answer, title, text))
    halves = bool(question) != bool(answer) or bool(title) != bool(text)
    if halves or (wordings and not question) or not (files or question or title):
        raise UsageError("knowledge_add_what")
    site_id = site_of(context, key)
    if question and answer:
        add_faq(context.database, site_id, question, answer, wordings)
    if title and text:
        add_note(context.database, site_id, title, text)
    failed = _add_files(context, site_id, files)
    if failed < len(files) or question or title:
        embed(context)
        click.echo(context.say("knowledge_added"))
        tell_of_demo(context)
    if failed:
        raise SystemExit(1)


def _filled(given: str | None) -> str | None:
    """*given*, or None where it holds nothing."""
    return given if given and given.strip() else None


def _add_files(context: Context, site_id: int, files: tuple[Path, ...]) -> int:
    """Read each; what cannot be read is told, and the others are read all the same."""
    from chatbot_server.retrieval.curate.library import add_file
    from chatbot_server.retrieval.read.extractor import Extractor

    extractor = Extractor()
    names: set[str] = set()
    failed = 0
    try:
        for file in files:
            try:
                if file.name in names:
                    raise ChatbotError("knowledge_same_name", file=file)
                names.add(file.name)
                limit = context.config.retrieval.page_bytes
                count = add_file(context.database, extractor, site_id, file, limit)
                click.echo(context.say("knowledge_file_read", name=file.name, count=count))
            except (ChatbotError, OSError) as error:  # noqa: PERF203
                failed += 1
                click.echo(_complaint(context, error), err=True)
    finally:
        extractor.close()
    return failed


def _complaint(context: Context, error: ChatbotError | OSError) -> str:
    if isinstance(error, ChatbotError):
        return error.sentence(context.language)
    return refusal(error, context.language)


@click.command(help="help_knowledge_crawl")
@click.argument("address", required=False)
@click.option("--page", "single", is_flag=True, help="help_knowledge_page")
@click.option("--pause", type=NUMBER, metavar="NUMBER", help="help_knowledge_pause")
@click.option("--resume", type=NUMBER, metavar="NUMBER", help="help_knowledge_resume")
@SITE
@JSON
@click.pass_obj
def crawl(
    context: Context,
    /,
    address: str | None,
    single: bool,
    pause: int | None,
    resume: int | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Read a site now, or pause and resume one."""
    from chatbot_server.retrieval.curate.library import add_site

    if sum(given is not None for given in (address, pause, resume)) != 1:
        raise UsageError("knowledge_crawl_what")
    site_id = site_of(context, key)
    if pause is not None:
        _set_state(context, site_id, pause, "paused")
        click.echo(context.say("knowledge_paused", number=pause))
        return
    if resume is not None:
        _set_state(context, site_id, resume, "active")
    number = resume or add_site(context.database, site_id, str(address), single=single)
    _crawl(context, site_id, number, as_json)


def _set_state(context: Context, site_id: int, number: int, state: str) -> None:
    from chatbot_server.storage.knowledge.sources import get_source

    with context.database.session() as session:
        source = get_source(session, site_id, number)
        if source.kind not in ("site", "page"):
            raise UsageError("knowledge_no_crawl", number=number)
        source.state = state


def _trouble(session: Session, source: KnowledgeSource, counts: dict[str, int]) -> tuple[str, str]:
    """Why nothing could be read, and where; no reason if something was, or waits to be."""
    from chatbot_server.storage.knowledge.pages import page_reasons

    if not source.why and not any(counts.get(one) for one in ("read", "unchanged", "found")):
        for told in page_reasons(session, source.id, 1):
            return told.why, told.url
    return source.why, source.address


def _crawl(context: Context, site_id: int, number: int, as_json: bool) -> None:
    from chatbot_server.retrieval.curate.jobs import crawl_source
    from chatbot_server.storage.knowledge.sources import get_source

    def progress(counts: dict[str, int]) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{counted(context, counts)}   ", nl=False, err=True)

    config = context.config
    counts = crawl_source(context.database, config.retrieval, config.run_dir, number, progress)
    embed(context)
    with context.database.session() as session:
        source = get_source(session, site_id, number)
        why, address = _trouble(session, source, counts)
    if as_json:
        click.echo(json.dumps({"source": number, "pages": counts, "why": why}))
    elif not why:
        for line in (counted(context, counts), *limit_reached(context, counts)):
            click.echo(line)
        tell_of_demo(context)
    if why:
        told = reason(context, why, address)
        raise ChatbotError("knowledge_crawl_failed", number=number, why=told)
