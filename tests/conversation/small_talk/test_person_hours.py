"""When somebody answers is told in the time zone of the site."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from chatbot_server.conversation.small_talk.person_hours import when_answered
from chatbot_server.errors import UsageError
from chatbot_server.messages import typeset_french
from chatbot_server.storage.site.person_hours import hours_of
from chatbot_server.storage.site.sites import Site

HOURS = ["mon=9-12, 14:00–18:30", "fri=9h30 - 12h", "sat = 22:00-24:00"]


def site_of(**fields: object) -> Site:
    return Site(time_zone="Europe/Paris", person_hours=hours_of(HOURS), **fields)


@pytest.mark.parametrize(
    ("moment", "english", "french"),
    [
        ("2026-11-23 08:59", "today from 9:00", "aujourd’hui à partir de 9 h."),
        ("2026-11-23 10:00", "", ""),
        ("2026-11-23 12:00", "today from 14:00", "aujourd’hui à partir de 14 h."),
        ("2026-11-23 18:30", "on Friday from 9:30", "vendredi à partir de 9 h 30."),
        ("2026-11-27 12:00", "tomorrow from 22:00", "demain à partir de 22 h."),
        ("2026-11-28 23:59", "", ""),
        ("2026-11-29 00:00", "tomorrow from 9:00", "demain à partir de 9 h."),
    ],
)
def test_the_next_hours_are_told(moment: str, english: str, french: str) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Europe/Paris"))
    for language, words in (("en", english), ("fr", french)):
        sentence = when_answered(site_of(person_within="off"), language, now)
        assert bool(sentence) is bool(words)
        assert typeset_french(words) in sentence


def test_a_promise_is_made_in_the_hours_alone_and_only_where_the_owner_does() -> None:
    monday = datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Europe/Paris"))
    promise = "Somebody usually answers within the hour."
    assert when_answered(site_of(person_within="hour"), "en", monday) == promise
    assert "today" in when_answered(site_of(person_within="hour"), "en", monday.replace(hour=13))
    unsaid = Site(person_hours={}, person_within="off", time_zone=None)
    assert when_answered(unsaid, "en") == ""
    unsaid.person_within = "day"
    assert "jour ouvré" in when_answered(unsaid, "fr", monday)


def test_the_week_after_is_told_where_today_is_over() -> None:
    site = Site(person_hours=hours_of(["mon=9:00-10:00"]), person_within="off", time_zone=None)
    evening = datetime(2026, 11, 23, 20)  # noqa: DTZ001 - the server's own time
    assert when_answered(site, "en", evening) == "Somebody answers on Monday from 9:00."


@pytest.mark.parametrize(
    "text",
    [
        *("mon=9", "mon=12-9", "mon=9-12,11-13", "mon=9-25", "mon=9:60-10", "mon=" + "1-2," * 50),
        *("lun=9-12", "9-12", "mon=9-10,11-12,13-14,15-16,17-18", "mon=9-12x"),
    ],
)
def test_what_are_no_hours_is_said(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        hours_of([text])
    assert caught.value.sentence("fr") != caught.value.sentence("en")


def test_the_last_line_of_a_day_counts() -> None:
    assert hours_of(["tue=9-10", "mon=8-9", "tue=", "mon=10-11"]) == {"mon": "10:00-11:00"}
