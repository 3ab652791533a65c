"""``chatbot-server knowledge crawl``: reading pages and whole sites."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.diagnosis.sources import in_words
from chatbot_server.cli.knowledge.listing import page_counts, source_notes
from chatbot_server.cli.knowledge.site import embed, has_pages, mention_demo, mention_no_pages
from chatbot_server.cli.options import JSON, NUMBER, SITE, print_json, show_progress, site_id_of
from chatbot_server.errors import ChatbotError, UsageError

if TYPE_CHECKING:
    from chatbot_server.retrieval.curate.listing import SourceReport


@dataclass(frozen=True)
class CrawlTarget:
    """What to read or to pause: an address, or the number of a source."""

    address: str | None
    single: bool
    pause: int | None
    resume: int | None

    @property
    def is_one(self) -> bool:
        """Whether exactly one thing is named."""
        return [self.address, self.pause, self.resume].count(None) == 2


@click.command(help="help_knowledge_crawl")
@click.argument("address", required=False)
@click.option("--page", "single", is_flag=True, help="help_knowledge_page")
@click.option("--pause", type=NUMBER, metavar="NUMBER", help="help_knowledge_pause")
@click.option("--resume", type=NUMBER, metavar="NUMBER", help="help_knowledge_resume")
@SITE
@JSON
@click.pass_obj
def crawl(context: Context, /, key: str | None, as_json: bool, **options: Any) -> None:
    """Read a site now, or pause and resume one."""
    from chatbot_server.retrieval.curate.library import add_site

    target = CrawlTarget(**options)
    if not target.is_one:
        raise UsageError("knowledge_crawl_what")
    address = target.address or ""
    is_file = os.path.exists(address)  # noqa: PTH110 (no error where it is too long)
    if "://" not in address and Path(address).name and is_file:
        raise UsageError("knowledge_crawl_file", file=address)
    site_id = site_id_of(context, key)
    if target.pause is not None:
        _set_state(context, site_id, target.pause, "paused")
        context.note_action("knowledge crawl --pause", target.pause, site_id)
        click.echo(context.say("knowledge_paused", number=target.pause))
        return
    if target.resume is not None:
        _set_state(context, site_id, target.resume, "active")
        number = target.resume
    else:
        number = add_site(context.database, site_id, address, single=target.single)
    context.note_action("knowledge crawl", address or number, site_id)
    _crawl_source(context, site_id, number, as_json, target.resume is not None)


def _set_state(context: Context, site_id: int, number: int, state: str) -> None:
    from chatbot_server.storage.knowledge.sources import get_source

    with context.database.session() as session:
        source = get_source(session, site_id, number)
        if not source.is_crawl:
            raise UsageError("knowledge_no_crawl", number=number)
        source.state = state


def _crawl_source(
    context: Context, site_id: int, number: int, as_json: bool, is_resumed: bool
) -> None:
    from chatbot_server.retrieval.curate.jobs import crawl_source
    from chatbot_server.retrieval.curate.library import remove_source
    from chatbot_server.retrieval.curate.listing import describe_source
    from chatbot_server.retrieval.curate.reading import text_figures

    def show_counts(counts: dict[str, int]) -> None:
        show_progress(f"{page_counts(context, counts)}  ")

    config = context.config
    counts = crawl_source(context.database, config.retrieval, config.run_dir, number, show_counts)
    embed(context)
    with context.database.session() as session:
        source = describe_source(session, site_id, number)
        figures = text_figures(session, site_id, number)
    why, address = _failure(source, counts)
    sentence = in_words(context, why, address)
    # A name that leads nowhere, and never did, is mistyped rather than away.
    if why.startswith("fetch_unknown_host") and not figures["documents"] and not is_resumed:
        remove_source(context.database, site_id, number)
        raise ChatbotError("knowledge_crawl_not_kept", why=sentence)
    if as_json:
        report = {"source": number, "pages": counts, "why": why, **figures}
        reasons = [asdict(reason) for reason in source.reasons]
        report |= {"reasons": reasons, "lost": source.lost}
        print_json(report | {"has_pages": has_pages(context, site_id)})
    else:
        if not why:
            lines = (page_counts(context, counts), context.say("knowledge_figures", **figures))
            for line in (*lines, *source_notes(context, source)):
                click.echo(line)
            mention_demo(context)
        elif not figures["documents"] and has_pages(context, site_id):
            click.echo(context.say("knowledge_nothing_left"))
        mention_no_pages(context, site_id, was_read=True)
        if why and not figures["documents"]:
            click.echo(context.say("knowledge_crawl_kept", number=number))
    if why:
        raise ChatbotError("knowledge_crawl_failed", number=number, why=sentence)


def _failure(source: SourceReport, counts: dict[str, int]) -> tuple[str, str]:
    """Why nothing could be read, and of which address; empty if something could."""
    if not source.why and not any(counts.get(state) for state in ("read", "unchanged", "found")):
        for reason in source.reasons[:1]:
            return reason.why, reason.url
    return source.why, source.address
