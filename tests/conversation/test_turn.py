"""The order of trust: the owner's words, quoted pages, the model under guard, an honest no."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.scripted_chat import HOURS, QUOTED, Chat, ScriptedModel, end, text

from chatbot_server.conversation.events import Cited, Waiting
from chatbot_server.errors import EngineBusy, EngineCrashed
from chatbot_server.models.base import Tier
from chatbot_server.retrieval.base import Grounding, Source
from chatbot_server.storage.site.sites import demo_site
from chatbot_server.storage.visitors.learning import unanswered_questions


def test_without_pages_nothing_is_invented_and_the_log_tells_the_owner(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["Call 1-800-325-4673."]), None)
    with chat.database.session() as session:
        demo_site(session).free_chat = False
        key = demo_site(session).key
    events = chat.ask("What is your phone number?")
    assert "nothing" in text(events)
    assert end(events).origin == "none"
    assert chat.model.prompts == []
    chat.ask("And your address?")
    warnings = [record for record in caplog.records if f"--site {key}" in record.message]
    assert len(warnings) == 1


def test_without_pages_the_model_answers_where_the_owner_wants_it(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("quote", ["Hel", "lo."]), None)
    events = chat.ask("Hi")
    assert text(events) == "Hello."
    assert end(events).origin == "model"
    assert [event.position for event in events if isinstance(event, Waiting)] == [2]
    assert chat.stored() == [("Hi", None), ("Hello.", "model")]


@pytest.mark.parametrize("status", ["faq", "quoted"])
def test_a_small_model_is_not_asked_where_the_pages_answer(tmp_path: Path, status: str) -> None:
    found = Grounding(status, "The owner's words.", QUOTED.sources, (HOURS,))  # type: ignore[arg-type]
    chat = Chat(tmp_path, ScriptedModel("quote", ["Wrong."]), found)
    events = chat.ask("When?")
    assert text(events) == "The owner's words."
    assert chat.model.prompts == []
    assert end(events).origin == ("faq" if status == "faq" else "pages")
    assert any(isinstance(event, Cited) for event in events)


def test_even_a_large_model_does_not_reword_the_faq(tmp_path: Path) -> None:
    found = Grounding("faq", "The owner's words.", QUOTED.sources, (HOURS,))
    chat = Chat(tmp_path, ScriptedModel("write", ["Other words."]), found)
    assert text(chat.ask("When?")) == "The owner's words."


def test_a_trusted_model_writes_from_the_passages_with_their_sources(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("rephrase", ["You can come ", "from 9 to 17. "]), QUOTED)
    events = chat.ask("When?")
    assert text(events).strip() == "You can come from 9 to 17."
    assert end(events).origin == "model"
    cited = next(event for event in events if isinstance(event, Cited))
    assert [source.url for source in cited.items] == [HOURS.url]
    assert HOURS.text in chat.model.prompts[0].messages[-1].content


def test_a_sentence_that_stands_in_no_passage_is_not_shown(tmp_path: Path) -> None:
    says = ["We open at 9. ", "It costs 42 euros. ", "Call now."]
    chat = Chat(tmp_path, ScriptedModel("write", says), QUOTED)
    events = chat.ask("When?")
    assert "42" not in text(events)
    assert text(events).startswith("We open at 9.")
    assert QUOTED.answer in text(events)
    assert end(events).origin == "pages"
    assert chat.model.closed
    assert "42" not in chat.stored()[1][0]


@pytest.mark.parametrize(
    "trouble", [EngineBusy("engine_busy", waiting=1), EngineCrashed("engine_crashed")]
)
def test_where_the_model_cannot_answer_the_pages_do(tmp_path: Path, trouble: Exception) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", [trouble]), QUOTED)
    events = chat.ask("When?")
    assert text(events).strip() == QUOTED.answer
    assert end(events).origin == "pages"


def test_where_nothing_is_found_the_answer_is_an_honest_no(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["A guess."]), Grounding("nothing"))
    with chat.database.session() as session:
        demo_site(session).contact_email = "help@example.org"
    events = chat.ask("Who won in 1930?")
    assert "nothing" in text(events)
    assert "help@example.org" in text(events)
    assert end(events).origin == "none"
    assert chat.model.prompts == []


def test_where_only_something_near_is_found_the_no_offers_its_pages(tmp_path: Path) -> None:
    pages = [Source(f"Page {number}", f"https://example.org/{number}") for number in range(1, 4)]
    grounding = Grounding("passages", passages=(HOURS,), near=(Source("A note", ""), *pages))
    chat = Chat(tmp_path, ScriptedModel("quote", ["A guess."]), grounding)
    events = chat.ask("When?")
    assert "may help" in text(events)
    (cited,) = [event for event in events if isinstance(event, Cited)]
    assert [source.url[-1] for source in cited.items] == ["1", "2", "3"]
    assert end(events).origin == "none"


def test_what_comes_closest_is_shown_between_the_no_and_the_pages(tmp_path: Path) -> None:
    page, note = Source("Hours", "https://example.org/hours"), Source("A note", "")
    closest = "**Hours**\nWe are open from 9 to 17."
    grounding = Grounding("passages", near=(note, page, note), unsure_answer=closest)
    chat = Chat(tmp_path, ScriptedModel("quote", []), grounding)
    with chat.database.session() as session:
        demo_site(session).contact_email = "help@example.org"
    events = chat.ask("When?")
    no, shown, contact, offer = text(events).split("\n\n")
    assert no == "I found no sure answer to this. This comes closest:"
    assert shown == closest
    assert contact.endswith("help@example.org")
    assert offer == "These pages may help:"
    (cited,) = [event for event in events if isinstance(event, Cited)]
    assert cited.items == (note, page), "a note is named where it is what is shown"
    assert end(events).origin == "none", "the owner sees it among the unanswered questions"


def test_where_only_its_own_page_is_near_what_comes_closest_names_it(tmp_path: Path) -> None:
    grounding = Grounding("passages", near=(Source("A note", ""),), unsure_answer="From 9 to 17.")
    events = Chat(tmp_path, ScriptedModel("quote", []), grounding).ask("When?")
    assert text(events).endswith("\n\nFrom 9 to 17.\n\nSource of this passage:")


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("Bonjour !", "Bonjour\u202f! Que souhaitez-vous savoir\u202f?"),
        ("Hello there", "Hello! What would you like to know?"),
        ("Merci beaucoup 🙂", "Avec plaisir\u202f!"),
        ("ok merci, au revoir", "Au revoir\u202f!"),
        ("Danke!", "You are welcome!"),
        ("ok", "Good. What else would you like to know?"),
    ],
)
def test_a_courtesy_is_returned_and_counts_as_no_question(
    tmp_path: Path, message: str, reply: str
) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["A guess."]), Grounding("nothing"))
    events = chat.ask(message)
    assert (text(events), end(events).origin) == (reply, "none")
    assert chat.model.prompts == []
    with chat.database.session() as session:
        assert unanswered_questions(session, demo_site(session).id, 10) == []


@pytest.mark.parametrize(
    ("message", "reply"),
    [("Bonjour, quand ouvrez-vous ?", "rien"), ("Merci de me rappeler", "rien")],
)
def test_a_question_with_a_courtesy_is_a_question(tmp_path: Path, message: str, reply: str) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["A guess."]), Grounding("nothing"))
    assert reply in text(chat.ask(message))


def test_a_message_without_a_word_is_told_what_can_be_asked(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["A guess."]), Grounding("nothing"))
    assert "You can ask me about:" in text(chat.ask("?"))


def test_a_busy_engine_refuses_and_nothing_of_the_question_stays(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", [EngineBusy("engine_busy", waiting=1)]), None)
    with pytest.raises(EngineBusy):
        chat.ask("Hi")
    with chat.database.engine.connect() as connection:
        for table in ("conversation", "message"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0


def test_a_crash_in_the_middle_keeps_what_was_said(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["Hel", EngineCrashed("engine_crashed")]), None)
    chat.ask("Hi")
    assert chat.stored() == [("Hi", None), ("Hel", None)]


def test_a_crash_before_the_first_word_is_told_to_who_comes_back(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", [EngineCrashed("engine_crashed")]), None)
    chat.ask("Bonjour", locale="fr")
    [answer] = chat.answers()
    assert answer.text.startswith("Le serveur a été interrompu")
    assert (answer.finish, answer.status) == ("error", "failed")


def test_an_answer_is_stored_once_another_program_has_let_go_of_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot_server.storage.database.PRAGMAS", ("busy_timeout = 1",))
    chat = Chat(tmp_path, ScriptedModel("write"), None)
    other = sqlite3.connect(tmp_path / "chat.db", isolation_level=None, check_same_thread=False)

    class LockingWords(list[str]):
        """What the model says; then the other program begins to write."""

        def __iter__(self) -> Iterator[str]:
            yield "Hello."
            other.execute("BEGIN IMMEDIATE")

    class EndOfLock:
        monotonic = time.monotonic

        @staticmethod
        def sleep(_seconds: float) -> None:
            other.execute("ROLLBACK")

    monkeypatch.setattr("chatbot_server.storage.database.time", EndOfLock)
    chat.model.says = LockingWords(["Hello."])
    assert end(chat.ask("Hi")).origin == "model"
    assert chat.stored() == [("Hi", None), ("Hello.", "model")]
    other.close()


def test_the_next_prompt_begins_with_the_last_one_passages_included(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["You can come from 9 to 17."]), QUOTED)
    chat.ask("When?")
    chat.ask("And on Sundays?")
    first, second = (list(prompt.messages) for prompt in chat.model.prompts)
    assert second[: len(first)] == first
    assert chat.pages.asked[1] == ("And on Sundays?", ("When?",))


def test_a_retry_takes_the_place_of_the_last_exchange(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["One."]), None)
    chat.ask("Hi")
    chat.model.says = ["Two."]
    chat.ask("Hi again", retry=True)
    assert chat.stored() == [("Hi again", None), ("Two.", "model")]
    assert "One." not in str(chat.model.prompts[1].messages)


def test_a_retry_that_is_refused_leaves_the_exchange_as_it_was(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["One."]), None)
    chat.ask("Hi")
    chat.model.says = [EngineBusy("engine_busy", waiting=1)]
    with pytest.raises(EngineBusy):
        chat.ask("Hi", retry=True)
    assert chat.stored() == [("Hi", None), ("One.", "model")]


FAQ = Grounding("faq", "The owner's words.", QUOTED.sources, (HOURS,), score=0.8, margin=0.1)
NEAR = Grounding(
    "passages",
    passages=(HOURS,),
    near=(Source("Hours", "https://example.org/hours"),),
    score=0.4,
    margin=0.05,
)


@pytest.mark.parametrize(
    ("status", "origin", "tier", "says", "found"),
    [
        ("faq", "faq", "write", ["Other words."], FAQ),
        ("quoted", "pages", "quote", ["Other words."], QUOTED),
        ("written", "model", "rephrase", ["From 9 to 17."], QUOTED),
        ("withheld", "pages", "write", ["It costs 42 euros."], QUOTED),
        ("withheld", "pages", "write", [EngineBusy("engine_busy", waiting=1)], QUOTED),
        ("related", "none", "quote", ["A guess."], NEAR),
        ("nothing", "none", "write", ["A guess."], Grounding("nothing")),
        ("free", "model", "quote", ["Hello."], None),
        ("failed", None, "quote", ["Hel", EngineCrashed("engine_crashed")], None),
    ],
)
def test_each_answer_is_stored_with_its_status_and_the_figures_behind_it(
    tmp_path: Path,
    status: str,
    origin: str | None,
    tier: Tier,
    says: list[str | Exception],
    found: Grounding | None,
) -> None:
    chat = Chat(tmp_path, ScriptedModel(tier, says), found)
    chat.ask("When?")
    (answer,) = chat.answers()
    assert (answer.status, answer.origin) == (status, origin)
    if found:
        assert (answer.facts["score"], answer.facts["margin"]) == (found.score, found.margin)
    assert bool(answer.sources) == (origin in ("faq", "pages") or status in ("written", "related"))


def test_an_answer_the_visitor_stopped_says_so(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel(says=["Hel", "lo."]), None)
    chat.model.stops_after = "Hel"
    chat.ask("Hi")
    (answer,) = chat.answers()
    assert (answer.status, answer.finish, answer.text) == ("stopped", "stopped", "Hel")
    assert len(chat.cache) == 0
