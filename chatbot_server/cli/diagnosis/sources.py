"""Sentences about the state of a source, for all verbs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chatbot_server.cli.context import Context
from chatbot_server.cli.diagnosis.checks import Check
from chatbot_server.retrieval.crawl.reasons import reason_sentence


def in_words(context: Context, why: str, url: str) -> str:
    """The sentence for *why*, about the page at *url*."""
    return reason_sentence(why, url, context.language, context.config.retrieval.page_bytes)


def is_nothing_left(source: Mapping[str, Any]) -> bool:
    """Whether a crawl has ended without any document to answer from."""
    is_crawl = source["kind"] in ("site", "page") and source["finished"] is not None
    return is_crawl and not source.get("documents", 1)


def check_source(context: Context, source: Mapping[str, Any]) -> Iterator[Check]:
    """Why all or part of a crawled source cannot be used for answers."""
    name = {"number": source["number"], "address": source["address"]}
    reasons = source["reasons"]
    whys = [(source["why"], source["address"])] if source["why"] else []
    whys += [(reason["why"], reason["url"]) for reason in reasons[:1]]
    browser_reasons = [reason for reason in reasons if reason["why"].startswith("browser_")]
    if is_nothing_left(source):
        why = in_words(context, *whys[0]) if whys else ""
        yield Check("source", False, context.say("doctor_nothing_left", **name, why=why).rstrip())
    elif browser_reasons:
        why = in_words(context, browser_reasons[0]["why"], browser_reasons[0]["url"])
        count = sum(reason["count"] for reason in browser_reasons)
        yield Check("source", False, context.say("doctor_scripts", **name, count=count, why=why))
