"""Of a table, the row that is asked about is told, not its neighbours."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from chatbot_server.retrieval.answer.search.query import ParsedText, Query
from chatbot_server.retrieval.answer.sections.rows import rows_left_out
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.answer.show import answers
from chatbot_server.retrieval.answer.show.hours_asked import at_time
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.storage.database import Database

TABLES = {
    "nights": [
        "Nos tarifs par nuit, taxe de séjour en plus.",
        "- Emplacement tente — Basse saison : 14 € ; Haute saison : 22 €",
        "- Mobil-home 4 places — Basse saison : 55 € ; Haute saison : 98 €",
        "- Chalet 6 places — Basse saison : 80 € ; Haute saison : 145 €",
    ],
    "cottage": [
        "- Check-in — From 4 pm",
        "- Check-out — Before 10.30 am",
        "- Towels — Not included; £6 a set",
        "- Bed linen — Included",
        "- Cleaning fee — £45",
    ],
    "hair": ["- Cut › Women — 42 €", "- Cut › Men — 28 €", "- Colour › Women — 60 €"],
    "hours": [
        "- Lundi — Matin : 9 h – 12 h ; Après-midi : 14 h – 19 h",
        "- Mardi — Matin : 9 h – 12 h ; Après-midi : fermé",
        "- Dimanche — Matin : 10 h – 12 h ; Après-midi : fermé",
        "- Jours fériés — fermé",
    ],
    "menus": [
        "- Formule du midi — 19,50 €",
        "- Menu du marin — 36 €",
        "- Menu moussaillon (jusqu’à 10 ans) — 11 €",
    ],
    "ages": [
        "- Adult — £9",
        "- Child (4 to 15 years) — £5",
        "- Under 4 years — free",
        "- Season ticket — £60",
    ],
    "instructors": [
        "- Ann — Teaches: nervous drivers; Day off: Friday",
        "- Bob — Teaches: towing; Day off: Monday",
        "- Cy — Teaches: motorway; Day off: Monday",
    ],
    "places": [
        "Leeds: in the yard, 4 £ a day.",
        "The gate is low.",
        "Tarn Mill: twenty free spaces.",
        "Hull: none.",
    ],
    "list": ["- Breakfast", "- Towels", "- Parking"],
    "plants": [
        "- Monstera — Price: £32; Safe for cats and dogs: no",
        "- Snake plant — Price: £18; Safe for cats and dogs: no",
        "- Pilea — Price: £14; Safe for cats and dogs: yes",
        "- Calathea — Price: £22; Safe for cats and dogs: yes",
    ],
    "jeux": [
        "- Marelle — Âge : dès 4 ans ; Extérieur : oui",
        "- Dames — Âge : dès 6 ans ; Extérieur : non",
    ],
}


@pytest.mark.parametrize(
    ("table", "question", "shown"),
    [
        ("nights", "Combien coûte un chalet en haute saison ?", [0, 3]),
        ("nights", "Prix du mobil-home et de la tente ?", [0, 1, 2]),
        ("nights", "Quels sont les tarifs en basse saison ?", [0, 1, 2, 3]),
        ("cottage", "When is check-in?", [0]),
        ("cottage", "Are towels included?", [2]),
        ("cottage", "What is included?", [0, 1, 2, 3, 4]),
        ("hair", "How much is a women's cut?", [0]),
        ("instructors", "Who teaches nervous drivers?", [0]),
        ("instructors", "Who teaches drivers on one wheel?", [0, 1, 2]),
        ("hair", "How much is a cut?", [0, 1]),
        ("hours", "Êtes-vous ouverts mardi après-midi ?", [1, 3]),
        ("hours", "Quels sont vos horaires ?", [0, 1, 2, 3]),
        ("menus", "Combien pour un menu du marin et un menu enfant ?", [1, 2]),
        ("menus", "Combien coûte le menu du marin ?", [1]),
        ("ages", "What does my son pay, he is 9 years old?", [1]),
        ("list", "Are towels there?", [0, 1, 2]),
        ("places", "Where can I park at Tarn Mill?", [2]),
        ("places", "Where can I park?", [0, 1, 2, 3]),
        ("plants", "Which plants are safe for cats?", [2, 3]),
        ("plants", "what plants aren't safe for my dog", [0, 1]),
        ("plants", "Which plants are unsafe for dogs?", [0, 1]),
        ("plants", "Is the monstera safe for my cat?", [0]),
        ("plants", "Which plants do you have?", [0, 1, 2, 3]),
        ("jeux", "Quels jeux sont pour l'extérieur ?", [0]),
        ("jeux", "quels jeux ne sont pas d'extérieur", [1]),
    ],
)
def test_only_rows_that_are_asked_about_are_shown(
    table: str, question: str, shown: list[int]
) -> None:
    query = at_time(Query(question), datetime.now(timezone.utc), "UTC")
    rows = TABLES[table]
    whole = ParsedText(" ".join([table, *rows]), query.languages)
    left_out = rows_left_out(rows, query, "en", whole.terms)
    assert [at for at in range(len(rows)) if at not in left_out] == shown


@pytest.mark.parametrize(("rows", "is_other"), [("Towels", True), ("Double room", False)])
def test_beside_the_row_that_is_asked_for_no_other_table_is_shown(
    monkeypatch: pytest.MonkeyPatch, database: Database, site_id: int, rows: str, is_other: bool
) -> None:
    monkeypatch.setattr(answers, "CLOSE", 100.0)
    head = "| What | Price |\n|---|---|\n"
    add_note(database, site_id, "Rooms", f"{head}| Single room | 60 € |\n| Double room | 85 € |")
    add_note(database, site_id, "Double room extras", f"{head}| {rows} | 7 € |\n| Cleaning | 9 € |")
    answer = KnowledgeBase(database).ground(site_id, "How much is a double room?").answer
    assert ("7 €" not in answer) is is_other
    assert "85 €" in answer


def test_of_a_column_of_yes_and_no_only_the_rows_asked_for_are_told(
    database: Database, site_id: int
) -> None:
    rows = "| Monstera | £32 | no |\n| Pilea | £14 | yes |\n| Calathea | £22 | yes |"
    add_note(database, site_id, "Plants", f"| | Price | Safe for cats |\n|---|---|---|\n{rows}")
    knowledge = KnowledgeBase(database)
    safe = knowledge.ground(site_id, "Which plants are safe for cats?").answer
    assert ("Pilea" in safe, "Calathea" in safe, "Monstera" in safe) == (True, True, False)
    harmful = knowledge.ground(site_id, "Which plants are not safe for cats?").answer
    assert ("Pilea" in harmful, "Monstera" in harmful) == (False, True)


def test_a_row_is_told_with_its_condition(database: Database, site_id: int) -> None:
    table = "| Room | Price |\n|---|---|\n| Single room | 60 € |\n| Double room | 85 € |"
    breakfast = "Breakfast is not in the price of the room: it is 12 € for each of you."
    add_note(database, site_id, "Rooms", f"# Rooms\n\n{table}\n\n{breakfast}")
    answer = KnowledgeBase(database).ground(site_id, "How much is a double room?").answer
    assert answer == f"- Double room — Price: 85 €\n\n{breakfast}"


def test_a_table_that_was_cut_is_shown_whole(database: Database, site_id: int) -> None:
    rows = "".join(
        f"| Size {number} | a room by the lake for so many, with breakfast | {number}0 € |\n"
        for number in range(10, 24)
    )
    add_note(database, site_id, "Huts", f"# Huts\n\n| Hut | What | Price |\n|---|---|---|\n{rows}")
    answer = KnowledgeBase(database).ground(site_id, "Which huts are there?").answer
    assert [answer.count(f"Price: {number}0 €") for number in range(10, 24)] == [1] * 14


@pytest.mark.parametrize(
    ("before", "question", "walks"),
    [
        ("How long is the Orchard Circle?", "Are trailers allowed on it?", ["Orchard Circle"]),
        ("Which walk is nine miles long?", "Are trailers allowed on it?", ["Orchard Circle"]),
        ("How much is a canoe for the Towpath?", "What about a trailer?", ["Towpath"]),
        ("How long are Towpath and Abbey?", "Are trailers allowed there?", ["Towpath", "Abbey"]),
    ],
)
def test_a_follow_up_is_told_the_row_that_was_spoken_of(
    database: Database, site_id: int, before: str, question: str, walks: list[str]
) -> None:
    head = "| Walk | Length | Trailers allowed | Canoe |\n|---|---|---|---|\n"
    rows = (
        "| Towpath | 15 miles | yes | £9 |\n| Orchard Circle | nine miles | yes | £12 |\n"
        "| Tarn Edge | 22 miles | no | £15 |\n| Abbey | 13 miles | no | £8 |"
    )
    add_note(database, site_id, "Walks", f"# Walks\n\n{head}{rows}")
    add_note(database, site_id, "Café", "Tea and cake from nine, beside the lake.")
    answer = KnowledgeBase(database).ground(site_id, question, [before]).answer
    assert [line.partition(" — ")[0] for line in answer.splitlines()] == [f"- {w}" for w in walks]
