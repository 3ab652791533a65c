"""When a person of the site answers, told to visitors who turn to one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from chatbot_server.messages import say
from chatbot_server.storage.site.person_hours import DAYS, intervals_of
from chatbot_server.storage.site.sites import Site


def time_at(site: Site) -> datetime:
    """The current time in the time zone of *site*."""
    return datetime.now(timezone.utc).astimezone(
        ZoneInfo(site.time_zone) if site.time_zone else None
    )


def when_answered(site: Site, language: str, moment: datetime | None = None) -> str:
    """A sentence about when a person answers; empty if the owner set no hours.

    Args:
        moment: the time in the site's time zone; None: now.
    """
    now = moment or time_at(site)
    within = site.person_within
    sentence_within = "" if within == "off" else say(f"person_within_{within}", language)
    if not site.person_hours:
        return sentence_within
    for days in range(8):
        weekday = (now + timedelta(days=days)).weekday()
        for start, end in intervals_of(site.person_hours.get(DAYS[weekday], "")):
            minute = now.hour * 60 + now.minute if days == 0 else -1
            if minute >= end:
                continue
            if minute >= start:
                return sentence_within
            name = say("day_names", language).split()[weekday]
            code = ("person_today", "person_tomorrow")[days] if days < 2 else "person_on_day"
            return say(code, language, day=name, time=time_of_day(start, language))
    return sentence_within


def time_of_day(minute: int, language: str) -> str:
    """The *minute* of a day as a time: “14:05”, “14 h 05”."""
    hour, rest = divmod(minute, 60)
    return say("person_clock" if rest else "person_hour", language, hour=hour, rest=rest)
