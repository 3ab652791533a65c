"""Sentences about the state of a source, for all verbs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chatbot_server.cli.context import Context
from chatbot_server.diagnosis.own_server import Check
from chatbot_server.retrieval.crawl.reasons import reason_sentence

if TYPE_CHECKING:
    from chatbot_server.retrieval.curate.listing import SourceReport


def in_words(context: Context, why: str, url: str) -> str:
    """The sentence for *why*, about the page at *url*."""
    return reason_sentence(why, url, context.language, context.config.retrieval.page_bytes)


def check_source(context: Context, source: SourceReport) -> Iterator[Check]:
    """Why all or part of a crawled source cannot be used for answers."""
    name = {"number": source.number, "address": source.address}
    whys = [(source.why, source.address)] if source.why else []
    whys += [(reason.why, reason.url) for reason in source.reasons[:1]]
    browser_reasons = [each for each in source.reasons if each.why.startswith("browser_")]
    if source.is_empty_crawl:
        why = in_words(context, *whys[0]) if whys else ""
        yield Check("source", False, context.say("doctor_nothing_left", **name, why=why).rstrip())
    elif browser_reasons:
        why = in_words(context, browser_reasons[0].why, browser_reasons[0].url)
        count = sum(reason.count for reason in browser_reasons)
        yield Check("source", False, context.say("doctor_scripts", **name, count=count, why=why))
