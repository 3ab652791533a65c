"""When somebody of the site answers: its hours, told to a visitor who turns to a person."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chatbot_server.messages import say
from chatbot_server.storage.person_hours import DAYS, intervals_of
from chatbot_server.storage.sites import Site


def when_answered(site: Site, language: str, moment: datetime | None = None) -> str:
    """One sentence about when somebody answers; empty: the owner has said nothing of it.

    *moment*: in the time zone of the site; None: this one.
    """
    now = moment or datetime.now(ZoneInfo(site.time_zone) if site.time_zone else None)
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
            hour, rest = divmod(start, 60)
            time = say("person_clock" if rest else "person_hour", language, hour=hour, rest=rest)
            return say(code, language, day=name, time=time)
    return sentence_within
