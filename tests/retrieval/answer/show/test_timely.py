"""“Open today?”: the line of the day first, and what has passed told as passed."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from support.sites.on_thursday import HOURS, base_of

from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.show import ordering
from chatbot_server.retrieval.answer.show.hours_asked import at_time
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import Site


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("Are you open today?", "**Today, Thursday: 9am to 5pm** (open now)\n\n"),
        ("Are you open now?", "**Today, Thursday: 9am to 5pm** (open now)\n\n"),
        ("Are you open tonight?", "**Today, Thursday: 9am to 5pm** (closed this evening)\n\n"),
        ("Are you open tomorrow?", "**Tomorrow, Friday: 9am to 5pm**\n\n"),
        ("open the day after tomorrow?", "**The day after tomorrow, Saturday: 10am to 4pm**"),
    ],
)  # fmt: skip
def test_the_line_of_the_day_stands_first(
    database: Database, site_id: int, question: str, line: str
) -> None:
    answer = base_of(database, site_id, ("Hours", HOURS)).ground(site_id, question)
    assert answer.answer.startswith(line)
    assert answer.answer.endswith(HOURS)
    assert not answer.lasting  # in an hour it is another


PLACES = """\
| | Shop | Café |
|---|---|---|
| Monday to Wednesday | closed | closed |
| Thursday, Friday | 9am to 5pm | 10am to 3pm |
"""


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("Is the café open today?", "**Today, Thursday — Café: 10am to 3pm**"),
        ("Is the shop open today?", "**Today, Thursday — Shop: 9am to 5pm** (open now)"),
        ("Are you open today?", "**Today, Thursday — Shop: 9am to 5pm; Café: 10am to 3pm**\n"),
    ],
)
def test_of_several_places_the_hours_of_the_named_ones_are_told(
    database: Database, site_id: int, question: str, line: str
) -> None:
    base = base_of(database, site_id, ("Opening hours", PLACES))
    assert base.ground(site_id, question).answer.startswith(line)


def test_the_time_is_that_of_the_site(database: Database, site_id: int) -> None:
    base = base_of(database, site_id, ("Hours", HOURS))
    with database.session() as session:
        session.get_one(Site, site_id).time_zone = "Asia/Tokyo"  # half past midnight
    assert (
        "Today, Friday: 9am to 5pm** (closed now)"
        in base.ground(site_id, "Are you open now?").answer
    )


def test_the_same_is_asked_of_another_day(database: Database, site_id: int) -> None:
    base = base_of(database, site_id, ("Hours", HOURS))
    answer = base.ground(site_id, "and tomorrow?", ["Are you open today?"]).answer
    assert answer.startswith("**Tomorrow, Friday: 9am to 5pm**")


@pytest.mark.parametrize(
    "hours",
    [
        "In July we are open Monday to Friday 9am to 5pm.",
        "Summer: open Monday to Friday 9am to 5pm.",
        "Open Monday to Friday. Ask us when.",
        "Lunch is open Monday to Friday 12am to 2pm. Dinner is open Monday to Friday 7pm to 10pm.",
    ],
)
def test_what_is_not_sure_is_only_quoted(database: Database, site_id: int, hours: str) -> None:
    answer = base_of(database, site_id, ("Hours", hours)).ground(site_id, "Are you open today?")
    assert answer.status == "quoted"
    assert "Thursday" not in answer.answer
    assert "now" not in answer.answer


@pytest.mark.parametrize(
    ("hours", "state"),
    [
        ("Fermé les jours fériés.", " (ouvert en ce moment, sauf si c’est un jour férié)"),
        ("Fermeture exceptionnelle pour travaux.", ""),
    ],
)
def test_on_days_of_holidays_nobody_simply_says_that_it_is_open(
    database: Database, site_id: int, hours: str, state: str
) -> None:
    text = f"Ouvert du lundi au vendredi de 9h à 17h. {hours}"
    answer = base_of(database, site_id, ("Horaires", text)).ground(site_id, "ouvert aujourd’hui ?")
    assert answer.answer.startswith(f"**Aujourd’hui, jeudi\u00a0: de 9h à 17h**{state}\n\n")


def test_bank_holidays_are_no_season(database: Database, site_id: int) -> None:
    text = f"{HOURS} Closed on bank holidays."
    answer = base_of(database, site_id, ("Hours", text)).ground(site_id, "Are you open today?")
    assert "(open now, unless today is a public holiday)" in answer.answer


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("La fête a lieu le 14 juin 2025.", "Cette date est passée\u00a0: 14 juin 2025.\n\n"),
        ("La fête a lieu le 14 juin 2027.", ""),
        ("La fête a lieu le 14 juin 2025, puis le 3 juin 2027.", ""),
        ("La fête a lieu le 14 juin.", ""),
        ("La première fête a eu lieu le 14 juin 1925.", ""),
    ],
)
def test_a_date_that_has_passed_is_said_to_have_passed(
    database: Database, site_id: int, text: str, note: str
) -> None:
    base = base_of(database, site_id, ("Fête", text))
    assert base.ground(site_id, "Quand est la fête ?").answer == f"{note}{text}"
    assert "passée" not in base.ground(site_id, "la fête").answer


@pytest.mark.parametrize(("words", "is_passed"), [("Publié le", False), ("C’était le", True)])
def test_the_date_of_a_text_is_none_that_passes(
    database: Database, site_id: int, words: str, is_passed: bool
) -> None:
    text = f"{words} 14 juin 2025.\n\nLa fête a lieu au parc, quand il fait beau."
    answer = base_of(database, site_id, ("Fête", text)).ground(site_id, "Quand est la fête ?")
    assert "fête a lieu" in answer.answer
    assert ("passée" in answer.answer) is is_passed


def test_without_a_subject_the_hours_of_most_days_come_first(
    database: Database, site_id: int
) -> None:
    days = ("Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi", "Samedi")
    text = (
        "## Prises de sang\n\nDu lundi au vendredi de 7 h à 9 h 30, sans rendez-vous, à jeun si "
        "votre ordonnance le demande. Pas de prise de sang le samedi.\n\n## Accueil\n\n"
    ) + "\n".join(f"- {day} : 8 h – 19 h" for day in days)
    base = base_of(database, site_id, ("Horaires", text))
    general = base.ground(site_id, "Horaires aujourd’hui ?").answer
    assert general.startswith("**Accueil**\n\n**Aujourd’hui, jeudi\u00a0: 8 h – 19 h** (ouvert")
    assert base.ground(site_id, "C’est quoi vos horaires ?").answer.startswith("**Accueil**")
    named = base.ground(site_id, "Horaires des prises de sang aujourd’hui ?").answer
    assert named.startswith("**Prises de sang**")


def test_a_section_that_only_names_the_day_does_not_come_before_its_hours(
    database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordering, "NEAR_ENOUGH", 0.1)
    closed = "We open 10 to 2. On Christmas Day and Easter Sunday the doors stay locked: not open."
    base = base_of(database, site_id, ("Open on Sunday", closed), ("Swim", HOURS))
    assert base.ground(site_id, "Are you open on Sunday?").answer.startswith("**Swim**")


def test_the_hours_of_the_place_come_before_what_else_opens(
    database: Database, site_id: int
) -> None:
    rows = "- Lundi — Matin : 8 h – 12 h\n- Jeudi — Matin : 8 h – 12 h ; Après-midi : fermé"
    base = base_of(
        database,
        site_id,
        ("Prendre rendez-vous", "En ligne, les créneaux s’ouvrent chaque matin à 7 h."),
        ("Accueil", f"## Horaires d’ouverture\n\n{rows}"),
    )
    answer = base.ground(site_id, "Vous êtes ouverts maintenant ?").answer
    assert "**Aujourd’hui, jeudi — Matin : 8 h – 12 h ; Après-midi : fermé**" in answer
    assert answer.index("jeudi") < len("**Accueil › Horaires d’ouverture**\n") + 40


def test_of_the_days_of_these_weeks_the_day_that_is_named_is_told(
    database: Database, site_id: int
) -> None:
    answer = base_of(database, site_id, ("Hours", HOURS)).ground(
        site_id, "Are you open on Saturdays at the moment?"
    )
    assert answer.answer == HOURS
    assert answer.lasting


OUVERT = "Ouvert du lundi au vendredi de 9h à 17h, samedi de 10h à 16h, dimanche fermé."


@pytest.mark.parametrize(
    ("question", "hours", "line"),
    [
        ("Which days are you NOT open?", HOURS, "**Closed: Sunday.**\n\n"),
        ("When are you closed?", HOURS, "**Closed: Sunday.**\n\n"),
        ("Which days aren't you open?", HOURS, "**Closed: Sunday.**\n\n"),
        ("Quels jours êtes-vous fermés ?", OUVERT, "**Fermé\u00a0: dimanche.**\n\n"),
        ("Quels jours n’êtes-vous pas ouverts ?", OUVERT, "**Fermé\u00a0: dimanche.**\n\n"),
        ("Quels jours le cabinet est-il fermé ?", OUVERT, "**Fermé\u00a0: dimanche.**\n\n"),
        ("Which days is the shop not open?", HOURS, "**Closed: Sunday.**\n\n"),
        ("When do you close?", HOURS, ""),
        ("Which days are you open?", HOURS, ""),
        ("When are you not closed?", HOURS, ""),
    ],
)
def test_when_it_is_not_open_is_told_from_the_hours(
    database: Database, site_id: int, question: str, hours: str, line: str
) -> None:
    parcels = ("Click and collect", "Order online, then fetch your parcel on the day you choose.")
    base = base_of(database, site_id, ("Hours", hours), parcels)
    assert base.ground(site_id, question).answer == f"{line}{hours}"


@pytest.mark.parametrize(
    ("hours", "line"),
    [
        (
            "Open Monday to Friday 9am to 5pm.",
            "**No opening hours are given for: Saturday, Sunday.**\n\n",
        ),
        ("Closed on Monday.", "**Closed: Monday.**\n\n"),
        ("In July we are closed on Monday.", ""),
        ("The shop is closed on Monday. The workshop is closed Monday and Sunday.", ""),
    ],
)
def test_only_days_that_are_surely_closed_are_said_to_be(
    database: Database, site_id: int, hours: str, line: str
) -> None:
    base = base_of(database, site_id, ("Opening hours", hours))
    assert base.ground(site_id, "Which days are you closed?").answer == f"{line}{hours}"


def test_the_address_of_the_place_is_no_host_s(database: Database, site_id: int) -> None:
    base = base_of(
        database,
        site_id,
        ("Mentions légales", "Notre adresse : hébergement du Golfe, 3 rue du Port, 56000 Vannes."),
        ("Venir", "Le restaurant : 12 quai des Indes, 56340 Kermorvan."),
    )
    answer = base.ground(site_id, "Quelle est votre adresse ?").answer
    assert "12 quai des Indes" in answer
    assert not answer.startswith("**Mentions")


def test_a_day_that_is_named_is_meant_and_not_this_one(database: Database, site_id: int) -> None:
    base = base_of(database, site_id, ("Hours", HOURS))
    answer = base.ground(site_id, "Are you open on Sunday now?").answer
    assert "Today" not in answer
    assert "Sunday closed" in answer


def test_what_a_query_means_depends_on_when_it_is_asked_and_leaves_the_query_as_it_is() -> None:
    query = Query("What are your hours?").at_moment("tomorrow")
    thursday, friday = (datetime(2026, 3, day, 23, 30, tzinfo=timezone.utc) for day in (5, 6))
    meant = [at_time(query, now, "UTC").days for now in (thursday, friday)]
    assert meant == [{4}, {5}]
    assert at_time(query, thursday, "Europe/Paris").days == {5}  # where it is Friday by now
    assert (query.days, query.moment) == (frozenset(), None)
    contradicted = Query("Are you open on Sundays?").at_moment("now")
    assert at_time(contradicted, thursday, "UTC").moment is None
