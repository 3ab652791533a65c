"""How a site's chatbot does: four numbers beside those of before, a chart, pages, a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from chatbot_server.storage.analytics import (
    Period,
    Satisfaction,
    busiest_pages,
    median_first_ms,
    quarter_hours,
    satisfaction,
)
from chatbot_server.storage.base import now
from chatbot_server.storage.sites import Site, find_site
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.clock import Clock
from chatbot_server.web.admin.pages import AdminParts, admin_language, load_site, render
from chatbot_server.web.spreadsheet import csv_lines, download

PERIODS = (7, 30, 90)
WIDTH, HEIGHT = 720, 200  # of the chart, in its own units


@dataclass
class Day:
    """Questions of the conversations that were begun on one day."""

    date: date
    answered: int = 0
    unanswered: int = 0

    @property
    def asked(self) -> int:
        """With an answer or an honest no."""
        return self.answered + self.unanswered


@dataclass(frozen=True)
class Numbers:
    """The four numbers of a period; None: there is nothing to count."""

    asked: int
    answered: int
    thumbs: Satisfaction
    first_ms: int | None

    @property
    def share(self) -> int | None:
        """Percent of the questions that were answered."""
        return round(100 * self.answered / self.asked) if self.asked else None


@dataclass(frozen=True)
class Bar:
    """One day of the chart: two stacked parts, the answered one below."""

    x: float
    width: float
    answered: float
    unanswered: float
    day: Day


def add_analytics(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of figures."""

    @bp.get(f"{PATH}/<key>/analytics")
    def analytics(key: str) -> Response:
        length = _length()
        with parts.database.session() as session:
            site, sites = load_site(session, key)
            clock = Clock(admin_language(), site.time_zone)
            period, former = _periods(site, clock, length)
            days = _days(session, period, clock, length)
            pages = busiest_pages(session, period)
            numbers = _numbers(session, period, days)
            # Conversations of before are gone where they are not kept for as long.
            retention = site.days_kept(parts.config.privacy.retention_days)
            is_kept = retention >= 2 * length
            earlier = _days(session, former, clock, 0) if is_kept else []
            before = _numbers(session, former, earlier) if is_kept else None
        return render(
            "analytics",
            site=site,
            sites=sites,
            length=length,
            lengths=PERIODS,
            since=days[0].date.isoformat(),
            days=days,
            bars=_bars(days),
            most=max(day.asked for day in days),
            numbers=numbers,
            before=before,
            retention=retention,
            pages=pages,
        )

    @bp.get(f"{PATH}/<key>/analytics.csv")
    def export_analytics(key: str) -> Response:
        length = _length()
        with parts.database.session() as session:
            site = find_site(session, key)
            clock = Clock(admin_language(), site.time_zone)
            days = _days(session, _periods(site, clock, length)[0], clock, length)
        rows = [(day.date, day.asked, day.answered, day.unanswered) for day in days]
        name = f"analytics-{days[0].date}-{days[-1].date}.csv"
        return download(csv_lines(("day", "asked", "answered", "unanswered"), rows), name)


def _length() -> int:
    """Days that are asked for: one of three, whatever the address says."""
    length = request.args.get("days", 0, int)
    return length if length in PERIODS else PERIODS[1]


def _periods(site: Site, clock: Clock, length: int) -> tuple[Period, Period]:
    """The last *length* days of the site, today included, and as many before them."""
    today = clock.date_of(now())
    first, before = (
        clock.start_of((today - timedelta(days=count * length - 1)).isoformat(), "days")
        for count in (1, 2)
    )
    return Period(site.id, first, now() + 1), Period(site.id, before, first)


def _days(session: Session, period: Period, clock: Clock, length: int) -> list[Day]:
    """What was asked by day; of the last *length* days also those on which nothing was."""
    today = clock.date_of(now())
    dates = [today - timedelta(days=back) for back in reversed(range(length))]
    days = {each: Day(each) for each in dates}
    for quarter in quarter_hours(session, period):
        day = days.setdefault(clock.date_of(quarter.moment), Day(clock.date_of(quarter.moment)))
        day.answered += quarter.answered
        day.unanswered += quarter.unanswered
    return list(days.values())


def _numbers(session: Session, period: Period, days: Sequence[Day]) -> Numbers:
    return Numbers(
        asked=sum(day.asked for day in days),
        answered=sum(day.answered for day in days),
        thumbs=satisfaction(session, period),
        first_ms=median_first_ms(session, period),
    )


def _bars(days: Sequence[Day]) -> list[Bar]:
    step = WIDTH / len(days)
    scale = HEIGHT / (max(day.asked for day in days) or 1)
    return [
        Bar(
            x=round(place * step + step * 0.1, 2),
            width=round(step * 0.8, 2),
            answered=round(day.answered * scale, 2),
            unanswered=round(day.unanswered * scale, 2),
            day=day,
        )
        for place, day in enumerate(days)
    ]
