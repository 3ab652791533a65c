"""The same first question gets the same answer at once, and nothing of it outlives its visitor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.scripted_chat import HOURS, QUOTED, Chat, ScriptedModel, end, text

from chatbot_server.conversation.cache import AnswerCache, CachedAnswer, CacheKey, normalized
from chatbot_server.conversation.events import Cited, Ended
from chatbot_server.engine.base import Timings, Usage
from chatbot_server.errors import EngineBusy, EngineCrashed
from chatbot_server.retrieval.base import Grounding
from chatbot_server.storage.base import DAY, now
from chatbot_server.storage.knowledge.site_state import bump_version
from chatbot_server.storage.site.sites import demo_site
from chatbot_server.storage.visitors.erasure import erase_expired

FREE = None


def chat(folder: Path, says: str = "Hello.", found: Grounding | None = FREE) -> Chat:
    return Chat(folder, ScriptedModel("write", [says]), found)


@pytest.mark.parametrize(
    "asked", ["when do you open", " WHEN do\nyou  open ?!", "Ｗhen do you open？"]
)
def test_the_same_question_is_answered_again_without_the_model(tmp_path: Path, asked: str) -> None:
    visitor = chat(tmp_path, "You can come from 9 to 17.", QUOTED)
    first = visitor.ask_anew("When do you open?")
    again = visitor.ask_anew(asked)
    assert len(visitor.model.prompts) == 1
    assert text(again) == text(first)
    cited = [event for event in again if isinstance(event, Cited)]
    assert [source.url for source in cited[0].items] == [HOURS.url]
    assert end(first).usage == Usage(10, 3)
    assert end(again) == replace(
        end(first), usage=Usage(0, 0), timings=Timings(0, 0, 0), cached=True
    )


def test_what_is_stored_of_it_is_what_was_stored_the_first_time(tmp_path: Path) -> None:
    visitor = chat(tmp_path, "You can come from 9 to 17.", QUOTED)
    visitor.ask_anew("When?")
    (first,) = visitor.answers()
    visitor.ask_anew("When?")
    (again,) = visitor.answers()
    for name in ("text", "origin", "status", "finish", "model", "sources"):
        assert getattr(again, name) == getattr(first, name), name
    assert again.status == "written"
    assert again.facts == first.facts | {
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "cached_tokens": 0},
        "timings": {"queue": 0, "prompt": 0, "completion": 0},
        "cached": True,
    }


def test_the_turn_after_it_reads_the_passages_it_was_written_from(tmp_path: Path) -> None:
    visitor = chat(tmp_path, "You can come from 9 to 17.", QUOTED)
    visitor.ask_anew("When?")
    visitor.ask_anew("When?")
    visitor.ask("And where?")
    assert HOURS.text in visitor.model.prompts[1].messages[1].content


def test_only_the_first_question_of_a_conversation_is_answered_so(tmp_path: Path) -> None:
    visitor = chat(tmp_path)
    visitor.ask_anew("Hi")
    visitor.ask("Hi")
    assert len(visitor.model.prompts) == 2
    visitor.ask_anew("Something else")
    visitor.ask("Where?")
    visitor.ask_anew("Where?")
    assert len(visitor.model.prompts) == 5


def test_what_would_change_the_answer_ends_it(tmp_path: Path) -> None:
    visitor = chat(tmp_path)
    site = visitor.database.session

    def asked_again() -> bool:
        before = len(visitor.model.prompts)
        visitor.ask_anew("Hi")
        return len(visitor.model.prompts) > before

    assert asked_again()
    assert not asked_again()
    with site() as session:
        bump_version(session, demo_site(session).id)
    assert asked_again()
    with site() as session:
        demo_site(session).instructions = "Answer in rhyme."
    assert asked_again()
    with site() as session:
        demo_site(session).contact_email = "help@example.org"
    assert asked_again()
    visitor.model.name = "another"
    assert asked_again()
    visitor.ask_anew("Hi", locale="fr")
    assert not asked_again()
    assert len(visitor.model.prompts) == 6
    visitor.time += 3601
    assert asked_again()


def test_an_answer_of_another_site_is_not_told(tmp_path: Path) -> None:
    cache = AnswerCache(9, 60)
    assert cache.key("one", "Hi", 1) != cache.key("two", "Hi", 1)
    assert cache.key("one", "Hi", 1) != cache.key("one", "Hi", 2)


@pytest.mark.parametrize(
    "says",
    [
        ["We open at 9. ", "It costs 42 euros."],
        [EngineBusy("engine_busy", waiting=1)],
        ["We open at 9. ", EngineCrashed("engine_crashed")],
    ],
)
def test_what_the_guard_refused_or_the_model_could_not_say_is_not_kept(
    tmp_path: Path, says: list[str | Exception]
) -> None:
    visitor = Chat(tmp_path, ScriptedModel("write", says), QUOTED)
    visitor.ask_anew("When?")
    assert visitor.answers()[0].status == "withheld"
    assert len(visitor.cache) == 0


def test_an_answer_that_broke_off_is_not_kept(tmp_path: Path) -> None:
    visitor = Chat(tmp_path, ScriptedModel(says=["Hel", EngineCrashed("engine_crashed")]), FREE)
    visitor.ask_anew("Hi")
    assert len(visitor.cache) == 0


@pytest.mark.parametrize("reason", ["length", "time"])
def test_an_answer_that_was_cut_short_is_not_kept(tmp_path: Path, reason: str) -> None:
    visitor = chat(tmp_path)
    visitor.model.finish = reason  # type: ignore[assignment]
    visitor.ask_anew("Hi")
    assert len(visitor.cache) == 0


def test_what_was_found_while_search_by_meaning_was_away_is_not_kept(tmp_path: Path) -> None:
    visitor = chat(tmp_path, found=Grounding("nothing", lasting=False))
    visitor.ask_anew("When?")
    assert len(visitor.cache) == 0


def test_what_the_pages_said_without_the_model_is_not_told_once_it_is_there(
    tmp_path: Path,
) -> None:
    visitor = chat(tmp_path, "You can come from 9 to 17.", QUOTED)
    visitor.model.state = "starting"
    assert end(visitor.ask_anew("When?")).origin == "pages"
    assert end(visitor.ask_anew("When?")).cached
    visitor.model.state = "ready"
    assert end(visitor.ask_anew("When?")).origin == "model"


def test_who_does_not_want_the_chat_kept_leaves_nothing_but_may_be_answered(tmp_path: Path) -> None:
    visitor = chat(tmp_path)
    assert not end(visitor.ask_anew("Hi", keep=False)).cached
    assert len(visitor.cache) == 0
    visitor.ask_anew("Hi")
    assert end(visitor.ask_anew("Hi", keep=False)).cached


@pytest.mark.parametrize("who", ["who asked first", "who was told again"])
def test_deleting_a_chat_deletes_its_answer_here_too(tmp_path: Path, who: str) -> None:
    visitor = chat(tmp_path)
    visitor.ask_anew("Hi, I am Ada")
    first = visitor.conversation, visitor.secret
    visitor.ask_anew("Hi, I am Ada")
    second = visitor.conversation, visitor.secret
    visitor.ask_anew("Unrelated")
    conversation, secret = first if who == "who asked first" else second
    assert conversation
    visitor.service.erase(conversation, secret)
    assert len(visitor.cache) == 1
    assert not end(visitor.ask_anew("Hi, I am Ada")).cached


def test_an_answer_whose_chat_another_process_erased_is_not_told(tmp_path: Path) -> None:
    visitor = chat(tmp_path)
    visitor.ask_anew("Hi")
    assert erase_expired(visitor.database, now() + 31 * DAY) == (1, 2)
    assert not end(visitor.ask_anew("Hi")).cached
    assert end(visitor.ask_anew("Hi")).cached


def test_a_chat_deleted_while_its_answer_is_stored_leaves_nothing(tmp_path: Path) -> None:
    visitor = chat(tmp_path)
    put = visitor.cache.put

    def erase_first(key: CacheKey, answer: CachedAnswer, until: float) -> None:
        with visitor.database.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM conversation")
        put(key, answer, until)

    visitor.cache.put = erase_first  # type: ignore[method-assign]
    visitor.ask_anew("Hi")
    assert len(visitor.cache) == 0


def test_a_retry_gets_another_answer_and_the_old_one_is_forgotten(tmp_path: Path) -> None:
    visitor = chat(tmp_path)
    visitor.ask_anew("Hi")
    visitor.model.says = ["Good day."]
    assert text(visitor.ask("Hi", retry=True)) == "Good day."
    assert text(visitor.ask_anew("Hi")) == "Good day."


@pytest.mark.parametrize("way", ["asking again", "a thumb down", "deleting the chat"])
def test_nobody_chooses_what_a_model_tells_others(tmp_path: Path, way: str) -> None:
    visitor = chat(tmp_path)
    visitor.ask_anew("Hi")
    visitor.model.says = ["What the attacker likes."]
    if way == "asking again":
        visitor.ask("Hi", retry=True)
    elif way == "a thumb down":
        with visitor.database.session() as session:
            visitor.service.drop_from_cache(demo_site(session).key, "Hi")
    else:
        assert visitor.conversation
        visitor.service.erase(visitor.conversation, visitor.secret)
    visitor.ask_anew("hi!")
    visitor.model.says = ["Another answer."]
    assert text(visitor.ask_anew("Hi")) == "Another answer."
    visitor.time += 3601
    visitor.ask_anew("Hi")
    assert end(visitor.ask_anew("Hi")).cached


def test_no_answer_is_kept_longer_than_its_conversation() -> None:
    moment = 1000.0
    cache = AnswerCache(9, 3600, lambda: moment)
    key = cache.key("site", "Hi")
    cache.put(key, CachedAnswer("Hello.", (), Ended("model"), "free"), until=1010)
    assert cache.get(key)
    moment = 1010
    assert cache.get(key) is None
    assert len(cache) == 0


def test_the_answers_asked_for_last_are_kept_and_no_more() -> None:
    cache = AnswerCache(2, 60)
    answer = CachedAnswer("Hello.", (), Ended("model"), "free")
    keys = [cache.key("site", f"Question {number}") for number in range(3)]
    for key in keys[:2]:
        cache.put(key, answer, 1e12)
    assert cache.get(keys[0])
    cache.put(keys[2], answer, 1e12)
    assert [cache.get(key) is not None for key in keys] == [True, False, True]
    cache.put(keys[1], replace(answer, text="x" * 100_000), 1e12)
    assert cache.get(keys[1]) is None


def test_a_cache_of_no_answers_keeps_none(tmp_path: Path) -> None:
    cache = AnswerCache(0, 60)
    cache.put(cache.key("site", "Hi"), CachedAnswer("Hello.", (), Ended("model"), "free"), 1e12)
    assert len(cache) == 0


def test_no_question_stands_in_the_cache_itself(tmp_path: Path) -> None:
    visitor = chat(tmp_path)
    visitor.ask_anew("I am Ada Lovelace")
    assert len(visitor.cache) == 1
    assert "lovelace" not in repr(vars(visitor.cache)).casefold()


@pytest.mark.parametrize(
    ("one", "other"),
    [("Open?", "Opened?"), ("Open 9-17?", "Open 9-18?"), ("-5 °C?", "5 °C?"), ("?", "!")],
)
def test_other_questions_are_other_questions(one: str, other: str) -> None:
    assert normalized(one) != normalized(other)
