"""``chatbot-server knowledge``: what the chatbot answers from."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.knowledge_eval import FILE, JSON, measure
from chatbot_server.cli.knowledge_words import TOLD, counted
from chatbot_server.errors import ChatbotError, UsageError

if TYPE_CHECKING:
    from chatbot_server.storage.sites import Site

SITE = click.option("--site", "key", metavar="KEY", help="help_knowledge_site")


@click.group(help="help_knowledge")
def knowledge() -> None:
    """See the sentence ``help_knowledge``."""


knowledge.add_command(measure)


@knowledge.command(help="help_knowledge_add")
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
    from chatbot_server.retrieval.library import add_faq, add_note

    if (
        bool(question) != bool(answer)
        or bool(title) != bool(text)
        or not (files or question or title)
    ):
        raise UsageError("knowledge_add_what")
    site_id = _site(context, key).id
    if question and answer:
        add_faq(context.database, site_id, question, answer, wordings)
    if title and text:
        add_note(context.database, site_id, title, text)
    failed = _add_files(context, site_id, files)
    _embed(context)
    click.echo(context.say("knowledge_added"))
    if failed:
        raise SystemExit(1)


def _add_files(context: Context, site_id: int, files: tuple[Path, ...]) -> int:
    from chatbot_server.retrieval.extract import Extractor
    from chatbot_server.retrieval.library import add_file

    extractor = Extractor()
    failed = 0
    try:
        for file in files:
            try:
                limit = context.config.retrieval.page_bytes
                count = add_file(context.database, extractor, site_id, file, limit)
                click.echo(context.say("knowledge_file_read", name=file.name, count=count))
            except ChatbotError as error:  # noqa: PERF203
                failed += 1
                click.echo(error.sentence(context.language), err=True)
    finally:
        extractor.close()
    return failed


@knowledge.command(help="help_knowledge_crawl")
@click.argument("address", required=False)
@click.option("--page", "single", is_flag=True, help="help_knowledge_page")
@click.option("--pause", type=int, metavar="NUMBER", help="help_knowledge_pause")
@click.option("--resume", type=int, metavar="NUMBER", help="help_knowledge_resume")
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
    from chatbot_server.retrieval.library import add_site
    from chatbot_server.storage.knowledge import get_source

    if sum(given is not None for given in (address, pause, resume)) != 1:
        raise UsageError("knowledge_crawl_what")
    site_id = _site(context, key).id
    number = pause or resume
    if number is not None:
        with context.database.session() as session:
            get_source(session, site_id, number).state = "paused" if pause else "active"
        if pause:
            click.echo(context.say("knowledge_paused", number=number))
            return
    else:
        number = add_site(context.database, site_id, str(address), single=single)
    _crawl(context, site_id, number, as_json)


def _crawl(context: Context, site_id: int, number: int, as_json: bool) -> None:
    from chatbot_server.retrieval.jobs import crawl_one
    from chatbot_server.storage.knowledge import get_source

    def progress(counts: dict[str, int]) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{counted(context, counts)}   ", nl=False, err=True)

    counts = crawl_one(context.database, context.config.retrieval, number, progress)
    _embed(context)
    with context.database.session() as session:
        why = get_source(session, site_id, number).why
    if as_json:
        click.echo(json.dumps({"source": number, "pages": counts, "why": why}))
    elif not why:
        click.echo(counted(context, counts))
    if why:
        raise ChatbotError("knowledge_crawl_failed", number=number, why=why)


@knowledge.command("list", help="help_knowledge_list")
@SITE
@JSON
@click.pass_obj
def list_sources(context: Context, /, key: str | None, as_json: bool) -> None:
    """Show every source."""
    from chatbot_server.retrieval.library import overview

    site_id = _site(context, key).id
    with context.database.session() as session:
        found = overview(session, site_id)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for source in found:
        pages = counted(context, source["pages"])
        click.echo(
            f"{source['number']:4}  {source['kind']:5} {source['documents']:6}  "
            f"{source['address']}  {pages}  {source['why']}".rstrip()
        )


@knowledge.command(help="help_knowledge_status")
@SITE
@JSON
@click.pass_obj
def status(context: Context, /, key: str | None, as_json: bool) -> None:
    """How many documents there are, and how many still wait for their vectors."""
    from chatbot_server.retrieval.indexing import waiting
    from chatbot_server.retrieval.semantic import MODEL, make_embedder
    from chatbot_server.storage.knowledge import documents

    site_id = _site(context, key).id
    with context.database.session() as session:
        total = len(documents(session, site_id))
        left = len(waiting(session, MODEL, 10**9))
    semantic = make_embedder(context.config.retrieval.semantic) is not None
    shown: dict[str, Any] = {
        "documents": total,
        "semantic": semantic,
        "waiting": left if semantic else 0,
    }
    click.echo(json.dumps(shown) if as_json else context.say("knowledge_status", **shown))


@knowledge.command(help="help_knowledge_search")
@click.argument("question")
@SITE
@JSON
@click.pass_obj
def search(context: Context, /, question: str, key: str | None, as_json: bool) -> None:
    """What a visitor would be told, and what it was taken from."""
    from dataclasses import asdict

    from chatbot_server.retrieval.service import KnowledgeBase

    base = KnowledgeBase(context.database, context.config.retrieval.semantic)
    try:
        told = base.ground(_site(context, key).id, question, language=context.language)
    finally:
        base.close()
    if as_json:
        click.echo(json.dumps(asdict(told), ensure_ascii=False))
        return
    click.echo(context.say(TOLD[told.status]))
    if told.answer:
        click.echo(f"\n{told.answer}\n")
    for passage in told.passages:
        click.echo(f"{passage.score:.2f}  {passage.title}  {passage.url}")


@knowledge.command(help="help_knowledge_remove")
@click.argument("number", type=int)
@SITE
@click.pass_obj
def remove(context: Context, /, number: int, key: str | None) -> None:
    """Forget a source and everything read from it."""
    from chatbot_server.retrieval.library import forget_source
    from chatbot_server.storage.knowledge import get_source

    site_id = _site(context, key).id
    with context.database.session() as session:
        get_source(session, site_id, number)
    count = forget_source(context.database, site_id, number)
    context.database.forget_erased()
    click.echo(context.say("knowledge_removed", number=number, count=count))


@knowledge.command("push-secret", help="help_knowledge_push_secret")
@SITE
@click.pass_obj
def push_secret(context: Context, /, key: str | None) -> None:
    """A fresh secret for the CMS; the old one is no longer accepted."""
    from chatbot_server.retrieval.push import new_secret

    click.echo(new_secret(context.database, _site(context, key).id))


@knowledge.command("export", help="help_knowledge_export")
@SITE
@click.pass_obj
def export(context: Context, /, key: str | None) -> None:
    """Write every document as JSON Lines."""
    from chatbot_server.retrieval.library import exported

    site_id = _site(context, key).id
    with context.database.session() as session:
        for row in exported(session, site_id):
            click.echo(json.dumps(row, ensure_ascii=False))


@knowledge.command("import", help="help_knowledge_import")
@click.argument("file", type=FILE)
@SITE
@click.pass_obj
def import_(context: Context, /, file: Path, key: str | None) -> None:
    """Read what ``export`` wrote."""
    from chatbot_server.retrieval.evaluate import rows
    from chatbot_server.retrieval.library import imported

    site_id = _site(context, key).id
    count = imported(context.database, site_id, (row for _number, row in rows(file)))
    _embed(context)
    click.echo(context.say("knowledge_imported", count=count))


def _site(context: Context, key: str | None) -> Site:
    """The site named, else the only one there is, else the demo's."""
    from chatbot_server.storage.sites import all_sites, demo_site, find_site

    with context.database.session() as session:
        if key:
            return find_site(session, key)
        own = [site for site in all_sites(session) if not site.demo]
        if len(own) > 1:
            raise UsageError("knowledge_which_site", keys=", ".join(site.key for site in own))
        return own[0] if own else demo_site(session)


def _embed(context: Context) -> None:
    """Vectors at once, where someone waits at a terminal anyway."""
    from chatbot_server.retrieval.jobs import embed_all
    from chatbot_server.retrieval.semantic import make_embedder

    embedder = make_embedder(context.config.retrieval.semantic)
    if embedder is not None:
        try:
            embed_all(context.database, embedder)
        finally:
            embedder.close()
