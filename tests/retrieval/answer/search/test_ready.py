"""What the first question needs is loaded while its visitor types."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import cast

import pytest
from support.patience import LONG, wait_for

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.retrieval.index.embedder import Embedder
from chatbot_server.storage.database import Database

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class SleepyEmbedder:
    """Starts with the first question, which waits until it may."""

    model = fit = "sleepy"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may_start = threading.Event()
        self.is_running = False

    def query(self, text: str) -> None:
        self.asked.append(text)
        self.may_start.wait(LONG)
        self.is_running = True

    def pids(self) -> Sequence[int]:
        return [1] if self.is_running else []


def test_one_question_is_asked_in_the_background_where_the_embedder_does_not_run(
    database: Database, site_id: int
) -> None:
    add_note(database, site_id, "Hours", "We open at nine every morning.")
    embedder = SleepyEmbedder()
    base = KnowledgeBase(database, embedder=cast(Embedder, embedder))
    for _visitor in range(3):
        base.get_ready(site_id)
    wait_for(lambda: bool(embedder.asked))
    base.get_ready(site_id)
    embedder.may_start.set()
    wait_for(lambda: not base._is_getting_ready.locked())
    count = len(embedder.asked)
    base.get_ready(site_id)  # all is there
    assert not base._is_getting_ready.locked()
    assert len(embedder.asked) == count
    embedder.is_running = False  # nobody asked for ten minutes
    base.get_ready(site_id)
    wait_for(lambda: len(embedder.asked) > count)
    wait_for(lambda: not base._is_getting_ready.locked())


def test_what_fails_in_the_background_is_tried_again_with_the_next_visitor(
    database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = KnowledgeBase(database)
    tries: list[int] = []

    def fail(site: int, _question: str, *, locale: str) -> None:
        assert locale
        tries.append(site)
        raise OSError("the disk is gone")

    monkeypatch.setattr(base, "ground", fail)
    for count in (1, 2):
        base.get_ready(site_id)
        wait_for(lambda: not base._is_getting_ready.locked())
        assert tries == [site_id] * count
