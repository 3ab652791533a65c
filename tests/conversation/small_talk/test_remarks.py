"""What asks nothing of the site is told from what does, and answered before the pages are."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from support.scripted_chat import QUOTED, Chat, ScriptedModel, end, text

from chatbot_server.conversation.events import Cited
from chatbot_server.conversation.small_talk.clock import what_time_it_is
from chatbot_server.conversation.small_talk.emergency import (
    NUMBERS,
    country_of,
    region_of,
    words_of_help,
)
from chatbot_server.conversation.small_talk.remarks import DISTRESSES, find_remark
from chatbot_server.retrieval.base import Grounding, Passage
from chatbot_server.storage.site.sites import Site, demo_site
from chatbot_server.storage.visitors.learning import unanswered_questions
from chatbot_server.web.visitor.sse import describe

PHRASES: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("remarks").joinpath("phrases.yaml").read_text(encoding="utf-8")
)
NOTHING = Grounding("nothing")


def recognised(half: str) -> tuple[float, float]:
    """Shares: of the remarks, those recognised; of the site's questions, those swallowed."""
    said = [(kind, phrase) for kind, phrases in PHRASES[half]["said"].items() for phrase in phrases]
    kinds = [(remark := find_remark(phrase)) and remark.kind for _, phrase in said]
    right = [kind == found for (kind, _), found in zip(said, kinds, strict=True)]
    swallowed = [
        (remark := find_remark(phrase)) is not None and remark.is_sure
        for phrase in PHRASES[half]["asked"]
    ]
    return sum(right) / len(right), sum(swallowed) / len(swallowed)


def test_remarks_are_recognised_and_no_question_of_the_site_is_swallowed() -> None:
    right, swallowed = recognised("first")
    assert (right >= 0.97, swallowed) == (True, 0.0)


@pytest.mark.parametrize(
    "phrase", [p for kind in DISTRESSES for p in PHRASES["first"]["said"][kind]]
)
def test_a_cry_for_help_is_answered_with_numbers_and_never_with_a_quote(
    tmp_path: Path, phrase: str
) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["A guess."]), QUOTED)
    with chat.database.session() as session:
        demo_site(session).country = "FR"
        demo_site(session).contact_email = "help@example.org"
    events = chat.ask(phrase)
    assert any(
        number in text(events)
        for number in ("[3114](tel:3114)", "**[15](tel:15), [112](tel:112)**", "**[17](tel:17)**")
    )
    assert "help@example.org" in text(events)
    assert QUOTED.answer not in text(events)
    assert not any(isinstance(event, Cited) for event in events)
    assert (end(events).origin, chat.model.prompts, chat.pages.asked) == ("none", [], [])


def test_a_cry_for_help_is_heard_where_the_model_writes_freely(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["Go on."]), None)
    assert "112" in text(chat.ask("i want to kill myself"))
    assert chat.model.prompts == []


@pytest.mark.parametrize(
    ("site", "region", "country"),
    [
        (Site(country="CH", origins=["https://a.fr"]), "CA", "CH"),
        (Site(country="JP", origins=["https://a.fr"]), "CA", "EU"),
        (Site(origins=["https://a.com"], language="fr-BE"), None, "BE"),
        (Site(origins=["https://a.com", "https://b.co.uk:8443"]), "US", "GB"),
        (Site(origins=["https://a.com"]), "CA", "CA"),
        (Site(origins=["http://127.0.0.1"]), "DE", "EU"),
        (Site(origins=[]), None, "EU"),
    ],
)
def test_the_country_is_the_owners_word_or_told_by_language_and_addresses(
    site: Site, region: str | None, country: str
) -> None:
    assert country_of(site, region) == country
    assert NUMBERS[country]["emergency"]


def test_a_region_is_read_from_the_tag_of_a_language() -> None:
    tags = ["fr-CA", "fr_be", "zh-Hant-TW", "fr", "", None, "fr-CA-x-y", "nonsense"]
    assert [region_of(tag) for tag in tags] == ["CA", "BE", "TW", None, None, None, None, None]


def test_where_no_country_is_known_those_who_write_french_read_the_number_of_france_too() -> None:
    assert "**[15](tel:15) (France), [112](tel:112)**" in words_of_help("medical", "EU", "fr")
    assert "**[112](tel:112)**" in words_of_help("medical", "EU", "en")
    assert "**[112](tel:112)**" in words_of_help("violence", "EU", "fr")


@pytest.mark.parametrize(
    ("message", "holds"),
    [
        ("Es-tu un robot ?", "pas une personne"),
        ("Which model are you?", "scripted"),
        ("How old are you?", "no age"),
        ("You are useless", "other words"),
    ],
)
def test_it_says_what_it_is(tmp_path: Path, message: str, holds: str) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["I am a human."]), NOTHING)
    events = chat.ask(message)
    assert holds in text(events)
    assert (end(events).origin, chat.model.prompts) == ("none", [])
    (answer,) = chat.answers()
    assert answer.status == "courtesy"
    with chat.database.session() as session:
        assert unanswered_questions(session, demo_site(session).id, 10) == []


