"""What several verbs share: options such as ``--site`` and ``--json``, and how they print."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import click

from chatbot_server.cli.context import Context
from chatbot_server.errors import UsageError

# Numbers of rows, within the integers of every database.
NUMBER = click.IntRange(1, 2**31 - 1)
SITE = click.option("--site", "key", metavar="KEY", help="help_knowledge_site")
# Characters that JSON lets through and a reader cannot see, or that steer a terminal.
UNSEEN = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
JSON = click.option("--json", "as_json", is_flag=True, help="help_json")


class FilePath(click.Path):
    """A path. An empty word is refused: elsewhere it means the folder one is in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """*value* as a path."""
        if not str(value).strip():
            self.fail("misuse_no_file", param, ctx)
        return super().convert(value, param, ctx)


FILE = FilePath(path_type=Path)


def print_json(value: Any, indent: int | None = None) -> None:
    """Print *value* as JSON: one line, or several with an *indent*.

    What strangers wrote may be in it, and it may be printed at a terminal: what steers a terminal,
    is invisible or turns the direction of writing is escaped.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    click.echo(UNSEEN.sub(lambda match: json.dumps(match[0])[1:-1], text))


def fields_of(row: object, *names: str) -> dict[str, Any]:
    """The attributes of *row* with these *names*, as a JSON object."""
    return {name: getattr(row, name) for name in names}


def day_of(moment: float) -> str:
    """The day of *moment*, in Unix seconds, in this machine's time zone."""
    return time.strftime("%Y-%m-%d", time.localtime(moment))


def minute_of(moment: float) -> str:
    """The day and the minute of *moment*, in Unix seconds, in this machine's time zone."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def show_progress(text: str, *, is_last: bool = False) -> None:
    """Show *text* in place of the one before it, if there is a person at a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\r{text} ", nl=is_last, err=True)


def site_id_of(context: Context, key: str | None, which_site: str = "knowledge_which_site") -> int:
    """The id of the site *key*, else of the only site, else of the demo site.

    Args:
        which_site: the sentence that says how this verb names a site.

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
            names = ", ".join(f"{site.key} ({site.name})" for site in sites)
            raise UsageError(which_site, sites=names, key=sites[0].key)
        return (sites[0] if sites else demo_site(session)).id
