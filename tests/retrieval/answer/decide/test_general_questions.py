"""“Your prices?”, “your address?”: what states it best comes first, and not what speaks of it."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.storage.database import Database

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FRENCH = (
    (
        "Recharger",
        "La borne coûte 0,45 € le kWh. Son prix est affiché, le tarif aussi, et le coût.",
    ),
    (
        "Séjourner",
        "Le prix d’une nuit :\n\n- Tente : 18 €\n- Caravane : 24 €\n- Chien : 3 €\n- Vélo : 2 €",
    ),
    ("Payer", "Le prix se règle par carte, nos tarifs aussi."),
)
ENGLISH = (
    ("Charging", "The post costs £0.45, a price on show: what it costs is the price of power."),
    ("Your stay", "The price of a night:\n\n- Tent: £18\n- Caravan: £24\n- Dog: £3\n- Bike: £2"),
    ("Paying", "Prices and rates are paid by card."),
)


@pytest.mark.parametrize(
    ("pages", "question"),
    [
        (FRENCH, "Vos tarifs ?"),
        (FRENCH, "C’est combien ?"),
        (FRENCH, "Combien ça coûte ?"),
        (FRENCH, "vous prenez combien"),
        (ENGLISH, "prices?"),
        (ENGLISH, "How much is it?"),
        (ENGLISH, "how much do you charge"),
        (ENGLISH, "what are your rates"),
    ],
)
def test_the_list_of_prices_is_shown(
    database: Database, site_id: int, pages: tuple[tuple[str, str], ...], question: str
) -> None:
    for title, text in pages:
        add_note(database, site_id, title, text)
    assert KnowledgeBase(database).ground(site_id, question).passages[0].title == pages[1][0]


def test_a_price_of_one_thing_is_not_answered_by_the_list_of_others(
    database: Database, site_id: int
) -> None:
    for title, text in ENGLISH:
        add_note(database, site_id, title, text)
    found = KnowledgeBase(database).ground(site_id, "How much does the post for charging cost?")
    assert found.passages[0].title == "Charging"


CLINIC = (
    (
        "Urgences",
        "La nuit, le téléphone est celui du centre : téléphone 02 40 92 06 06, joignable.",
    ),
    ("Horaires et accès", "Clinique du Lac, ouverte le lundi à 9 h. Téléphone 02 40 55 12 80."),
)
CAMPING = (
    (
        "Réserver",
        "L’adresse vous est envoyée ; pour venir, l’adresse suffit. Une adresse par place.",
    ),
    ("Les Roseaux", "Adresse : Route du Lac, 40460 Sanguignac"),
    ("Mentions", "Adresse de l’hébergeur : 3 rue du Port, 56000 Vannes. Une adresse."),
)
BOATS = (
    ("Routes", "Where shall we go? Each address on the way, and where to moor: an address a day."),
    ("Visit us", "Our address: Sunny Mill, Leeds LS9 8AG."),
)


@pytest.mark.parametrize(
    ("pages", "question", "told"),
    [
        (CLINIC, "Numéro de téléphone ?", "02 40 55 12 80"),
        (CLINIC, "Comment vous joindre ?", "02 40 55 12 80"),
        (CAMPING, "adresse ?", "40460 Sanguignac"),
        (CAMPING, "Vous êtes où ?", "40460 Sanguignac"),
        (BOATS, "Where are you?", "LS9 8AG"),
        (BOATS, "address", "LS9 8AG"),
    ],
)
def test_how_to_reach_the_place_is_told_where_headings_say_so(
    database: Database, site_id: int, pages: tuple[tuple[str, str], ...], question: str, told: str
) -> None:
    for title, text in pages:
        add_note(database, site_id, title, text)
    assert told in KnowledgeBase(database).ground(site_id, question).passages[0].text


def test_the_address_of_a_site_is_no_topic(database: Database, site_id: int) -> None:
    add_note(database, site_id, "bakery.example", "4 Main St, Hull.")
    add_note(database, site_id, "Our bread", "Rye and wheat.")
    assert KnowledgeBase(database).topics(site_id, "en") == ["Our bread"]