def test_the_end_says_what_kind_of_answer_it_was_and_who_wants_a_person(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("quote"), QUOTED)
    ends = [
        end(chat.ask(message))
        for message in ("Thanks!", "Can I talk to a human?", "You are useless", "Hours?")
    ]
    assert [(each.status, each.offers_person) for each in ends] == [
        ("courtesy", False),
        ("courtesy", True),
        ("courtesy", True),
        ("quoted", False),
    ]
    chat.pages.found = NOTHING
    nothing = end(chat.ask("Do you sell ties?"))
    assert (nothing.status, nothing.offers_person) == ("nothing", True)
    fields = describe(nothing, "en")[1]
    assert (fields["status"], fields["person"]) == ("nothing", True)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("slt", "hello"),
        ("ok super merci bcp", "thanks"),
        ("?", "abilities"),
        ("🏺❤️", "abilities"),
        ("你好", None),
        ("😀" * 4000, None),  # too long to be read, and refused as such
    ],
)
def test_what_hurried_visitors_write_is_recognised(message: str, kind: str | None) -> None:
    remark = find_remark(message)
    assert (remark and remark.kind) == kind


def test_what_it_can_do_is_told_with_the_sites_own_topics(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel(), NOTHING)
    events = chat.ask("Que peux-tu faire ?")
    assert "- Tarifs\n- Horaires" in text(events)
    assert end(events).suggestions == ("Tarifs", "Horaires")


def test_a_question_that_the_site_may_answer_is_the_sites_first(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("quote"), QUOTED)
    assert text(chat.ask("Who are you?")) == QUOTED.answer
    chat.pages.found = NOTHING
    assert "automatic assistant" in text(chat.ask("Who are you?"))


def test_small_talk_is_no_question_that_a_follow_up_leans_on(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("quote"), QUOTED)
    for message in ("When are you open?", "Merci !", "Are you a robot?", "And on Sundays?"):
        chat.ask(message)
    assert chat.pages.asked[-1] == ("And on Sundays?", ("When are you open?",))


def test_what_stands_nowhere_on_the_site_is_named_in_the_no(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("quote"), NOTHING)
    assert "nothing about Carrefour" in text(chat.ask("When does Carrefour open?"))
    assert "rien trouvé sur Carrefour" in text(chat.ask("À quelle heure ouvre Carrefour ?"))
    note = Passage(1, "Carrefour", "", "note-1", "Opposite Carrefour.", 0.4)
    chat.pages.found = Grounding("passages", passages=(note,))
    assert "Carrefour" not in text(chat.ask("When does Carrefour open?"))


@pytest.mark.parametrize(
    "phrase",
    [
        "Tu es un robot ou c'est quelqu'un de la mairie qui me répond ?",
        "Am I talking to a real person or to ChatGPT?",
        "are you a robot or somebody of the club?",
        "a real person or ChatGPT?",
        "je parle à qui ?",
        "Est-ce que je parle à une vraie personne de l'hôtel ?",
        "Is there a real person behind this chat?",
    ],
)
def test_who_answers_is_asked_in_many_ways(phrase: str) -> None:
    remark = find_remark(phrase)
    assert remark is not None
    assert remark.kind == "person"


@pytest.mark.parametrize(
    "phrase",
    [
        "C'est un robot ou une machine à café ?",
        "Is this a machine or hand wash item?",
        "Is there someone at the desk on Sunday?",
        "Est-ce un robot tondeuse ?",
    ],
)
def test_a_machine_for_sale_is_no_question_about_the_chatbot(phrase: str) -> None:
    assert find_remark(phrase) is None


def test_what_is_asked_beside_a_question_about_the_chatbot_is_answered_too(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("quote"), QUOTED)
    answer = text(chat.ask("Are you a bot? When are you open?"))
    assert "automatic assistant" in answer
    assert answer.endswith(QUOTED.answer)
    assert chat.pages.asked[-1] == ("When are you open?", ())


@pytest.mark.parametrize(
    ("message", "holds", "looked_up"),
    [
        ("What time is it? Are you a bot?", ["It is ", "automatic assistant"], []),
        ("What time is it? What is the weather?", ["It is ", "the weather"], ["weather"]),
        ("What time is it and when are you open?", ["It is ", QUOTED.answer], ["you open"]),
        ("Quelle heure est-il ? Merci !", ["Il est "], []),
        ("Sind Sie ein Roboter? Wie spät ist es?", ["automatic assistant", "It is "], []),
        ("¿Qué tiempo hace hoy?", ["the weather"], ["tiempo"]),
    ],
)
def test_each_remark_of_a_message_is_answered(
    tmp_path: Path, message: str, holds: list[str], looked_up: list[str]
) -> None:
    chat = Chat(tmp_path, ScriptedModel("quote"), QUOTED)
    answer = text(chat.ask(message))
    assert [part for part in holds if part not in answer] == []
    questions = [question for question, _history in chat.pages.asked]
    assert all(word in " ".join(questions) for word in looked_up)
    assert looked_up or not any("bot" in question for question in questions)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Ich will sterben", "self_harm"),
        ("Me quiero matar", "self_harm"),
        ("Mein Mann schlägt mich", "violence"),
        ("No puedo respirar", "medical"),
        ("Ich will hier leben", None),
        ("¿Cuánto tiempo dura la visita?", None),
    ],
)
def test_a_cry_for_help_is_heard_in_german_and_spanish(message: str, kind: str | None) -> None:
    remark = find_remark(message)
    assert (remark and remark.kind) == kind


