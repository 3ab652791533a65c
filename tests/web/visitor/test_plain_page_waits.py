"""Who waits for whole answers on the plain page leaves threads to the others."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from support.configured import make_config
from support.patience import LONG, wait_for
from support.scripted_chat import ScriptedModel

from chatbot_server.app import create_app
from chatbot_server.messages import say
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import playground_site

THREADS = 4


class SlowModel(ScriptedModel):
    """Thinks until it is told to answer."""

    def __init__(self) -> None:
        super().__init__(says=("Aye.",))
        self.thinking = threading.Semaphore(0)
        self.answer = threading.Event()

    def generate(self, *words: Any, **options: Any) -> ScriptedModel:
        self.thinking.release()
        self.answer.wait(LONG)
        return super().generate(*words, **options)


def test_half_of_the_threads_wait_for_plain_pages_at_most(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'chatbot.db'}")
    database.migrate()
    model = SlowModel()
    config = make_config(tmp_path, server={"threads": THREADS})
    app = create_app(config, model, database)
    with database.session() as session:
        key = playground_site(session).key

    def ask() -> str:
        return app.test_client().post(f"/chat/{key}", data={"message": "Is it far?"}).text

    busy = say("streams_full", "en", limit=THREADS // 2)
    with ThreadPoolExecutor(THREADS) as visitors:
        waiting = [visitors.submit(ask) for _ in range(THREADS // 2)]
        for _ in waiting:
            assert model.thinking.acquire(timeout=LONG)
        assert busy in ask()
        model.answer.set()
        assert all(busy not in future.result(LONG) for future in waiting)
    wait_for(lambda: busy not in ask())
    database.close()
