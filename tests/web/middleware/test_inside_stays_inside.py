"""A stranger reads that it does not work; what the machine said about it is for its operator."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from string import Formatter
from typing import Any, NoReturn

import pytest
from flask.testing import FlaskClient
from support.configured import make_config
from support.scripted_chat import ScriptedModel

from chatbot_server.app import create_app
from chatbot_server.engine.base import EngineStatus
from chatbot_server.errors import BadRequest, ChatbotError, EngineError, Unavailable
from chatbot_server.messages import catalogue, say
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import demo_site

SECRET = "ada@db.internal:5432 /srv/chat/run"
INSIDE = frozenset(
    ("address", "endpoint", "file", "folder", "host", "how", "log", "path", "reason", "url", "why")
)


def values_of(code: str) -> dict[str, Any]:
    names = {name for _, name, _, _ in Formatter().parse(catalogue()[code]["en"]) if name}
    return dict.fromkeys(names, SECRET)


CODES = [code for code in sorted(catalogue()) if INSIDE & values_of(code).keys()]


class Inside(ScriptedModel):
    """A model that fails with a given error."""

    error: ChatbotError

    def status(self) -> EngineStatus:
        values = {name: str(value) for name, value in self.error.values.items()}
        return replace(super().status(), state="failed", reason=self.error.code, values=values)


class Doors:
    """All that a stranger can knock at."""

    def __init__(self, folder: Any) -> None:
        self.database = Database(f"sqlite:///{folder / 'chatbot.db'}")
        self.database.migrate()
        self.model = Inside()
        limits = dict.fromkeys(("visitor", "site"), ("10000 per minute",))
        config = make_config(folder, limits=limits)
        self.client: FlaskClient = create_app(config, self.model, self.database).test_client()
        with self.database.session() as session:
            site = demo_site(session)
            site.free_chat = True
            self.key = site.key

    def chat(self, language: str) -> str:
        body = {"site": self.key, "message": "Hello?", "locale": language}
        return self.client.post("/api/chat", json=body).text

    def page(self, language: str) -> str:
        form, headers = {"message": "Hello?"}, {"Accept-Language": language}
        return self.client.post(f"/chat/{self.key}", data=form, headers=headers).text


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    doors = Doors(tmp_path_factory.mktemp("doors"))
    yield doors
    doors.database.close()


@pytest.mark.parametrize("code", CODES)
def test_no_door_tells_what_is_inside(
    doors: Doors, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    error = EngineError(code, **values_of(code))
    doors.model.error, doors.model.says = error, ("Hel", error)
    with caplog.at_level(logging.WARNING):
        streamed = doors.chat("en")
    assert f'"code":"{code}","message":"{say("not_now")}"' in streamed
    assert SECRET in caplog.text
    page = doors.page("fr")
    assert say("not_now", "fr") in page
    assert SECRET not in streamed + page
    ready = doors.client.get("/readyz", headers={"Accept-Language": "fr"})
    assert ready.get_json()["reason"] == say("not_now", "fr")


@pytest.mark.parametrize("path", ["/api/widget?site=x", "/chat/x", "/readyz", "/v1/models", "/"])
def test_a_database_that_is_away_is_told_without_its_address(
    doors: Doors, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> NoReturn:
        raise Unavailable("database_away", why=SECRET)

    monkeypatch.setattr(doors.database, "session", away)
    monkeypatch.setattr(doors.database, "connection", away)
    answer = doors.client.get(path, headers={"Authorization": "Bearer nobody"})
    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"]) == (503, "database_away")
    assert error["message"] == say("not_now")


def test_a_visitor_does_not_learn_which_endpoint_refused_a_question(doors: Doors) -> None:
    error = BadRequest("openai_refused", endpoint=SECRET, why=SECRET)
    doors.model.error, doors.model.says = error, ("Hel", error)
    assert say("not_now") in doors.page("en")
    assert SECRET not in doors.chat("en")


def test_numbers_and_what_the_request_held_are_told() -> None:
    for error in (
        EngineError("engine_busy", waiting=3),
        EngineError("engine_busy", waiting="3"),  # as it comes out of the engine's process
        EngineError("engine_starting"),
        BadRequest("field_missing", name="site"),
    ):
        assert error.public_sentence("fr") == error.sentence("fr")
