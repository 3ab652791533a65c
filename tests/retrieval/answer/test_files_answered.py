"""The same prices and rules in each kind of file that owners have answer the same ten questions."""

from __future__ import annotations

import re

import pytest
from support.files.read_file import OFFICE

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.imports.files import add_file
from chatbot_server.retrieval.read.extractor import Extractor
from chatbot_server.storage.database import Database

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FILES = (
    "camping.docx", "camping.odt", "camping.pdf", "camping-chromium.pdf", "camping-two.pdf",
    "camping-regles.xlsx",
)  # fmt: skip
# What is told, and what would mislead beside it.
QUESTIONS = {
    "Combien coûte un chalet en haute saison ?": ("145 €", "22 €|98 €"),
    "Quel est le prix du mobil-home en basse saison ?": ("55 €", "14 €|80 €"),
    "Combien coûte la cabane perchée ?": ("65 €", "14 €|80 €"),
    "La réception est-elle ouverte le mardi après-midi ?": ("Mardi.*fermé", "14 h"),
    "Jusqu’à quand l’annulation est-elle gratuite ?": ("sept jours avant", "laisse"),
    "Y a-t-il un stationnement dans le camping ?": ("Il n’y a pas de stationnement", "laisse"),
    "Les chiens sont-ils acceptés ?": ("3 € par nuit", "8 €"),
    "Quand la piscine est-elle ouverte ?": ("10 heures à 20 heures", "14 h"),
    "Combien coûtent les draps ?": ("8 € la paire", "145"),
    "À quelle heure faut-il faire le départ ?": ("avant 11 heures", "14 h"),
}


@pytest.mark.parametrize("name", FILES)
def test_each_file_answers_the_same_ten_questions(
    database: Database, site_id: int, name: str
) -> None:
    extractor = Extractor()
    add_file(database, extractor, site_id, OFFICE / name, 10_000_000)
    extractor.close()
    base = KnowledgeBase(database)
    wrong = {}
    for question, (right, misleading) in QUESTIONS.items():
        answer = base.ground(site_id, question).answer.replace("**", "")
        if not re.search(right, answer) or re.search(misleading, answer):
            wrong[question] = answer
    assert wrong == {}
