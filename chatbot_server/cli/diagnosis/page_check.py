"""``chatbot-server site test``: what keeps the chat from working on a page of the owner's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urljoin, urlsplit

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.diagnosis.checks import report_and_exit
from chatbot_server.cli.options import JSON
from chatbot_server.diagnosis.examine import Expected, examine
from chatbot_server.diagnosis.own_server import Check
from chatbot_server.diagnosis.page import MAX_CHARS, read_page
from chatbot_server.errors import ChatbotError
from chatbot_server.retrieval.crawl.fetch import Fetcher, FetchResponse
from chatbot_server.storage.site.settings import origin_of
from chatbot_server.storage.site.sites import find_site
from chatbot_server.web.middleware.origins import is_loopback
from chatbot_server.web.snippet import address_of, snippet_for
from chatbot_server.web.visitor.widget import loader_integrity

HTML = ("text/html", "application/xhtml+xml")
SECONDS = 20.0


@click.command("test", help="help_site_test")
@click.argument("key")
@click.argument("url")
@JSON
@click.pass_obj
def test(context: Context, /, key: str, url: str, as_json: bool) -> None:
    """Look at the page; exit 1 if anything is wrong."""
    page = url if "://" in url else f"https://{url}"
    origin_of(page)
    with context.database.session() as session:
        find_site(session, key)
    # A browser can tell more than a server.
    mark = "&" if urlsplit(page).query else "?"
    hint = context.say("diagnosis_browser", url=f"{page}{mark}chatbot-debug")
    report_and_exit(_check_page(context, key, page), as_json, hint)


def _check_page(context: Context, key: str, url: str) -> Iterator[Check]:
    server = address_of(context.config)
    # The owner named these two hosts, so they may be private; targets of redirects may not.
    own = [urlsplit(address).hostname or "" for address in (url, server)]
    with closing(Fetcher(private_hosts=own, max_bytes=MAX_CHARS)) as fetcher:
        for address in (url, server):
            fetcher.allow_port_of(address)
        try:
            status = fetcher.get(urljoin(server, "/widget.js"), seconds=SECONDS).status
            why = "" if status == 200 else f"HTTP {status}"
        except ChatbotError as error:
            why = error.sentence(context.language).rstrip(".")
        key_of_sentence = "diagnosis_server_away" if why else "diagnosis_server"
        yield Check("server", not why, context.say(key_of_sentence, server=server, why=why))
        try:
            answer = fetcher.get(url, seconds=SECONDS)
        except ChatbotError as error:
            yield Check("page", False, error.sentence(context.language))
            return
    if answer.status != 200 or answer.media_type not in HTML:
        values = {"url": answer.url, "status": answer.status, "type": answer.media_type or "?"}
        yield Check("page", False, context.say("diagnosis_page", **values))
        return
    yield from _examine(context, key, answer, server)


def _examine(context: Context, key: str, answer: FetchResponse, server: str) -> Iterator[Check]:
    origin = origin_of(answer.url)
    with context.database.session() as session:
        site = find_site(session, key)
        own = origin == origin_of(server) or (site.demo and is_loopback(origin))
        target = Expected(
            key=key,
            server=server,
            tag=snippet_for(address_of(context.config), site),
            origin=origin,
            allowed=own or site.allows(origin),
            integrity=loader_integrity(),
        )
    page = read_page(answer.url, answer.body.decode("utf-8", "replace"))
    policies = [answer.headers.get("content-security-policy", "")]
    for finding in examine(page, policies, target):
        name = finding.sentence.removeprefix("diagnosis_")
        yield Check(name, finding.ok, context.say(finding.sentence, **finding.values))
