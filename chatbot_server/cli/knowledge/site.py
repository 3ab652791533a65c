"""What the verbs of ``knowledge`` say about a site, and how they search it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from chatbot_server.cli.context import Context

if TYPE_CHECKING:
    from chatbot_server.retrieval.answer.service import KnowledgeBase


def mention_demo(context: Context) -> None:
    """Say whose answers have changed, if only the demo site exists."""
    from chatbot_server.storage.site.sites import all_sites

    with context.database.session() as session:
        only_demo = all(site.demo for site in all_sites(session))
    if only_demo:
        click.echo(context.say("knowledge_of_demo"))


def has_pages(context: Context, site_id: int) -> bool:
    """Whether the site has anything to answer from."""
    from chatbot_server.storage.knowledge.documents import has_documents

    with context.database.session() as session:
        return has_documents(session, site_id)


def mention_no_pages(context: Context, site_id: int, *, was_read: bool) -> None:
    """Say what visitors get if the site has nothing to answer from.

    Args:
        was_read: a source of it has been read, without success.
    """
    from chatbot_server.storage.site.sites import Site

    if has_pages(context, site_id):
        return
    with context.database.session() as session:
        site = session.get_one(Site, site_id)
        sentence = "knowledge_silent" if was_read else "site_no_pages"
        sentence = "site_free_chat" if site.free_chat else sentence
        click.echo(context.say(sentence, key=site.key, address=site.address))


def mention_demo_sources(context: Context, site_id: int) -> None:
    """Say where to find what was added before the owner's first site existed."""
    from chatbot_server.storage.knowledge.sources import sources_of
    from chatbot_server.storage.site.sites import demo_site

    with context.database.session() as session:
        demo = demo_site(session)
        if demo.id != site_id and sources_of(session, demo.id):
            click.echo(context.say("knowledge_demo_has", key=demo.key))


def knowledge_base(context: Context) -> closing[KnowledgeBase]:
    """A knowledge base as visitors use it; its process ends with the block."""
    from chatbot_server.retrieval.answer.service import KnowledgeBase
    from chatbot_server.retrieval.index.embedder import make_embedder

    config = context.config
    embedder = make_embedder(config.retrieval.semantic, config.encoder_dir)
    return closing(KnowledgeBase(context.database, embedder))


def embed(context: Context) -> None:
    """Embed at once, as somebody waits at a terminal anyway."""
    from chatbot_server.retrieval.curate.jobs import embed_waiting
    from chatbot_server.service.children import call_job

    with knowledge_base(context) as base:
        embed_waiting(base)
    call_job(context.config.run_dir, "embed")  # a running server asks golden questions again
