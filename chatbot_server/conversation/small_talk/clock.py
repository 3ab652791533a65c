"""The time and date of the site, told to a visitor who asks for them."""

from __future__ import annotations

from datetime import datetime

from chatbot_server.conversation.small_talk.person_hours import time_at, time_of_day
from chatbot_server.messages import say
from chatbot_server.storage.site.sites import Site


def what_time_it_is(site: Site, language: str, moment: datetime | None = None) -> str:
    """“It is 14:05 on Friday 27 November 2026 (Europe/Paris).”; *moment* None: it is now."""
    now = moment or time_at(site)
    return say(
        "about_clock",
        language,
        time=time_of_day(60 * now.hour + now.minute, language),
        day=say("day_names", language).split()[now.weekday()],
        date=f"{now.day} {say('month_names', language).split()[now.month - 1]} {now.year}",
        zone=site.time_zone or now.tzname(),
    )
