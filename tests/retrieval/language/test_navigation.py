"""Lines of a page that lead elsewhere are told from lines that say something."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.language.words.navigation import is_navigation


@pytest.mark.parametrize(
    "line",
    [
        "← Error messages Paid support →",
        "Accueil › Tarifs › Groupes",
        "Home > Docs > Installation",
        "Read more",
        "En savoir plus…",
        "- Edit this page",
        "« Précédent",
        "Retour en haut ↑",
    ],
)
def test_a_line_that_only_leads_elsewhere_is_navigation(line: str) -> None:
    assert is_navigation(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Ouvert le lundi",
        "Read more books.",
        "Leeds → Hull: 40 minutes",
        "Menu › Réglages › Compte, puis cliquez sur « Effacer ».",
        "- Adultes › Journée — Prix : 18 €",
        "Le spectacle « La Mer » est complet",
        "Retour sous 14 jours",
        "Adults / children",
    ],
)
def test_a_line_that_says_something_is_none(line: str) -> None:
    assert not is_navigation(line)
