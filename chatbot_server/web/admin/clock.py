"""Days and times as the reader writes them, in the time zone of the site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from chatbot_server.errors import UsageError
from chatbot_server.messages import say

NEVER = "–"
HOUR = 3600


@dataclass(frozen=True)
class Clock:
    """Writes moments in *language*; *time_zone* is an IANA name, None for that of the server."""

    language: str
    time_zone: str | None = None

    def day(self, unix_seconds: int | None) -> str:
        """The date: “1 March 2026”, “1er mars 2026”."""
        if not unix_seconds:
            return NEVER
        return self.day_of_date(self.date_of(unix_seconds))

    def day_of_date(self, date: date) -> str:
        """The same of a *date*."""
        months = say("clock_months", self.language).split()
        number = say("clock_first", self.language) if date.day == 1 else str(date.day)
        return f"{number} {months[date.month - 1]} {date.year}"

    def moment(self, unix_seconds: int | None) -> str:
        """Date and time: “1 March 2026, 14:05”."""
        if not unix_seconds:
            return NEVER
        time = f"{self._local(unix_seconds):%H:%M}"
        return say("clock_moment", self.language, day=self.day(unix_seconds), time=time)

    def date_of(self, unix_seconds: int) -> date:
        """The day of the moment."""
        return self._local(unix_seconds).date()

    def start_of(self, text: str, field: str, *, days_later: int = 0) -> int:
        """The first moment of the day *text*, which a browser writes as ``2026-03-01``.

        Args:
            days_later: that of a later day; a day has 23 or 25 hours when the clock changes.

        Raises:
            UsageError: it is no day.
        """
        try:
            midnight = datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - the zone comes below
            midnight += timedelta(days=days_later)
            return int(midnight.replace(tzinfo=self._zone()).timestamp())
        except (ValueError, OverflowError):
            raise UsageError("date_wrong", field=field, found=text[:20]) from None

    def step_of_days(self, *moments: int) -> int:
        """The longest step in seconds that the start of each day around *moments* is a multiple of.

        An hour; less in time zones that differ from UTC by a part of an hour.
        """
        zone = self._zone()
        offsets = (self._local(moment).astimezone(zone).utcoffset() for moment in moments)
        is_hourly = not any((offset or timedelta()).seconds % HOUR for offset in offsets)
        return HOUR if is_hourly else HOUR // 4

    def _local(self, unix_seconds: int) -> datetime:
        return datetime.fromtimestamp(unix_seconds, self._zone())

    def _zone(self) -> ZoneInfo | None:
        return ZoneInfo(self.time_zone) if self.time_zone else None
