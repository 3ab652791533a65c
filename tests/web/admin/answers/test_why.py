"""The page that says why a question is answered as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from support.conversations import add_conversation
from support.servers.owner_server import OwnerServer

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Grounding, Source
from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.storage.site.sites import add_site


def words_of(page: str) -> str:
    """The text of the page's content."""
    content = page.split("<main", 1)[1].split("</main>", 1)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", content).split())


def explained(owner: OwnerServer, question: str, role: str = "reader") -> str:
    browser = owner.browser(role)  # type: ignore[arg-type]
    return browser.get(f"/admin/{owner.key}/why", query_string={"q": question}).text


def test_what_was_found_and_what_decided_is_told(owner: OwnerServer) -> None:
    add_note(owner.database, owner.site_id, "Opening hours", "We open from 9 am to 6 pm.")
    add_note(owner.database, owner.site_id, "Parking", "There are ten places to park.")
    words = words_of(explained(owner, "What are your opening hours?"))
    assert "We open from 9 am to 6 pm." in words
    assert "Enough speaks for the first section: it is quoted." in words
    assert "for It contains every important word of the question." in words
    words = words_of(explained(owner, "What are the opening hours of the swimming pool?"))
    assert "Too little speaks for the first section." in words
    assert "against " in words
    assert "of them are nowhere on your site" in words
    assert "has enough to do with the question" in words_of(explained(owner, "Zebra giraffe?"))


def test_a_question_without_others_before_it_names_none(owner: OwnerServer) -> None:
    add_note(owner.database, owner.site_id, "Horaires", "La boulangerie ouvre de 7 h à 18 h.")
    words = words_of(explained(owner, "Quand ouvrez-vous ?"))
    assert "What was looked up, in the words that pages use:" in words
    assert "the questions before it" not in words


def test_an_own_answer_is_told_apart(owner: OwnerServer) -> None:
    add_faq(owner.database, owner.site_id, "Do you sell cider?", "Yes, in autumn.")
    page = explained(owner, "Do you sell cider?")
    assert "One of your own answers clearly fits" in page
    assert f"/admin/{owner.key}/faq?q=Do+you+sell+cider?" in page
    assert "About the first section" not in page


def test_an_own_answer_that_is_only_near_is_named(
    owner: OwnerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_note(owner.database, owner.site_id, "Opening hours", "We open from 9 am to 6 pm.")
    ground = KnowledgeBase.ground
    source = Source("Do you sell cider?", "faq:1", "Yes.")

    def near(base: KnowledgeBase, *asked: object) -> Grounding:
        shown = ground(base, *asked)  # type: ignore[arg-type]
        return replace(shown, sources=(source,), of_near_question=True)

    monkeypatch.setattr(KnowledgeBase, "ground", near)
    words = words_of(explained(owner, "What are your opening hours?"))
    assert "one of your own answers is close: “Do you sell cider?”" in words
    assert "Enough speaks for the first section" not in words
    assert "About the first section" not in words


def test_it_leads_from_a_conversation_to_a_better_answer(owner: OwnerServer) -> None:
    add_note(owner.database, owner.site_id, "Opening hours", "On Sunday we open at 9 am.")
    with owner.database.session() as session:
        exchanges = [("What are the opening hours?", "Here."), ("And on Sunday?", "Here.")]
        _, answer = add_conversation(session, owner.site_id, *exchanges, origin="pages")
        identifier, message = answer.conversation_id, answer.id
    link = f"/admin/{owner.key}/why?message={message}"
    assert (
        link in owner.browser("reader").get(f"/admin/{owner.key}/conversations/{identifier}").text
    )
    page = owner.browser("editor").get(link).text
    assert "after the questions before it" in page, "a follow-up is looked up with its question"
    assert f"faq?better={message}" in page
    assert "faq?" not in owner.browser("reader").get(link).text
    page = explained(owner, "Is there a sauna?", "editor")
    form = owner.browser("editor").get(page.split('class="button" href="')[1].split('"')[0]).text
    assert 'value="Is there a sauna?"' in form


def test_it_is_explained_as_it_was_looked_up(
    owner: OwnerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, tuple[str, ...], str]] = []
    ground = KnowledgeBase.ground

    def noting(
        base: KnowledgeBase,
        site_id: int,
        question: str,
        history: Sequence[str] = (),
        locale: str = "",
    ) -> Grounding:
        asked.append((question, tuple(history), locale))
        return ground(base, site_id, question, history, locale)

    with owner.database.session() as session:
        questions = ("Ouvert ?", "Merci !", "Es-tu un robot ? Avez-vous le wifi ?")
        exchanges = [(question, "Voilà.") for question in questions]
        _, thanks, answer = add_conversation(session, owner.site_id, *exchanges, locale="fr")
        thanks.status = "courtesy"
        message = answer.id
    monkeypatch.setattr(KnowledgeBase, "ground", noting)
    page = owner.browser("owner").get(f"/admin/{owner.key}/why?message={message}").text
    assert "Es-tu un robot ? Avez-vous le wifi ?" in page, "as it was typed"
    assert asked[0] == ("Avez-vous le wifi ?", ("Ouvert ?",), "fr")


def test_no_other_sites_question_is_explained(owner: OwnerServer) -> None:
    with owner.database.session() as session:
        other = add_site(session, "Other").id
        message = add_conversation(session, other, ("A secret of others?", "Yes."))[0].id
    page = owner.browser("owner").get(f"/admin/{owner.key}/why?message={message}")
    assert page.status_code == 404
    assert "A secret" not in page.text


def test_a_whole_message_is_not_looked_up_twice(
    owner: OwnerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_note(owner.database, owner.site_id, "Opening hours", "We open from 9 am to 6 pm.")
    ground, asked = KnowledgeBase.ground, []

    def counted(base: KnowledgeBase, *question: object) -> Grounding:
        asked.append(question[1])
        return ground(base, *question)  # type: ignore[arg-type]

    monkeypatch.setattr(KnowledgeBase, "ground", counted)
    explained(owner, "What are your opening hours?")
    assert asked == ["What are your opening hours?"]