def test_a_greeting_s_names_are_nothing_that_the_site_does_not_know(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("quote"), NOTHING)
    assert "Camille" not in text(chat.ask("Bonjour Camille, vendez-vous des kayaks ? Merci"))


def test_no_message_takes_long_to_tell() -> None:
    parts = ["tu es ", "i want to ", "merci ", "mon mari me ", "ok thanks ", "je veux ", "a" * 40]
    for part in parts:
        begun = time.thread_time()
        find_remark(part * (4000 // len(part)))
        find_remark(part * 4)
        find_remark(" ".join(part.split() * 20)[:300])
        assert time.thread_time() - begun < 0.2


NOON = datetime(2026, 11, 27, 12, 5, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "It is 13:05 on Friday 27 November 2026 (Europe/Paris)."),
        ("fr", "Il est 13\u00a0h 05, le vendredi 27 novembre 2026 (Europe/Paris)."),
    ],
)
def test_the_time_is_told_where_the_site_is(language: str, sentence: str) -> None:
    site = Site(time_zone="Europe/Paris")
    assert what_time_it_is(site, language, NOON.astimezone(ZoneInfo("Europe/Paris"))) == sentence


def test_beside_the_time_it_is_told_whether_the_place_is_open(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["Noon."]), NOTHING)
    assert "\n" not in text(chat.ask("What time is it?"))
    line = "**Today, Friday: 9 to 17** (open now)"
    chat.pages.found = replace(QUOTED, moment_line=line)
    events = chat.ask_anew("What time is it?")
    assert text(events).startswith("It is ")
    assert text(events).endswith(f"\n\n{line}")
    assert Cited(QUOTED.sources) in events
    assert (end(events).origin, chat.model.prompts) == ("none", [])


def test_who_asks_for_a_person_reads_how_to_reach_one(tmp_path: Path) -> None:
    chat = Chat(tmp_path, ScriptedModel("write", ["No."]), NOTHING)
    way = "choose “Talk to a human”."
    assert text(chat.ask("I want to talk to someone")).endswith(way)
    chat.pages.found = replace(QUOTED, of_near_question=True)
    assert text(chat.ask_anew("I want to talk to someone")).endswith(way)
    chat.pages.found = QUOTED
    events = chat.ask_anew("I want to talk to someone")
    assert text(events).endswith(f"{way}\n\n{QUOTED.answer}")
    assert Cited(QUOTED.sources) in events
    assert (end(events).origin, chat.model.prompts) == ("none", [])


@pytest.mark.parametrize(
    ("message", "holds"),
    [
        ("Will it rain tomorrow?", "cannot see the weather"),
        ("Quel temps fait-il ?", "ne vois pas le temps"),
        ("Who won the match?", "cannot tell you that"),
        ("Raconte-moi une blague", "n’invente rien"),
    ],
)
def test_what_no_site_tells_is_never_answered_with_what_is_near(
    tmp_path: Path, message: str, holds: str
) -> None:
    chat = Chat(tmp_path, ScriptedModel("quote"), QUOTED)
    events = chat.ask(message)
    assert holds in text(events)
    assert (end(events).origin, len(end(events).suggestions)) == ("none", 2)


def test_a_section_about_the_weather_is_shown(tmp_path: Path) -> None:
    passage = Passage(1, "Services", "Weather", "https://example.org/s", "Ask the warden.", 0.9)
    told = replace(QUOTED, answer="Ask the warden.", passages=(passage,))
    chat = Chat(tmp_path, ScriptedModel("quote"), told)
    assert text(chat.ask("What's the weather like?")) == "Ask the warden."


@pytest.mark.parametrize("message", ["Que proposez-vous ?", "What do you sell?"])
def test_what_a_place_offers_is_told_by_a_page_about_that_or_by_the_topics(
    tmp_path: Path, message: str
) -> None:
    chat = Chat(tmp_path, ScriptedModel("quote"), QUOTED)
    assert len(end(chat.ask(message)).suggestions) == 2
    passage = Passage(1, "Services", "", "https://example.org/s", "Mugs and lessons.", 0.9)
    told = replace(QUOTED, answer="Mugs and lessons.", passages=(passage,))
    chat.pages.found = told
    assert text(chat.ask_anew(message)) == "Mugs and lessons."


@pytest.mark.parametrize("message", ["c'est quel jour ?", "what day is it?", "What time is it?"])
def test_the_day_may_be_asked_of_what_was_spoken_of(message: str) -> None:
    remark = find_remark(message)
    assert remark is not None
    assert remark.kind == "clock"
    assert remark.is_sure_after(())
    assert not remark.is_sure_after(("Is there a choir?",))
