"""“How much is it?” is answered about the thing that the conversation is about, or not at all."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.answer import subject
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.answer.why import explain
from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.storage.database import Database

PAGES = (
    ("Jazz workshop", "For adults, every second Wednesday at 8 pm in studio 3. Eight musicians."),
    ("Wicker workshop", "A day in May with Corentin Vauthier. It costs 75 €, lunch included."),
    ("Choir", "We sing on Monday evenings, with Helen Varney. Beginners are welcome."),
    ("Fees", "- Choir — 120 € a year\n- Instruments — 310 € a year"),
    ("Jazz night", "On 22 May in the yard. It ends at 11 pm. Entry is 8 €."),
    ("Opening hours", "The office is open on Mondays from 2 pm to 6 pm."),
    ("Entry", "Entry to the museum is 6 €."),
    ("The mill", "Behind the lock, with a car park. 2 Weir Lane. Call 01482 555 0120."),
    ("The kiln", "In the old quarter. 6 Oven Street. Call 01482 555 0110."),
    ("Open days in Hull", "The Hull studio is open on Tuesdays."),
    ("Gift cards", "We sell gift cards in the shop, to be used within 12 months."),
    ("Estimates", "An estimate is free, and valid for three months."),
    ("Pottery course", "Wednesdays in the Garden Room. It costs 60 € for four evenings."),
    ("Studios", "The Hull studio is at 3 Dock Lane.\n\nYork: 27 Micklegate Street."),
)


@pytest.fixture(name="base")
def knowledge_base(database: Database, site_id: int) -> KnowledgeBase:
    """Knowledge of the pages, found by their words."""
    for title, text in PAGES:
        add_note(database, site_id, title, text)
    return KnowledgeBase(database)


@pytest.mark.parametrize(
    ("history", "question", "told"),
    [
        (["When is the wicker workshop?"], "and how much is it?", "75 €"),
        (["When is the wicker workshop?", "how much is it?"], "who runs it?", "Corentin Vauthier"),
        (["When is the jazz workshop?", "how much is it?"], "how many people?", "Eight musicians"),
        (["Is there a jazz workshop?", "thanks"], "which days", "Wednesday"),
        (["Do you have a choir?"], "price?", "120 €"),
        (["Is there a car park at the mill?"], "what's the phone number?", "0120"),
        (["Is there a car park at the mill?"], "and the address?", "2 Weir Lane"),
        (["Is the Hull studio open on Tuesday?"], "where is it?", "3 Dock Lane"),
        (["Do you sell gift cards?"], "how long is it valid?", "12 months"),
    ],
)
def test_a_property_is_told_of_the_thing_before(
    base: KnowledgeBase, site_id: int, history: list[str], question: str, told: str
) -> None:
    assert told in base.ground(site_id, question, history).answer


@pytest.mark.parametrize(
    ("history", "question"),
    [
        (["When is the jazz workshop?"], "how much is it?"),
        (["When is the jazz workshop?", "how much is it?"], "who runs it?"),
        (["When is the jazz workshop?"], "when does it end?"),
        (["How much is the pottery course?"], "who teaches it?"),
        (["Do you have a choir?"], "how long does it last?"),
    ],
)
def test_the_property_of_another_thing_is_no_answer(
    base: KnowledgeBase, site_id: int, history: list[str], question: str
) -> None:
    grounding = base.ground(site_id, question, history)
    assert grounding.answer == ""
    shown = base.ground(site_id, history[0]).passages[0]
    assert shown.text.partition(".")[0] in grounding.unsure_answer
    assert grounding.near[0].title == shown.title


@pytest.mark.parametrize(("share", "is_told"), [(0.5, True), (1.0, False)])
def test_a_heading_with_too_few_of_its_words_is_about_another_thing(
    database: Database,
    site_id: int,
    monkeypatch: pytest.MonkeyPatch,
    share: float,
    is_told: bool,
) -> None:
    monkeypatch.setattr(subject, "HEADING_SHARE", share)
    for name in ("Jazz", "Clay", "Wood", "Silk", "Glass"):
        text = f"# {name}\n\n## {name} workshop\n\nA workshop on every second Wednesday at 8 pm."
        add_note(database, site_id, name, text)
    night = "# Agenda\n\n## Jazz night\n\nOn 22 May in the yard. Entry is 8 €."
    add_note(database, site_id, "Agenda", night)
    base, history = KnowledgeBase(database), ["When is the jazz workshop?"]
    assert "Wednesday" in base.ground(site_id, history[0]).answer
    assert ("8 €" in base.ground(site_id, "how much is it?", history).answer) is is_told


def test_nothing_is_told_of_a_thing_about_which_nothing_is_known(
    base: KnowledgeBase, site_id: int
) -> None:
    add_note(base.database, site_id, "Prices", "Entry is 6 €. A cup of tea is 3 €.")
    unknown = "Do you have a sauna?"
    assert base.ground(site_id, unknown).answer == ""
    assert base.ground(site_id, "how much is it?").answer
    grounding = base.ground(site_id, "how much is it?", [unknown])
    assert grounding.answer == ""
    assert grounding.near


def test_a_question_without_an_answer_that_names_no_thing_changes_none(
    base: KnowledgeBase, site_id: int
) -> None:
    history = ["When is the wicker workshop?", "is it suitable for vegans?"]
    assert base.ground(site_id, history[1], history[:1]).answer == ""
    assert "75 €" in base.ground(site_id, "how much is it?", history).answer


def test_without_a_number_of_its_own_that_of_the_place_serves(
    base: KnowledgeBase, site_id: int
) -> None:
    add_note(base.database, site_id, "Contact", "Telephone of the office: 01482 555 0199.")
    history = ["When is the wicker workshop?"]
    question = "what's the phone number?"
    assert "0199" in base.ground(site_id, question, history).answer
    (explanation,) = explain(base, site_id, question, history)
    assert not explanation.looked_up.startswith(history[0])


def test_after_a_question_about_the_place_a_price_is_that_of_the_place(
    base: KnowledgeBase, site_id: int
) -> None:
    assert base.subject_asked_about(site_id, "how much is it?", ["When are you open?"], "") is None


def test_an_own_answer_may_tell_the_property(base: KnowledgeBase, site_id: int) -> None:
    add_faq(base.database, site_id, "Is there a summer camp?", "Yes, in July, for 90 €.")
    history = ["Is there a summer camp?"]
    assert base.ground(site_id, "how much is it?", history).status == "faq"


def test_an_own_question_word_for_word_is_answered_whatever_was_asked_before(
    base: KnowledgeBase, site_id: int
) -> None:
    add_faq(base.database, site_id, "How much is it?", "Everything is 5 €.")
    history = ["When is the wicker workshop?"]
    assert base.ground(site_id, "How much is it?", history).answer == "Everything is 5 €."


def test_what_answered_before_is_found_again_after_a_restart(
    base: KnowledgeBase, site_id: int
) -> None:
    history = ["When is the wicker workshop?", "how much is it?"]
    restarted = KnowledgeBase(base.database)
    asked_in_turn = base.ground(site_id, history[1], history[:1])
    assert asked_in_turn.answer
    assert restarted.ground(site_id, "who runs it?", history) == base.ground(
        site_id, "who runs it?", history
    )


def test_the_explanation_shows_what_was_searched_for(base: KnowledgeBase, site_id: int) -> None:
    (explanation,) = explain(base, site_id, "price?", ["When is the jazz workshop?"])
    assert explanation.question == "price?"
    assert explanation.looked_up == "When is the jazz workshop? price?"
    assert explanation.status == "unsure"


def test_thanks_in_between_change_nothing(database: Database, site_id: int) -> None:
    add_note(database, site_id, "Leeds", "The Leeds shop is open Monday to Saturday.")
    add_note(database, site_id, "Opening hours", "The Hull shop is open Tuesday to Sunday.")
    add_note(database, site_id, "Hull", "3 Dock Lane, Hull. Call the Hull shop. Thanks, Hull!")
    base = KnowledgeBase(database)
    history = ["Is the Leeds shop open on Sunday?", "thanks"]
    for before in (history[:1], history):
        answer = base.ground(site_id, "and Hull?", before).answer
        assert ("Tuesday to Sunday" in answer, "Dock Lane" in answer) == (True, False)
