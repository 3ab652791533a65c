"""What is stored once per site: the version of its index, its topics, the secret for pushes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from chatbot_server.storage.base import Base, UnitOfWork
from chatbot_server.storage.direct import DirectStatement
from chatbot_server.storage.knowledge.tables import KnowledgeState
from chatbot_server.storage.site.sites import Site

# A site may get the number of an erased one. Its versions begin at a random number, so that a
# running server does not use what it remembers of the former site.
FIRST_VERSIONS = 2**30

# Built once: each question uses it several times, and building takes longer than running it.
_STATES = Base.metadata.tables[KnowledgeState.__tablename__]
_VERSION = select(_STATES.c.version).where(_STATES.c.site_id == bindparam("site"))
_TOPICS = select(_STATES.c.topics).where(_STATES.c.site_id == bindparam("site"))
_SITES = Base.metadata.tables[Site.__tablename__]
_STATE = DirectStatement(
    select(func.coalesce(_STATES.c.version, 0), _SITES.c.name, _SITES.c.time_zone)
    .select_from(_SITES.outerjoin(_STATES, _STATES.c.site_id == _SITES.c.id))
    .where(_SITES.c.id == bindparam("site"))
)


class SiteState(NamedTuple):
    """What answers from pages need to know of their site.

    Attributes:
        version: the version of its index, see :func:`index_version`.
        time_zone: an IANA name; None: that of the server.
    """

    version: int
    name: str
    time_zone: str | None


def site_state(unit: UnitOfWork, site_id: int) -> SiteState:
    """The state of a site; an empty one if it does not exist."""
    row = _STATE.first(unit, {"site": site_id})
    return SiteState(*row) if row else SiteState(0, "", None)


def index_version(unit: UnitOfWork, site_id: int) -> int:
    """A number that grows with each change of the site's index; 0 for one that was never filled."""
    return unit.scalar(_VERSION, {"site": site_id}) or 0


def bump_version(session: Session, site_id: int) -> None:
    """Increase the version of the site's index, which changes with this unit of work."""
    state = _open_state(session, site_id)
    if state.version:
        state.version = KnowledgeState.version + 1
    else:
        state.version = secrets.randbelow(FIRST_VERSIONS) + 1
    session.flush()


def topics_version(session: Session, site_id: int) -> int:
    """Of the index and the program that answered the site's topics; -1 before the first time."""
    version = session.scalar(
        select(KnowledgeState.topics_version).where(KnowledgeState.site_id == site_id)
    )
    return -1 if version is None else version


def put_topics(
    session: Session, site_id: int, version: int, topics: Mapping[str, Sequence[str]]
) -> None:
    """Replace the topics of the site, by language, the main one first."""
    state = _open_state(session, site_id)
    state.topics_version = version
    state.topics = {language: list(texts) for language, texts in topics.items()}


def topics_for(unit: UnitOfWork, site_id: int, *languages: str) -> tuple[list[str], str]:
    """The topics in the first of *languages* that the site has, else in its main one, and which
    language that is (empty where it is not known)."""
    topics: dict[str, list[str]] = unit.scalar(_TOPICS, {"site": site_id}) or {}
    by_language = ((topics[name], name) for name in (*languages, *topics) if topics.get(name))
    return next(by_language, ([], ""))


def push_secret(session: Session, site_id: int) -> str:
    """The secret that signs pushes of the site's CMS; empty if there is none."""
    return (
        session.scalar(select(KnowledgeState.push_secret).where(KnowledgeState.site_id == site_id))
        or ""
    )


def set_push_secret(session: Session, site_id: int, secret: str) -> None:
    """Replace the secret for pushes."""
    _open_state(session, site_id).push_secret = secret


def _open_state(session: Session, site_id: int) -> KnowledgeState:
    state = session.get(KnowledgeState, site_id)
    if state is None:
        state = KnowledgeState(site_id=site_id, version=0)
        session.add(state)
        session.flush()
    return state
