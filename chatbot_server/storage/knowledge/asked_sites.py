"""The site of each question, with the version of its index."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import JSON, Text, bindparam, func, select, type_coerce

from chatbot_server.errors import NotFound
from chatbot_server.storage.base import Base
from chatbot_server.storage.database import Database
from chatbot_server.storage.direct import DirectStatement
from chatbot_server.storage.knowledge.tables import KnowledgeState
from chatbot_server.storage.site.sites import Site

MOST_SITES = 1000  # some 5 KB each
_SITES = Base.metadata.tables[Site.__tablename__]
_STATES = Base.metadata.tables[KnowledgeState.__tablename__]
# Columns with JSON come as text, which is parsed only if it has changed.
_TEXTS = [
    type_coerce(column, Text) if isinstance(column.type, JSON) else column
    for column in _SITES.columns
]
_WITH_KEY = DirectStatement(
    select(*_TEXTS, func.coalesce(_STATES.c.version, 0))
    .select_from(_SITES)
    .outerjoin(_STATES, _STATES.c.site_id == _SITES.c.id)
    .where(_SITES.c.key == bindparam("key"))
)
_SITE = select(_SITES).where(_SITES.c.key == bindparam("key"))


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
        self._sites: dict[str, tuple[tuple[Any, ...], Site]] = {}

    def find(self, key: str) -> AskedSite:
        """The site with *key*.

        Raises:
            NotFound: there is none.
        """
        known_texts, site = self._sites.get(key, ((), None))
        with self._database.connection() as connection:
            row = _WITH_KEY.first(connection, {"key": key})
            texts = tuple(row[:-1]) if row else ()
            if texts != known_texts:
                columns = connection.execute(_SITE, {"key": key}).mappings().one_or_none()
                site = Site(**columns) if columns else None
        if row is None or site is None:
            raise NotFound("site_unknown", field="site", key=key[:60])
        if texts != known_texts:
            if len(self._sites) >= MOST_SITES:
                self._sites.clear()
            self._sites[key] = texts, site
        return AskedSite(site, row[-1])
