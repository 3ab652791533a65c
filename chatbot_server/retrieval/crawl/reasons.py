"""Why a page or a site was not read, as a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from chatbot_server.messages import catalogue, say
from chatbot_server.retrieval.crawl.addresses import PrivateHosts


def is_allowed_now(why: str, private_hosts: Sequence[str]) -> bool:
    """Whether the settings allow by now what *why* says was refused: it is read next."""
    code, _, host = why.partition(" ")
    return code == "fetch_private" and (urlsplit(f"//{host}").hostname or "") in PrivateHosts(
        private_hosts
    )


def reason_sentence(why: str, url: str, language: str, page_bytes: int) -> str:
    """The sentence for *why* (see ``KnowledgeSource``), about the page at *url*.

    *page_bytes* is the size up to which pages are read.
    """
    code, _, about = why.partition(" ")
    if code not in catalogue():
        return why
    return say(
        code,
        language,
        url=url if code == "fetch_failed" else about or url,
        name=url,
        host=about or urlsplit(url).hostname or url,
        limit=page_bytes,
        why=about or "?",
    )
