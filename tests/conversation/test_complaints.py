"""Complaints about the chatbot, pictures and single words, told from questions about the site."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.scripted_chat import QUOTED, Chat, ScriptedModel, end, text

from chatbot_server.conversation.small_talk.remarks import find_remark
from chatbot_server.retrieval.base import Grounding

COMPLAINTS = """\
c'est nul votre truc
ça ne marche pas ton bot
il marche pas votre truc
ce bot ne sert à rien
quel chatbot de merde
c'est une perte de temps
pas très utile votre robot
franchement c'est pas terrible votre assistant
tu comprends vraiment rien à ce que je dis
tu réponds toujours la même chose
c'est nul, tu comprends rien
non c'est faux
vous vous trompez
you don't understand anything
this is useless, you stupid bot
your bot doesn't work
this chatbot is a waste of time
you are not very helpful
you keep saying the same thing
no that's not right
👎"""
QUESTIONS = """\
la machine est nulle, comment la rendre ?
ce cours est nul, je veux être remboursé
votre machine à café ne marche pas
le wifi ne marche pas
mon chat ne marche plus
votre site ne marche pas, comment réserver ?
c'est faux cuir ?
erreur de taille
my bike is useless, can I return it?
this lamp is broken
the lift doesn't work
my order is wrong
is it bad for my teeth?
this service is not for me, can I cancel"""


@pytest.mark.parametrize("message", COMPLAINTS.splitlines())
def test_a_complaint_about_the_chatbot_is_told(message: str) -> None:
    remark = find_remark(message)
    assert remark is not None
    assert remark.kind == "insult"


@pytest.mark.parametrize("message", QUESTIONS.splitlines())
def test_a_complaint_about_something_else_is_a_question(message: str) -> None:
    assert find_remark(message) is None


def test_a_complaint_is_answered_with_an_apology_and_a_person(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("quote"), QUOTED)
    events = chat.ask("c'est nul votre truc", locale="fr")
    assert "désolé" in text(events)
    assert (end(events).offers_person, chat.pages.asked) == (True, [])


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("👍", "thanks"),
        ("👍🏽 ", "thanks"),
        ("❤️🎉!", "thanks"),
        ("https://example.org/contact.html", "abilities"),
        ("www.example.org", "abilities"),
        ("jean@example.fr", "handoff"),
    ],
)
def test_pictures_and_addresses_are_no_questions(message: str, kind: str) -> None:
    remark = find_remark(message)
    assert remark is not None
    assert (remark.kind, remark.language) == (kind, None)


@pytest.mark.parametrize(
    ("before", "locale", "holds"),
    [
        ("Quels sont vos horaires ?", "en", "souhaitez-vous"),
        ("What are your opening hours?", "fr", "would you like"),
        ("", "fr", "souhaitez-vous"),
        ("menu", "fr", "souhaitez-vous"),
    ],
)
def test_ok_is_answered_in_the_language_of_the_conversation(
    tmp_path: Path, before: str, locale: str, holds: str
) -> None:
    chat = Chat(tmp_path, ScriptedModel("quote"), QUOTED)
    if before:
        chat.ask(before, locale=locale)
    assert holds in text(chat.ask("ok", locale=locale))


def test_a_no_to_a_name_alone_is_in_the_language_of_the_conversation(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("quote"), QUOTED)
    chat.ask("Quels sont vos horaires ?")
    chat.pages.found = Grounding("nothing")
    assert "rien trouvé" in text(chat.ask("Zanzibar"))
