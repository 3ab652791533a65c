"""What a line of opening hours tells of each day, and which moment a question names."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.language.time.moments import asks_when, find_moment
from chatbot_server.retrieval.language.time.seasons import parts_of_year
from chatbot_server.retrieval.language.time.weekdays import (
    hours_by_day,
    intervals,
    is_seasonal,
    months_of_heading,
)

MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6
MORNING, AFTERNOON = (540, 720), (840, 1080)


@pytest.mark.parametrize(
    ("line", "day", "hours", "opening"),
    [
        ("Monday to Friday 9am to 6pm, Sunday closed.", THURSDAY, "9am to 6pm", [(540, 1080)]),
        ("Monday to Friday 9am to 5.30pm, Sunday closed.", SUNDAY, "closed", []),
        ("Open every day 9am to 5pm, Sunday 10am to 4pm.", SUNDAY, "10am to 4pm", [(600, 960)]),
        ("- Jeudi — Matin : 9 h – 12 h ; Soir : 14 h – 18 h", THURSDAY, None, [MORNING, AFTERNOON]),
        ("- **Samedi — Matin : 9 h – 12 h ; Soir : fermé**", SATURDAY, None, [MORNING]),
        ("Mon–Fri 9:00–17:00, Sat 10:00–16:00", SATURDAY, "10:00–16:00", [(600, 960)]),
        ("Mardi, jeudi : 12 h – 14 h, 19 h – 22 h", THURSDAY, "12 h – 14 h, 19 h – 22 h", None),
        ("Du lundi au samedi de 9h30 à 19h.", MONDAY, "de 9h30 à 19h", [(570, 1140)]),
        ("Fermé le dimanche et le lundi.", MONDAY, "Fermé le dimanche et le lundi", []),
        ("9am to 5pm Monday to Friday.", MONDAY, "9am to 5pm Monday to Friday", [(540, 1020)]),
        ("Fridays and Saturdays, 9pm to 2am.", SATURDAY, "9pm to 2am", [(1260, 1560)]),
        ("Sunday — Bar: noon – 4pm", SUNDAY, None, [(720, 960)]),
        ("Saturdays from 12 noon to midnight.", SATURDAY, None, [(720, 1440)]),
        ("Jeudi de 9 h à midi", THURSDAY, None, [MORNING]),
        ("Jeudi — Midi : 12 h – 14 h", THURSDAY, None, [(720, 840)]),
        ("Jeudi — Après-midi : 14 h – 18 h", THURSDAY, None, [AFTERNOON]),
        ("Samedi 20h-minuit", SATURDAY, None, [(1200, 1440)]),
    ],
)  # fmt: skip
def test_a_line_tells_the_hours_of_its_days(
    line: str, day: int, hours: str | None, opening: list[tuple[int, int]] | None
) -> None:
    told = hours_by_day(line)[day]
    assert hours is None or told == hours
    assert opening is None or intervals(told) == opening


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("Monday to Friday 9am to 5pm.", SATURDAY),
        ("Tous les jours sauf le lundi de 10 h à 19 h.", MONDAY),
        ("Docteur Roux consulte le lundi, le mardi et le vendredi.", MONDAY),
        ("Le marché a lieu lundi 3 mars.", MONDAY),
        ("The sun sets at 9pm.", SUNDAY),
        ("Le dimanche, fermé à midi", SUNDAY),
        ("Monday " * 200, MONDAY),
        ("", MONDAY),
    ],
)
def test_what_is_not_told_of_a_day_is_not_read(line: str, day: int) -> None:
    assert day not in hours_by_day(line)


@pytest.mark.parametrize(
    "hours",
    ["from 9am", "12 h – 14 h, 13 h – 15 h", "de 11 h à 19 h ; fermé les jours de pluie", ""],
)
def test_where_hours_are_not_sure_nothing_is_made_of_them(hours: str) -> None:
    assert intervals(hours) is None


@pytest.mark.parametrize(
    ("heading", "months"),
    [
        ("Restaurant, de septembre à juin", {9, 10, 11, 12, 1, 2, 3, 4, 5, 6}),
        ("Summer (April to September)", {4, 5, 6, 7, 8, 9}),
        ("En juillet et août", {7, 8}),
        ("From 15 May to 30 September", set()),
        ("Opening hours", set()),
    ],
)
def test_a_heading_tells_its_months(heading: str, months: set[int]) -> None:
    assert months_of_heading(heading) == months
    assert is_seasonal(heading) == (heading != "Opening hours")


@pytest.mark.parametrize(
    ("question", "moment", "rest"),
    [
        ("Êtes-vous ouverts ce soir ?", "tonight", "Êtes-vous ouverts ?"),
        ("Are you open right now?", "now", "Are you open ?"),
        ("et demain matin ?", "tomorrow", "et ?"),
        ("ouvert après-demain ?", "after_tomorrow", "ouvert ?"),
        ("Do you know Mr Today-Smith?", None, "Do you know Mr Today-Smith?"),
        ("What is the price?", None, "What is the price?"),
    ],
)
def test_a_moment_is_taken_out_of_its_question(
    question: str, moment: str | None, rest: str
) -> None:
    assert find_moment(question) == (moment, rest)


@pytest.mark.parametrize("question", ["Guten Morgen!", "¿Abren por la mañana?", "today’s menu?"])
def test_what_only_looks_like_a_moment_is_none(question: str) -> None:
    assert find_moment(question, ("fr", "en", "es", "de")) == (None, question)


def test_tomorrow_is_understood_in_every_language() -> None:
    questions = ("¿Abren mañana?", "Haben Sie morgen offen?", "ouvert demain ?", "open tomorrow?")
    moments = [find_moment(question, ("fr", "en", "es", "de"))[0] for question in questions]
    assert moments == ["tomorrow"] * 4


def test_who_asks_for_a_date_is_understood() -> None:
    assert asks_when("C’est quand, la fête ?")
    assert not asks_when("How much is it?")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Horaires en été", {6, 7, 8}),
        ("La piscine a été rénovée, elle ouvre quand ?", set()),
        ("› Été (du 5 juillet au 29 août)", {6, 7, 8}),
        ("De mars à octobre", {3, 4, 5, 6, 7, 8, 9, 10}),
        ("November to February", {11, 12, 1, 2}),
        ("May I come in August?", {8}),
        ("le 3 mai", {5}),
        ("Ouvert le mar et le jeu", set()),
        ("Hors vacances scolaires", {"term"}),
        ("pendant les vacances scolaires", {"holidays"}),
        ("Les chèques-vacances", set()),
        ("Haute saison / basse saison", {"high", "low"}),
        ("term-time", {"term"}),
        ("in summer " * 1000, {6, 7, 8}),
    ],
)
def test_parts_of_the_year_are_named(text: str, parts: set[int | str]) -> None:
    assert parts_of_year(text) == parts
