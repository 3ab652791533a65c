"""The instructions to the model that a conversation begins with.

The start of a server needs them, and nothing else of this room, which takes a second to import.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatbot_server.messages import LANGUAGES, say
from chatbot_server.storage.site.sites import Site

MOST = 4


def instructions_of(site: Site, language: str) -> str:
    """The instructions to the model: the owner's, else the server's own."""
    return site.instructions or say("instructions", language, name=site.name)


def common_instructions(sites: Sequence[Site]) -> list[str]:
    """The instructions that conversations of the first *sites* begin with, without duplicates."""
    texts = (instructions_of(site, language) for site in sites for language in LANGUAGES)
    return list(dict.fromkeys(texts))[:MOST]
