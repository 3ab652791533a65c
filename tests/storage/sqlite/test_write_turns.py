"""SQLite's writers take turns: in order, for as long as a transaction, none told "locked"."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest
from sqlalchemy import text
from support.browser import Browser
from support.database.statements import executed
from support.patience import LONG, wait_for

from chatbot_server.errors import EngineBusy, Unavailable
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.storage import write_turns
from chatbot_server.storage.database import PRAGMAS, Database
from chatbot_server.storage.write_turns import WriteTurns

ADD = text("INSERT INTO counted (number) VALUES (1)")
WRITE = text("INSERT INTO written (number) VALUES (:number)")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'turns.db'}")
    with database.session() as session:
        session.execute(text("CREATE TABLE counted (number INTEGER UNIQUE)"))
        session.execute(text("CREATE TABLE written (number INTEGER)"))
    yield database
    database.close()


def waiting(turns_of_one: WriteTurns) -> int:
    return len(turns_of_one._waiting)


def test_whoever_waits_longest_is_next() -> None:
    one = WriteTurns()
    one.take()
    order: list[int] = []

    def take(number: int) -> None:
        one.take(LONG)
        order.append(number)
        one.hand_on()

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    for number, thread in enumerate(threads):
        thread.start()
        wait_for(lambda: waiting(one) == number + 1)  # noqa: B023
    one.hand_on()
    for thread in threads:
        thread.join()
    assert order == list(range(8))
    one.take(0)  # it is free again


def test_who_has_waited_too_long_is_told_so_and_keeps_no_place() -> None:
    one = WriteTurns()
    one.take()
    with pytest.raises(Unavailable) as refusal:
        one.take(0.01)
    assert refusal.value.retry_after
    assert waiting(one) == 0
    one.hand_on()
    one.take(0)


def test_many_writers_are_none_in_the_others_way(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever asks SQLite itself while another writes is refused at once.
    impatient = [*PRAGMAS, "busy_timeout = 0"]
    monkeypatch.setattr("chatbot_server.storage.database.PRAGMAS", impatient)
    database.close()

    def write(number: int) -> None:
        one_row = {"number": number}
        with database.session() as session:
            session.execute(WRITE, [one_row, one_row] if number % 2 else one_row)
            sleep(0.002)

    with ThreadPoolExecutor(24) as writers:
        list(writers.map(write, range(96)))
    with database.session() as session:
        assert session.scalar(text("SELECT count(*) FROM written")) == 48 + 2 * 48


@pytest.mark.parametrize("method", ["execute", "executemany"])
def test_what_is_given_to_the_driver_itself_waits_for_its_turn(
    database: Database, method: str
) -> None:
    turns = database._turns
    assert turns is not None
    values = {"execute": (1,), "executemany": [(1,)]}[method]

    def write() -> None:
        with database.connection() as connection:
            driver = connection.connection.driver_connection
            getattr(driver, method)("INSERT INTO written (number) VALUES (?)", values)

    turns.take()
    writer = threading.Thread(target=write)
    writer.start()
    wait_for(lambda: waiting(turns) == 1)
    turns.hand_on()
    writer.join()
    with database.session() as session:
        assert session.scalar(text("SELECT count(*) FROM written")) == 1


def test_a_turn_ends_with_its_transaction_however_that_ends(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_turns, "TURN_SECONDS", 0.1)

    def fail_in_transaction() -> None:
        with database.session() as session:
            session.execute(ADD)
            raise KeyError

    with pytest.raises(KeyError):
        fail_in_transaction()
    with database.session() as session:
        session.execute(ADD)
    with pytest.raises(Unavailable), database.session() as session:
        session.execute(ADD)  # unique
    connection = database.engine.raw_connection()
    connection.driver_connection.wait_to_write("INSERT")  # type: ignore[union-attr]
    connection.close()
    with database.session() as session:
        session.execute(text("DELETE FROM counted"))


def writes(statements: list[str]) -> list[str]:
    """What of *statements* writes, and the commits of it; they are forgotten then."""
    log: list[str] = []
    for statement in statements:
        if statement.startswith(write_turns.WRITES):
            log.append(" ".join(statement.split()[:3]))
        elif statement == "COMMIT" and log and log[-1] != "COMMIT":
            log.append("COMMIT")
    statements.clear()
    return log


def test_a_question_and_an_answer_that_is_there_are_one_transaction(tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    add_note(browser.database, browser.site_id, "Opening hours", "We are open from 9 to 17.")
    statements = executed(browser.database.engine)
    for cached in (False, True):
        assert browser.ask("When are you open?")["done"]["cached"] is cached
        assert writes(statements) == ["INSERT INTO conversation", "INSERT INTO message", "COMMIT"]
    first = browser.ask("Hello")
    statements.clear()
    browser.ask(
        "When are you open?", first["start"]["secret"],
        conversation=first["start"]["conversation"],
    )  # fmt: skip
    assert writes(statements) == ["UPDATE conversation SET", "INSERT INTO message", "COMMIT"]


def test_a_question_that_is_refused_costs_no_write(tmp_path: Path) -> None:
    browser = Browser(tmp_path, limits={"streams": 1})
    statements = executed(browser.database.engine)
    browser.model.says = [EngineBusy("engine_busy", retry_after=5, waiting=1)]
    body = {"site": browser.site, "message": "Hello there, who are you?"}
    refused = browser.client.post("/api/chat", json=body)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert statements
    assert writes(statements) == []
    browser.model.says, browser.model.stops_after = ["Once"], "Once"
    with browser.client.post("/api/chat", json=body | {"message": "Tell me a story."}) as told:
        statements.clear()
        refused = browser.client.post("/api/chat", json=body)
        assert refused.get_json()["error"]["code"] == "streams_full"
        assert statements
        assert writes(statements) == []
        browser.model.closing.set()
        assert "Once" in told.get_data(as_text=True)
