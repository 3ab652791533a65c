"""The tag that an owner pastes into a page."""

from __future__ import annotations

from chatbot_server.config import Config
from chatbot_server.storage.site.settings import POSITIONS
from chatbot_server.storage.site.sites import DEFAULT_COLOR, Site


def snippet_for(address: str, site: Site) -> str:
    """The tag that shows the bubble, from the server at *address*.

    It includes colour and corner because nothing is requested before a visitor's first tap, and the
    address a second time because optimisers serve copies of the loader from other addresses.
    """
    looks = f' data-color="{site.color}"' if site.color != DEFAULT_COLOR else ""
    looks += f' data-position="{site.position}"' if site.position != POSITIONS[0] else ""
    source = f'src="{address}/widget.js" data-base="{address}/"'
    return f'<script async {source} data-site="{site.key}"{looks}></script>'


def address_of(config: Config) -> str:
    """Where pages find this server, without a slash at the end."""
    return str(config.server.public_url or config.server.local_address).rstrip("/")
