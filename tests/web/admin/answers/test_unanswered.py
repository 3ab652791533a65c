"""Questions without an answer: answered once, ignored, and whose are none."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from support.conversations import talk
from support.servers.owner_server import OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.retrieval.curate.library import add_faq
from chatbot_server.storage.owners.audit import entries_before
from chatbot_server.storage.visitors.conversations import Conversation
from chatbot_server.web.admin.answers import questions

Post = Callable[..., TestResponse]


def test_what_nobody_could_answer_is_answered_once(owner: OwnerServer, post: Post) -> None:
    for question in ("Do you repair bicycles?", "do you repair bicycles"):
        talk(owner, question, "Nothing found.", "none")
    browser = owner.browser("editor")
    page = browser.get(f"/admin/{owner.key}/unanswered").text
    assert "Asked 2 times" in page
    group = page.split("/unanswered/")[1].split("#")[0]
    assert post(f"/admin/KEY/unanswered/{group}", answer="").status_code == 400
    answer = post(f"/admin/KEY/unanswered/{group}", answer="Yes, on Mondays.")
    assert answer.status_code == 303
    assert "Do you repair" not in browser.get(f"/admin/{owner.key}/unanswered").text
    body = {"site": owner.key, "message": "Do you repair bicycles?", "locale": "en"}
    assert "Yes, on Mondays." in browser.post("/api/chat", json=body).text


def test_what_would_change_is_shown_as_visitors_see_it(owner: OwnerServer, post: Post) -> None:
    talk(owner, "Do you repair bicycles?", "Nothing found.", "none")
    page = owner.browser("editor").get(f"/admin/{owner.key}/unanswered").text
    group = page.split("/unanswered/")[1].split("#")[0]
    form = {"answer": "Yes, **on Mondays**.", "action": "preview"}
    page = post(f"/admin/KEY/unanswered/{group}", **form).text
    assert "<p>Yes, <strong>on Mondays</strong>.</p>" in page
    # Below a long list, too, one comes back to the question.
    assert f'/unanswered/{group}#question-{group}"' in page
    with owner.database.session() as session:
        assert {row.action for row in entries_before(session)} == {"log_in"}
    page = post("/admin/KEY/faq", **form | {"question": "Is there a sauna?"}).text
    assert "None of 1 golden questions and recent visitors’ questions would" in page


def test_two_who_answer_one_question_are_told(owner: OwnerServer, post: Post) -> None:
    talk(owner, "Do you repair bicycles?", "Nothing found.", "none")
    page = owner.browser("editor").get(f"/admin/{owner.key}/unanswered").text
    group = page.split("/unanswered/")[1].split("#")[0]
    assert post(f"/admin/KEY/unanswered/{group}", answer="Yes.").status_code == 303
    refused = post(f"/admin/KEY/unanswered/{group}", answer="No.")
    assert refused.status_code == 409
    assert owner.own_answers()[0]["text"] == "Yes."
    assert post(f"/admin/KEY/unanswered/{group}", answer="No.", force="yes").status_code == 303
    assert owner.own_answers()[0]["text"] == "No."


def test_a_question_that_shall_have_no_answer_is_ignored(owner: OwnerServer, post: Post) -> None:
    talk(owner, "Do you repair bicycles?", "Nothing found.", "none")
    browser = owner.browser("reader")
    path = f"/admin/{owner.key}/unanswered"
    page = browser.get(path).text
    assert "Asked once," in page
    group = page.split("group-")[1].split('"')[0]
    assert post(f"/admin/KEY/unanswered/{group}/ignore").status_code == 303
    page = browser.get(path).text
    assert f"group-{group}" not in page
    assert "1 ignored question<" in page
    post(f"/admin/KEY/unanswered/{group}/ignore", ignored="no")
    assert f"group-{group}" in browser.get(path).text


def test_the_owners_own_tries_are_no_unanswered_questions(owner: OwnerServer) -> None:
    tried = talk(owner, "Can you juggle five loaves?", "", "none")
    talk(owner, "Do you sell cider?", "", "none")
    with owner.database.session() as session:
        session.get_one(Conversation, tried).preview = True
    page = owner.browser("owner").get(f"/admin/{owner.key}/unanswered").text
    assert "Do you sell cider?" in page
    assert "juggle" not in page


def test_a_question_that_was_just_answered_is_not_shown_again(
    owner: OwnerServer, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    for question in ("Do you sell cider?", "Do you repair bicycles?"):
        talk(owner, question, "Nothing found.", "none")
    monkeypatch.setattr(questions, "ASKING_SECONDS", 0)  # a page has no time left to ask anything
    path = f"/admin/{owner.key}/unanswered"
    browser = owner.browser("reader")
    (group,) = re.findall(r'id="group-(\w+)"[^>]*>Do you sell cider', browser.get(path).text)
    assert post(f"/admin/KEY/unanswered/{group}", answer="Yes.").status_code == 303
    page = browser.get(path).text
    assert "Do you sell cider?" not in page
    assert "Do you repair bicycles?" in page


def test_a_group_leads_to_the_pages_where_it_was_asked(owner: OwnerServer) -> None:
    for page, times in (
        ("https://example.org/b?x=<b>", 1),
        ("https://example.org/a", 2),
        (None, 1),
    ):
        for _ in range(times):
            asked = talk(owner, "Do you repair bicycles?", "", "none")
            with owner.database.session() as session:
                session.get_one(Conversation, asked).page = page
    browser = owner.browser("reader")
    page = browser.get(f"/admin/{owner.key}/unanswered").text
    shown = page.split("Asked on:")[1].split("<br>")[0]
    names = re.findall(r">(http[^<]*)</a> \((\d)\)", shown)
    assert names == [("https://example.org/a", "2"), ("https://example.org/b?x=&lt;b&gt;", "1")]
    link = re.findall(r'href="([^"]*)"', shown)[0].replace("&amp;", "&")
    assert browser.get(link).text.count("Do you repair bicycles?") == 2


def test_questions_that_have_an_answer_by_now_are_counted(owner: OwnerServer) -> None:
    for question in ("Do you sell cider?", "Do you repair bicycles?"):
        talk(owner, question, "Nothing found.", "none")
    path = f"/admin/{owner.key}/unanswered"
    browser = owner.browser("reader")
    assert "by now" not in browser.get(path).text
    add_faq(owner.database, owner.site_id, "Do you sell cider?", "Yes.")
    page = browser.get(path).text
    assert "One more question got no answer, and has one by now" in page
    assert "cider" not in page
