"""The questions of a conversation are asked again: by the pages, and by a model that writes."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from support.conversations import ask_in_vain, talk
from support.scripted_chat import ScriptedModel
from support.servers.owner_server import OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.conversation.model.golden import GoldenWriter
from chatbot_server.conversation.model.todays_answers import answer_requests, is_requested
from chatbot_server.engine.base import Sampling
from chatbot_server.engine.process.state import EngineRecord, write_state
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.service import answering
from chatbot_server.service.jobs import again
from chatbot_server.storage.visitors.conversations import Conversation, erase_conversation

Post = Callable[..., TestResponse]
WRITTEN = "You find us open from 9 to 17."


@pytest.fixture
def conversation(owner: OwnerServer) -> str:
    """A conversation of two questions and a greeting, before the site had pages; its id."""
    asked = ("When are you open?", "What are your opening hours?")
    conversation = ask_in_vain(owner.database, owner.site_id, *asked)
    add_note(owner.database, owner.site_id, "Opening hours", "We are open from 9 to 17.")
    owner.model.tier = "write"
    return conversation


def answer(owner: OwnerServer, *words: str) -> ScriptedModel:
    """What the job does, with a model that says *words*."""
    model = ScriptedModel("write", words)
    writer = GoldenWriter(owner.database, model, Sampling())
    answer_requests(
        owner.config.run_dir, owner.database, KnowledgeBase(owner.database), writer.write
    )
    return model


def test_a_model_that_writes_is_asked_by_a_job_and_waited_for(
    owner: OwnerServer, post: Post, conversation: str
) -> None:
    path = f"/admin/{owner.key}/conversations/{conversation}"
    asking = post(f"{path}/again")
    assert asking.location == f"{path}?again=model"
    assert (owner.config.run_dir / "jobs-again.called").exists()
    browser = owner.browser("reader")
    page = browser.get(asking.location).text
    assert page.count("This question is being asked") == 2
    assert "2 questions are being asked" in page
    assert '<noscript><meta http-equiv="refresh"' in page, "it is shown without scripts, too"
    model = answer(owner, WRITTEN)
    page = browser.get(asking.location).text
    assert WRITTEN in page
    assert "What the language model writes today" in page
    assert "being asked" not in page
    assert 'http-equiv="refresh"' not in page
    read = [message.content for message in model.prompts[-1].messages]
    assert "When are you open?" in read, "what was said before is read, as in the chat"
    assert WRITTEN not in browser.get(path).text
    assert post(f"{path}/again").status_code == 303
    assert WRITTEN not in browser.get(asking.location).text, "former answers are forgotten"
    again(owner.config, owner.database)  # the model is gone meanwhile
    assert "What your pages answer today" in browser.get(asking.location).text


def test_what_a_model_does_not_write_is_what_the_pages_say(
    owner: OwnerServer, post: Post, conversation: str
) -> None:
    post(f"/admin/KEY/conversations/{conversation}/again")
    answer(owner, "It costs 42 euros.")
    page = (
        owner.browser("reader")
        .get(f"/admin/{owner.key}/conversations/{conversation}?again=model")
        .text
    )
    assert "What your pages answer today" in page
    assert "We are open from 9 to 17." in page
    assert "42 euros" not in page


def test_where_no_model_writes_the_pages_answer_at_once(
    owner: OwnerServer, post: Post, conversation: str
) -> None:
    owner.model.tier = "quote"
    talk(owner, "Hello", "Hello!", "none", status="courtesy")
    asking = post(f"/admin/KEY/conversations/{conversation}/again")
    assert asking.location.endswith("?again=yes")
    page = owner.browser("reader").get(asking.location).text
    assert page.count("What your pages answer today") == 2
    assert not (owner.config.run_dir / "jobs-again.called").exists()
    greeting = talk(owner, "Hello", "Hello!", "none", status="courtesy")
    path = f"/admin/{owner.key}/conversations/{greeting}?again=yes"
    assert "answer today" not in owner.browser("reader").get(path).text, "a greeting asks nothing"


def test_an_erased_conversation_is_not_asked(
    owner: OwnerServer, post: Post, conversation: str
) -> None:
    post(f"/admin/KEY/conversations/{conversation}/again")
    with owner.database.session() as session:
        erase_conversation(session, session.get_one(Conversation, conversation))
    assert answer(owner, WRITTEN).prompts == []
    assert not is_requested(owner.config.run_dir, conversation)
    assert post(f"/admin/KEY/conversations/{conversation}/again").status_code == 404
    assert post("/admin/none/conversations/none/again").status_code == 404


def test_a_model_that_is_being_loaded_is_waited_for(
    owner: OwnerServer, post: Post, conversation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "KNOWN_SECONDS", 0.0)
    post(f"/admin/KEY/conversations/{conversation}/again")
    write_state(owner.config.run_dir, EngineRecord("starting", supervisor=os.getpid()))
    again(owner.config, owner.database)
    assert is_requested(owner.config.run_dir, conversation)


def test_what_comes_closest_is_shown_beside_a_no(owner: OwnerServer, post: Post) -> None:
    add_note(owner.database, owner.site_id, "Bread", "Our rye bread is baked on Fridays.")
    asked = "Do you bake rye bread for weddings?"
    conversation = ask_in_vain(owner.database, owner.site_id, asked)
    near = KnowledgeBase(owner.database).ground(owner.site_id, asked)
    assert near.unsure_answer, "nothing answers surely"
    asking = post(f"/admin/KEY/conversations/{conversation}/again")
    page = owner.browser("reader").get(asking.location).text
    assert "This comes closest" in page
    assert "baked on Fridays" in page
