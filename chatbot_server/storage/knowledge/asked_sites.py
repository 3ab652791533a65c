"""The site of each question, with the version of its index."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select

from chatbot_server.errors import NotFound
from chatbot_server.storage.base import Base
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.tables import KnowledgeState
from chatbot_server.storage.site.sites import Site

MOST_SITES = 1000  # some 5 KB each
_SITES = Base.metadata.tables[Site.__tablename__]
_STATES = Base.metadata.tables[KnowledgeState.__tablename__]
_WITH_KEY = (
    select(_SITES, func.coalesce(_STATES.c.version, 0))
    .outerjoin(_STATES, _STATES.c.site_id == _SITES.c.id)
    .where(_SITES.c.key == bindparam("key"))
)


class AskedSite(NamedTuple):
    """A site, which belongs to no session and must not be changed, and its index version."""

    site: Site
    index_version: int


class AskedSites:
    """Reads a site with one statement, and makes a new object only if it has changed.

    Changes by any process are therefore visible at the next question.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        # By key: the columns as they were last read, and the object made of them.
        self._sites: dict[str, tuple[list[Any], Site]] = {}

    def find(self, key: str) -> AskedSite:
        """The site with *key*.

        Raises:
            NotFound: there is none.
        """
        with self._database.connection() as connection:
            row = connection.execute(_WITH_KEY, {"key": key}).one_or_none()
        if row is None:
            raise NotFound("site_unknown", field="site", key=key[:60])
        *values, version = row
        known_values, site = self._sites.get(key, ([], None))
        if site is None or values != known_values:
            site = Site(**dict(zip(_SITES.columns.keys(), values, strict=True)))
            if len(self._sites) >= MOST_SITES:
                self._sites.clear()
            self._sites[key] = values, site
        return AskedSite(site, version)
