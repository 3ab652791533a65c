"""Golden questions, runs compared, answers looked at, and what an entry would change."""

from __future__ import annotations

import re
from collections.abc import Callable

from support.conversations import add_conversation
from support.servers.owner_server import OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.library import add_faq
from chatbot_server.retrieval.curate.listing import describe_entries
from chatbot_server.retrieval.curate.quality.golden_runs import margin_of_error, run_when_due
from chatbot_server.storage.visitors.conversations import ChatMessage
from chatbot_server.storage.visitors.quality import review_counts, runs_of

Post = Callable[..., TestResponse]


def ask(owner: OwnerServer, question: str, origin: str = "pages", *, keep: bool = True) -> str:
    """A conversation of one question; returns the id of its answer."""
    with owner.database.session() as session:
        exchange = (question, "An answer.")
        return add_conversation(session, owner.site_id, exchange, keep=keep, origin=origin)[0].id


def test_runs_are_made_and_compared(owner: OwnerServer, post: Post) -> None:
    add_faq(owner.database, owner.site_id, "Do you deliver?", "Yes, in Hull.")
    assert post("/admin/KEY/quality", question="", expect="x").status_code == 400
    post("/admin/KEY/quality", question="Do you deliver?", expect="in Hull")
    post("/admin/KEY/quality", question="Do you sell boats?", expect="")
    first = post("/admin/KEY/quality/runs").location
    browser = owner.browser("reader")
    assert "2 of 2 as expected" in browser.get(first).text
    add_faq(owner.database, owner.site_id, "Do you deliver?", "No.")
    second = post("/admin/KEY/quality/runs").location
    page = browser.get(second).text
    assert "1 of 2 as expected" in page
    assert ">worse<" in page
    assert "Yes, in Hull." in page
    assert browser.get(f"{second}?before=4711").status_code == 404
    numbers = re.findall(
        r'name="remove" value="(\d+)"',
        owner.browser("editor").get(f"/admin/{owner.key}/quality").text,
    )
    assert post("/admin/KEY/quality", remove=numbers[0]).status_code == 303


def test_a_run_a_night_is_enough(owner: OwnerServer, post: Post) -> None:
    base = KnowledgeBase(owner.database)
    run_when_due(base)
    post("/admin/KEY/quality", question="Do you sell boats?", expect="")
    run_when_due(base)
    run_when_due(base)
    with owner.database.session() as session:
        runs = runs_of(session, owner.site_id)
        assert [(run.who, run.passed) for run in runs] == [("", 1)]
        runs[0].created -= 24 * 3600
    run_when_due(base)
    with owner.database.session() as session:
        assert len(runs_of(session, owner.site_id)) == 2


def test_what_an_entry_would_change_is_said_before_it_is_saved(
    owner: OwnerServer, post: Post
) -> None:
    add_faq(owner.database, owner.site_id, "Are you open on Sunday?", "No.")
    ask(owner, "Do you repair bicycles?", "none")
    ask(owner, "A secret about bicycles", "none", keep=False)
    post("/admin/KEY/quality", question="Are you open on Sunday?", expect="No.")
    form = {"question": "Do you repair bicycles?", "answer": "Yes.", "action": "preview"}
    for path in ("faq", "unanswered/"):
        if path != "faq":
            page = owner.browser("editor").get(f"/admin/{owner.key}/unanswered").text
            path += page.split("group-")[1].split('"')[0]
        page = post(f"/admin/KEY/{path}", **form).text
        assert "Of 2 golden questions and recent visitors" in page, path
        assert ", 1 would get a different answer" in page, path
        assert "asked by a visitor" in page
        assert "secret" not in page
        with owner.database.session() as session:
            assert len(describe_entries(session, owner.site_id)) == 1, "nothing was saved"
    changed = form | {"question": "Are you open on Sunday?", "answer": "Yes, till noon."}
    page = post("/admin/KEY/faq", **changed).text
    assert ">golden question<" in page
    with owner.database.session() as session:
        assert describe_entries(session, owner.site_id)[0]["text"] == "No."
    assert post("/admin/KEY/faq", **form | {"answer": ""}).status_code == 400


def test_answers_are_drawn_and_judged(owner: OwnerServer, post: Post) -> None:
    answers = [ask(owner, f"Question {number}") for number in range(12)]
    hidden = ask(owner, "A secret", keep=False)
    browser = owner.browser("reader")
    sources = [{"title": "Opening hours", "url": "https://example.org/hours", "quote": ""}]
    with owner.database.session() as session:
        for identifier in answers:
            session.get_one(ChatMessage, identifier).sources = sources
    page = browser.get(f"/admin/{owner.key}/quality/sample").text
    assert page.count(">Opening hours</a>") == 10, "an answer may be nothing but its sources"
    drawn = re.findall(r'name="message" value="([\w-]+)"', page)
    assert len(set(drawn)) == 10
    assert set(drawn) <= set(answers)
    form = {f"value-{message}": "up" for message in drawn[:8]} | {f"value-{drawn[8]}": "down"}
    post("/admin/KEY/quality/sample", message=drawn, **form)
    page = browser.get(f"/admin/{owner.key}/quality/sample").text
    assert "8 of the 9 answers" in page
    assert "between 56 and 98%" in page
    left = re.findall(r'name="message" value="([\w-]+)"', page)
    assert set(left) == set(answers) - set(drawn[:9])
    refused = post("/admin/KEY/quality/sample", message=[hidden], **{f"value-{hidden}": "up"})
    assert refused.status_code == 404
    with owner.database.session() as session:
        session.delete(session.get_one(ChatMessage, drawn[0]))
        session.flush()
        assert review_counts(session, owner.site_id) == (8, 7), "it goes with its answer"


def test_a_few_answers_say_little_and_many_say_more() -> None:
    assert margin_of_error(0, 0) is None
    assert margin_of_error(10, 10) == (72, 100)
    assert margin_of_error(0, 10) == (0, 28)
    low, high = margin_of_error(900, 1000) or (0, 0)
    assert 88 <= low < 90 < high <= 92
