"""Figures of a site: four numbers for two periods, a chart, pages, and a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from chatbot_server.storage.base import now
from chatbot_server.storage.owners.share_links import LASTING_DAYS, links_of
from chatbot_server.storage.site.sites import Site, find_site
from chatbot_server.storage.visitors.analytics import (
    AnswerCounts,
    Period,
    Satisfaction,
    answer_counts,
    answering_pages,
    busiest_pages,
    satisfaction,
    time_to_answer,
    timeline,
)
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.clock import Clock
from chatbot_server.web.admin.pages import AdminParts, admin_language, load_site, render
from chatbot_server.web.spreadsheet import csv_lines, download

PERIODS = (7, 30, 90)
WIDTH, HEIGHT = 720, 200  # of the chart, in its own units


@dataclass(frozen=True)
class Numbers:
    """The four numbers of a period; None if there is nothing to count."""

    counts: AnswerCounts
    thumbs: Satisfaction
    first_ms: int | None


@dataclass(frozen=True)
class Bar:
    """One day of the chart: two stacked parts, the answered one below."""

    x: float
    width: float
    answered: float
    unanswered: float
    date: date
    counts: AnswerCounts


def add_analytics(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of figures."""

    @bp.get(f"{PATH}/<key>/analytics")
    def analytics(key: str) -> Response:
        return show_analytics(parts, key)

    @bp.get(f"{PATH}/<key>/analytics.csv")
    def export_analytics(key: str) -> Response:
        length = _length()
        with parts.database.session() as session:
            site = find_site(session, key)
            clock = Clock(admin_language(), site.time_zone)
            period, _former = _periods(site, clock, length)
            step = clock.step_of_days(period.since, period.until)
            over_time = timeline(session, period, step)
            days = _days(over_time, clock, length)
        rows = [
            (day, counts.asked, counts.answered, counts.unanswered) for day, counts in days.items()
        ]
        name = f"analytics-{min(days)}-{max(days)}.csv"
        columns = ("day", "asked", "answered", "unanswered")
        return download(csv_lines(columns, rows, admin_language()), name)


def show_analytics(parts: AdminParts, key: str, *, status: int = 200, **values: Any) -> Response:
    """The page for whoever has an account, with the links that show it to others."""
    with parts.database.session() as session:
        site, sites = load_site(session, key)
        figures = figures_of(parts, session, site)
        links = links_of(session, site.id)
    return render(
        "visitors/analytics",
        status=status,
        site=site,
        sites=sites,
        links=links,
        lasting=LASTING_DAYS,
        **figures | {"link": ""} | values,
    )


def figures_of(parts: AdminParts, session: Session, site: Site) -> dict[str, Any]:
    """The figures of the requested days, without any text of visitors."""
    length = _length()
    clock = Clock(admin_language(), site.time_zone)
    period, former = _periods(site, clock, length)
    over_time = timeline(session, period, clock.step_of_days(period.since, period.until))
    days = _days(over_time, clock, length)
    # The period before may be erased already, if conversations are not kept for as long.
    retention = site.days_kept(parts.config.privacy.retention_days)
    before = None
    if retention >= 2 * length:
        before = _numbers(session, former)
    return {
        "length": length,
        "lengths": PERIODS,
        "since": min(days).isoformat(),
        "bars": _bars(days),
        "most": max(counts.asked for counts in days.values()),
        "numbers": _numbers(session, period),
        "before": before,
        "retention": retention,
        "pages": busiest_pages(session, period),
        "topics": answering_pages(session, period),
    }


def _length() -> int:
    """The number of days: one of three, whatever the address says."""
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


def _days(
    over_time: Mapping[int, AnswerCounts], clock: Clock, length: int
) -> dict[date, AnswerCounts]:
    """Questions by day for the last *length* days, including days without any."""
    today = clock.date_of(now())
    days = {today - timedelta(days=back): AnswerCounts() for back in reversed(range(length))}
    for moment, counts in over_time.items():
        day = clock.date_of(moment)
        days[day] = days.get(day, AnswerCounts()) + counts
    return days


def _numbers(session: Session, period: Period) -> Numbers:
    return Numbers(
        answer_counts(session, period),
        satisfaction(session, period),
        time_to_answer(session, period),
    )


def _bars(days: Mapping[date, AnswerCounts]) -> list[Bar]:
    step = WIDTH / len(days)
    scale = HEIGHT / (max(counts.asked for counts in days.values()) or 1)
    return [
        Bar(
            x=round(place * step + step * 0.1, 2),
            width=round(step * 0.8, 2),
            answered=round(counts.answered * scale, 2),
            unanswered=round(counts.unanswered * scale, 2),
            date=day,
            counts=counts,
        )
        for place, (day, counts) in enumerate(days.items())
    ]
