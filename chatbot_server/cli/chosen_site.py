"""The site that a verb works on."""

from __future__ import annotations

import click

from chatbot_server.cli.context import Context
from chatbot_server.errors import UsageError

SITE = click.option("--site", "key", metavar="KEY", help="help_knowledge_site")


def site_id_of(context: Context, key: str | None) -> int:
    """The id of the site named, else of the only one there is, else of the demo's.

    Raises:
        NotFound: no site has this key.
        UsageError: there are several, and none was named.
    """
    from chatbot_server.storage.site.sites import all_sites, demo_site, find_site

    with context.database.session() as session:
        if key is not None:
            return find_site(session, key).id
        sites = [site for site in all_sites(session) if not site.demo]
        if len(sites) > 1:
            raise UsageError("knowledge_which_site", keys=", ".join(site.key for site in sites))
        return (sites[0] if sites else demo_site(session)).id
