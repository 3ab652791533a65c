"""Sites: what the owner of a page decides about its chatbot."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import String, Text, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chatbot_server.errors import NotFound
from chatbot_server.storage.base import Base, JsonObject, Texts, UnitOfWork, UnixSeconds, now

DEFAULT_COLOR = "#1d4ed8"
DEFAULT_SILENCE_HOURS = 4
SEEN_SECONDS = 24 * 3600  # not written more often than this


class Site(Base):
    """One chatbot on one or more pages.

    Attributes:
        key: the public name in the page's tag; not a secret.
        origins: who may embed it, e.g. ``https://example.org``; none by default.
        words: greeting and notice, each ``{language: text}``; ``*`` is any language.
        suggestions: ``{language: [question, …]}``.
        offers_topics: whether topics of the pages are suggested where there are no *suggestions*.
        retention_days: how long conversations are kept; None: as long as the server allows.
        contact_mail: when messages to a person go by e-mail: ``each``, ``daily`` or ``off``.
        silence_hours: how long the chatbot leaves a conversation to the person who wrote in it.
        seen, seen_on: when a page of the owner's own site showed the chat last, to the day, and
            its origin.
        person_hours: hours in which a person answers, ``{"mon": "9:00-12:00, 14:00-18:00"}``.
        person_within: how soon a person answers in these hours: ``minutes``, ``hour`` or ``day``;
            ``off``: visitors are not told.
        time_zone: an IANA name, which decides what “today” means; None: that of the server.
        instructions: the model's system prompt; empty: the server's own.
        free_chat: whether the model may answer from its own knowledge while there are no pages.
        country: the country of the visitors (ISO 3166); None: guessed from language and addresses.
    """

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    created: Mapped[UnixSeconds] = mapped_column(default=now)
    demo: Mapped[bool] = mapped_column(default=False)
    origins: Mapped[Texts] = mapped_column(default=list)
    language: Mapped[str | None] = mapped_column(String(10))
    color: Mapped[str] = mapped_column(String(7), default=DEFAULT_COLOR)
    position: Mapped[str] = mapped_column(String(12), default="bottom-right")
    words: Mapped[JsonObject] = mapped_column(default=dict)
    suggestions: Mapped[JsonObject] = mapped_column(default=dict)
    offers_topics: Mapped[bool] = mapped_column(default=True)
    instructions: Mapped[str] = mapped_column(Text, default="")
    contact_email: Mapped[str | None] = mapped_column(String(254))
    contact_url: Mapped[str | None] = mapped_column(String(500))
    policy_url: Mapped[str | None] = mapped_column(String(500))
    contact_mail: Mapped[str] = mapped_column(String(5), default="each")
    silence_hours: Mapped[int] = mapped_column(default=DEFAULT_SILENCE_HOURS)
    seen: Mapped[UnixSeconds | None]
    seen_on: Mapped[str | None] = mapped_column(String(300))
    person_hours: Mapped[JsonObject] = mapped_column(default=dict)
    person_within: Mapped[str] = mapped_column(String(8), default="off")
    free_chat: Mapped[bool] = mapped_column(default=False)
    country: Mapped[str | None] = mapped_column(String(2))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    retention_days: Mapped[int | None]

    def days_kept(self, most: int) -> int:
        """How many days conversations are kept, if the server allows *most*."""
        return most if self.retention_days is None else min(self.retention_days, most)

    def word(self, name: str, language: str) -> str | None:
        """The owner's wording of *name*, if there is one for *language* or for all."""
        texts: dict[str, str] = self.words.get(name, {})
        return texts.get(language) or texts.get("*")

    def suggested(self, language: str) -> list[str]:
        """The questions offered to a visitor who has not asked yet."""
        return list(self.suggestions.get(language) or self.suggestions.get("*") or ())

    def note_seen(self, origin: str) -> None:
        """Note that a page of *origin* showed the chat; stored once a day."""
        if (self.seen or 0) < now() - SEEN_SECONDS:
            self.seen, self.seen_on = now(), origin[:300]

    def allows(self, origin: str) -> bool:
        """Whether a page of *origin* may talk to this chatbot."""
        return origin.lower() in self.origins

    @property
    def address(self) -> str:
        """The first page that has the chat, or one that stands for it in an example."""
        return address_among(self.origins)


_WITH_KEY = select(Site).where(Site.key == bindparam("key"))  # made once


def address_among(origins: Sequence[str]) -> str:
    """The first of *origins*, or an address that stands for it in an example."""
    return origins[0] if origins else "https://example.org"


def find_site(session: Session, key: str) -> Site:
    """The site with *key*.

    Raises:
        NotFound: there is none.
    """
    site = session.scalar(_WITH_KEY, {"key": key})
    if site is None:
        raise NotFound("site_unknown", field="site", key=key[:60])
    return site


def name_of_site(unit: UnitOfWork, site_id: int) -> str:
    """The name of the site; empty if it is gone."""
    return str(unit.execute(select(Site.name).where(Site.id == site_id)).scalar() or "")


def all_sites(session: Session) -> Sequence[Site]:
    """Every site, oldest first."""
    return session.scalars(select(Site).order_by(Site.id)).all()


def sites_in_order(session: Session) -> list[Site]:
    """Every site, the owner's own before those of the demo."""
    return sorted(all_sites(session), key=lambda site: (site.demo, site.id))


def add_site(session: Session, name: str, *, demo: bool = False) -> Site:
    """A new site with a fresh key, allowing no origin yet."""
    site = Site(key=secrets.token_urlsafe(9).replace("-", "x").replace("_", "y"), name=name)
    site.demo = demo
    session.add(site)
    session.flush()
    return site


def demo_site(session: Session) -> Site:
    """The site of the server's own demo page; created on first use.

    If two first uses at the same moment have created two, everybody gets the older one.
    """
    site = session.scalar(select(Site).where(Site.demo).order_by(Site.id).limit(1))
    return site or add_site(session, "Demo", demo=True)


def playground_site(session: Session) -> Site:
    """The demo page's second site, without pages, where the model writes freely."""
    others = select(Site).where(Site.demo, Site.id != demo_site(session).id)
    site = session.scalar(others.order_by(Site.free_chat.desc(), Site.id).limit(1))
    if site is None:
        site = add_site(session, "Playground", demo=True)
        site.free_chat = True
    return site
