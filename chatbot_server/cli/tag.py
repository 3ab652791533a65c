"""Prints the tag to paste, and says where it would not work."""

from __future__ import annotations

import click

from chatbot_server.cli.context import Context
from chatbot_server.storage.site.sites import Site
from chatbot_server.web.middleware.origins import is_loopback
from chatbot_server.web.snippet import address_of, snippet_for


def show_tag(context: Context, site: Site) -> None:
    """Print the tag of *site*; on standard error, why its pages cannot load it yet."""
    address = address_of(context.config)
    click.echo(snippet_for(address, site))
    public = next((origin for origin in site.origins if not is_loopback(origin)), None)
    if public is None:
        return
    values = {"origin": public, "address": address, "key": site.key}
    if is_loopback(address):
        click.echo("\n" + context.say("tag_loopback", **values), err=True)
    elif public.startswith("https:") and address.startswith("http:"):
        click.echo("\n" + context.say("tag_insecure", **values), err=True)
