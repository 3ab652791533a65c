"""What a first question needs is made before it comes, in every language."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.patience import LONG

from chatbot_server.conversation.warm_up import warm_up
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import add_site

HOURS = (
    "Das Museum ist dienstags bis sonntags von 10 bis 18 Uhr geöffnet. Der Eintritt kostet 12 €."
)
# In a process of its own, since other tests have compiled most patterns of this one.
ASKED_ANEW = """
import re, sys
from chatbot_server.conversation.small_talk.remarks import split_message
from chatbot_server.conversation.warm_up import warm_up
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.storage.database import Database
compiler = sys.modules.get("re._compiler") or sys.modules["sre_compile"]
compile_pattern, patterns = compiler.compile, []
compiler.compile = lambda *words, **more: patterns.append(1) or compile_pattern(*words, **more)
database = Database(sys.argv[1])
warm_up(database, 0.0, 0.0)
before = len(patterns)
for question in ("Was kostet der Eintritt am Dienstag?", "¿Cuánto cuesta la entrada?"):
    split_message(question)
    KnowledgeBase(database).ground(int(sys.argv[2]), question)
print(before, len(patterns) - before)
"""


@pytest.fixture
def museum(tmp_path: Path) -> tuple[Database, int]:
    database = Database(f"sqlite:///{tmp_path / 'chatbot.db'}")
    database.migrate()
    with database.session() as session:
        site = add_site(session, "Museum").id
    add_note(database, site, "Öffnungszeiten", HOURS)
    return database, site


def test_first_questions_find_nearly_every_pattern_compiled(museum: tuple[Database, int]) -> None:
    database, site = museum
    command = [sys.executable, "-c", ASKED_ANEW, database.url, str(site)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LONG)
    in_advance, when_asked = map(int, done.stdout.split())
    assert in_advance > 100
    assert when_asked < 10, "in German and in Spanish"


def test_who_opens_a_chat_has_it_ready_in_the_language_of_its_pages(
    museum: tuple[Database, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, site = museum
    knowledge = KnowledgeBase(database)
    asked: list[tuple[int, str, str]] = []
    monkeypatch.setattr(
        knowledge, "ground", lambda site, text, locale: asked.append((site, text, locale))
    )
    knowledge._is_getting_ready.acquire()
    knowledge._load(site)
    assert asked == [(site, LANGUAGES["de"].typical_question, "de")]
    assert not knowledge._is_getting_ready.locked()


def test_a_database_that_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    warm_up(Database(f"sqlite:///{tmp_path / 'missing' / 'chatbot.db'}"), 0.0, 0.0)
