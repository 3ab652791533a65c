"""Days of the week and their hours, in whatever language a page or file tells them."""

from __future__ import annotations

from chatbot_server.retrieval.language.languages import ALL_LANGUAGES
from chatbot_server.retrieval.language.time.weekdays import hours_by_day

LONGEST_DAYS = 80


def tells_hours(text: str) -> bool:
    """Whether *text* tells which hours hold on which days."""
    return bool(hours_by_day(text, ALL_LANGUAGES))


def names_days(text: str) -> bool:
    """Whether *text* is a day of the week, or several: “Monday”, “Mo–Fr”."""
    return len(text) <= LONGEST_DAYS and tells_hours(f"{text}: 9:00 – 17:00")
