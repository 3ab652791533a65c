"""What is stored once for each site: the version of its index, and its secret for pushes."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from chatbot_server.storage.base import Base, UnitOfWork
from chatbot_server.storage.knowledge.tables import KnowledgeState
from chatbot_server.storage.site.sites import Site

# A site may get the number of one that was erased: its versions begin somewhere else, so that
# nothing that a running server remembers of the former one is taken for its own.
FIRST_VERSIONS = 2**30

# Made once: each question asks for it several times, and making a statement takes longer than it.
_STATES = Base.metadata.tables[KnowledgeState.__tablename__]
_VERSION = select(_STATES.c.version).where(_STATES.c.site_id == bindparam("site"))
_SITES = Base.metadata.tables[Site.__tablename__]
_STATE = (
    select(func.coalesce(_STATES.c.version, 0), _SITES.c.name, _SITES.c.time_zone)
    .select_from(_SITES.outerjoin(_STATES, _STATES.c.site_id == _SITES.c.id))
    .where(_SITES.c.id == bindparam("site"))
)


class SiteState(NamedTuple):
    """What answers from pages need to know of their site.

    Attributes:
        version: of its index, see :func:`index_version`.
        time_zone: IANA's name of it; None: the server's.
    """

    version: int
    name: str
    time_zone: str | None


def site_state(unit: UnitOfWork, site_id: int) -> SiteState:
    """That of a site; of one that is not there, an empty one."""
    row = unit.execute(_STATE, {"site": site_id}).one_or_none()
    return SiteState(*row) if row else SiteState(0, "", None)


def index_version(unit: UnitOfWork, site_id: int) -> int:
    """A number that grows with each change of the site's index; 0: nothing was ever in it."""
    return unit.scalar(_VERSION, {"site": site_id}) or 0


def bump_version(session: Session, site_id: int) -> None:
    """The site's index changes with this unit of work."""
    state = _open_state(session, site_id)
    if state.version:
        state.version = KnowledgeState.version + 1
    else:
        state.version = secrets.randbelow(FIRST_VERSIONS) + 1
    session.flush()


def push_secret(session: Session, site_id: int) -> str:
    """The secret that signs what the site's CMS sends; empty: none was made."""
    return (
        session.scalar(select(KnowledgeState.push_secret).where(KnowledgeState.site_id == site_id))
        or ""
    )


def set_push_secret(session: Session, site_id: int, secret: str) -> None:
    """Accept *secret*, and no longer the former one."""
    _open_state(session, site_id).push_secret = secret


def _open_state(session: Session, site_id: int) -> KnowledgeState:
    state = session.get(KnowledgeState, site_id)
    if state is None:
        state = KnowledgeState(site_id=site_id, version=0)
        session.add(state)
        session.flush()
    return state
