"""Whether the place is open on days of the year: feasts, months, seasons and dates."""

from __future__ import annotations

import pytest
from support.sites.on_thursday import HOURS, base_of

from chatbot_server.storage.database import Database

CAMPING = (
    ("Quand sommes-nous ouverts ?", "Du 3 avril au 27 septembre 2027."),
    ("Réservations", "Les réservations ouvrent le 10 octobre."),
    ("Chiens", "Les chiens sont acceptés, tenus en laisse."),
)
CLINIC = (
    ("Horaires", "Du lundi au vendredi de 9 h à 18 h."),
    ("Fêtes de fin d’année", "Le cabinet sera fermé les 25 et 26 décembre."),
    ("L’été", "Du 1er au 25 août, le cabinet ferme à 16 h."),
)


@pytest.mark.parametrize(
    ("pages", "history", "question", "told"),
    [
        (CLINIC, (), "Vous êtes ouverts à Noël ?", "25 et 26 décembre"),
        (CLINIC, (), "are you open on christmas day?", "25 et 26 décembre"),
        (CLINIC, ("C’est ouvert le lundi en août ?",), "et à noël ?", "25 et 26 décembre"),
        (CAMPING, (), "Vous êtes ouverts à Noël ?", "3 avril au 27 septembre"),
        (CAMPING, (), "Vous êtes ouverts en octobre ?", "3 avril au 27 septembre"),
        (CAMPING, (), "êtes-vous ouverts le 14 juillet ?", "3 avril au 27 septembre"),
    ],
)
def test_days_of_the_year_are_told_by_dates_and_seasons(
    database: Database,
    site_id: int,
    pages: tuple[tuple[str, str], ...],
    history: tuple[str, ...],
    question: str,
    told: str,
) -> None:
    text = "\n\n".join(f"## {heading}\n\n{words}" for heading, words in pages)
    base = base_of(database, site_id, ("Infos pratiques", text))
    assert told in base.ground(site_id, question, history).answer.split("\n\n**")[0]


def test_a_day_of_which_nothing_is_told_is_not_answered_with_usual_hours(
    database: Database, site_id: int
) -> None:
    base = base_of(database, site_id, ("Hours", HOURS), ("Dogs", "Dogs are welcome on a lead."))
    assert not base.ground(site_id, "Are you open at Christmas?").answer


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("Are you open on 3 March?", "**Wednesday 3 March: 9am to 5pm**"),
        ("are you open on march 7th", "**Sunday 7 March: closed**"),
        ("What time do you close on the 6th of March 2027?", "**Saturday 6 March: 10am to 4pm**"),
        ("is the shop open on 2 dec?", "**Wednesday 2 December: 9am to 5pm**"),
    ],
)
def test_a_date_is_told_as_its_day_of_the_week(
    database: Database, site_id: int, question: str, line: str
) -> None:
    base = base_of(database, site_id, ("Hours", HOURS), ("Dogs", "Dogs are welcome on a lead."))
    assert base.ground(site_id, question).answer.startswith(f"{line}\n\n")


def test_a_date_is_told_in_french(database: Database, site_id: int) -> None:
    text = "Ouvert du lundi au vendredi de 9 h à 17 h, le samedi de 10 h à 16 h."
    answer = base_of(database, site_id, ("Horaires", text)).ground(
        site_id, "vous êtes ouverts le 1er avril ?"
    )
    assert answer.answer.startswith("**Jeudi 1er avril\u00a0: de 9 h à 17 h**\n\n")


def test_a_date_after_another_question_is_told_too(database: Database, site_id: int) -> None:
    base = base_of(database, site_id, ("Hours", HOURS), ("Dogs", "Dogs are welcome on a lead."))
    answer = base.ground(site_id, "and on 3 March?", ["Are you open on Sunday?"]).answer
    assert answer.startswith("**Wednesday 3 March: 9am to 5pm**")


WEEK = "Monday closed.\nTuesday to Friday 9am to 5pm.\nSaturday 10am to 4pm.\n"


@pytest.mark.parametrize(
    ("text", "question", "told"),
    [
        # where hours are uncertain, the day alone is told
        (f"{WEEK}From May to June we close an hour later.", "open on 3 March?", "3 March is a Wed"),
        # what is said of the date holds, and not the hours of the week
        (f"{WEEK}Works from 1 to 5 March: the shop rests.", "open on 3 March?", "Works from 1"),
        (f"{WEEK}In August the shop rests.", "are you open on 5 August?", "In August"),
    ],
)
def test_what_is_said_of_a_date_holds(
    database: Database, site_id: int, text: str, question: str, told: str
) -> None:
    base = base_of(database, site_id, ("Opening hours", text))
    answer = base.ground(site_id, question).answer
    assert told in answer
    assert "March: 9am" not in answer
    assert "August: 9am" not in answer


@pytest.mark.parametrize(
    ("of_other_days", "question", "begins"),
    [
        ("Closed from 24 December to 2 January.", "open today?", "**Today, Thursday: 9am to 5pm**"),
        ("Closed from 24 December to 2 January.", "open on 3 March?", "**Wednesday 3 March: 9am"),
        ("In December, Wednesday 2pm to 8pm.", "open on 3 March?", "**Wednesday 3 March: 9am"),
        ("Closed from 20 November to 2 December.", "open today?", "Open Monday"),
        ("From April to October, open until 8pm.", "open today?", "Open Monday"),
        ("Open until 8pm in summer.", "open today?", "Open Monday"),
    ],
)
def test_what_is_said_of_other_days_leaves_the_hours_of_this_one(
    database: Database, site_id: int, of_other_days: str, question: str, begins: str
) -> None:
    base = base_of(database, site_id, ("Hours", f"{HOURS} {of_other_days}"))
    assert base.ground(site_id, question).answer.replace("**Open", "Open").startswith(begins)


def test_what_is_said_of_a_date_is_set_in_bold(database: Database, site_id: int) -> None:
    text = f"{WEEK}Works from 1 to 5 March: the shop rests. Dogs may wait in the yard, by the well."
    base = base_of(database, site_id, ("Opening hours", text))
    answer = base.ground(site_id, "Are you open on 3 March?").answer
    assert "**Works from 1 to 5 March: the shop rests.**" in answer
    assert "Monday closed." in answer


@pytest.mark.parametrize("question", ["open on 29 March?", "open on 24 December?", "open 1 May?"])
def test_on_holidays_no_usual_hours_are_told(
    database: Database, site_id: int, question: str
) -> None:
    base = base_of(database, site_id, ("Hours", HOURS))
    answer = base.ground(site_id, question).answer
    assert not any(month in answer.split("9am")[0] for month in ("March", "December", "May"))


def test_a_season_of_something_else_tells_nothing_about_opening(
    database: Database, site_id: int
) -> None:
    menu = "Cakes and coffee from the opening on.\n\n- Soup of the week, 6 €, October to April"
    base = base_of(database, site_id, ("Opening hours", HOURS), ("Café", menu))
    answer = base.ground(site_id, "Are you open on 10 March?").answer
    assert answer.startswith("**Wednesday 10 March: 9am to 5pm**")
