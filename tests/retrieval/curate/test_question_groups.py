"""Questions asked in vain: which of them are one, and which are still open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from support.conversations import ask_in_vain

from chatbot_server.errors import NotFound
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.curate.learning import groupings, unanswered
from chatbot_server.retrieval.curate.learning.unanswered import (
    ask_again,
    find_group,
    still_open,
    unanswered_groups,
)
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import add_site
from chatbot_server.storage.visitors.conversations import erase_conversation
from chatbot_server.storage.visitors.erasure import erase_expired
from chatbot_server.storage.visitors.learning import LONGEST_QUESTION


def counted(database: Database, site_id: int) -> list[tuple[int, tuple[str, ...]]]:
    return [(group.times, group.wordings) for group in unanswered_groups(database, site_id)]


def test_the_same_question_is_counted_however_it_was_typed(
    database: Database, site_id: int
) -> None:
    for text in ("Do you repair bikes?", "do you repair BIKES", "Do you repair  bikes ?!"):
        ask_in_vain(database, site_id, text)
    ask_in_vain(database, site_id, "Do you rent skis?")
    found = unanswered_groups(database, site_id)
    assert [(group.times, len(group.wordings)) for group in found] == [(3, 1), (1, 1)]
    assert found[0].question == "Do you repair bikes ?!"


def test_questions_that_want_the_same_answer_are_one_group(
    database: Database, site_id: int
) -> None:
    ask_in_vain(database, site_id, "Réparez-vous les vélos électriques ?")
    ask_in_vain(database, site_id, "Réparez-vous les vélos électriques ?")
    ask_in_vain(database, site_id, "Est-ce que vous réparez un vélo électrique ?")
    assert counted(database, site_id) == [
        (
            3,
            (
                "Réparez-vous les vélos électriques ?",
                "Est-ce que vous réparez un vélo électrique ?",
            ),
        )
    ]


@pytest.mark.parametrize(
    "wordings",
    [
        (
            "Réparez-vous les vélos ?",
            "Bonjour, pouvez-vous me dire si vous réparez des vélos, merci ?",
            "vous reparrez les velo svp",
            "Vélos : réparez-vous ?",
            "Je voudrais savoir si vous réparez les vélos s'il vous plaît",
            "Pourriez-vous nous dire s'il vous plaît si vous réparez les vélos ?",
        ),
        (
            "Do you repair bikes?",
            "Hello, could you please tell me if you repair bikes?",
            "do u repiar bikes pls",
            "Bikes: do you repair?",
            "I would like to know whether you repair bikes, thank you",
            "Can anyone tell me if you repair bikes?",
        ),
    ],
)
def test_courtesy_order_and_misspellings_make_no_other_group(
    database: Database, site_id: int, wordings: tuple[str, ...]
) -> None:
    ask_in_vain(database, site_id, *wordings)
    assert [group.times for group in unanswered_groups(database, site_id)] == [len(wordings)]


def test_each_language_has_its_own_group(database: Database, site_id: int) -> None:
    ask_in_vain(database, site_id, "Avez-vous un parking ?", "Do you have a parking?")
    assert len(unanswered_groups(database, site_id)) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Un menu végétarien pour 2 personnes ?", "Un menu végétarien pour 4 personnes ?"),
        ("Livrez-vous des vélos rouges en Suisse ?", "Livrez-vous des vélos rouges en Belgique ?"),
        ("Are bikes with a motor insured?", "Are bikes without a motor insured?"),
        ("Can I activate my account online?", "Can I deactivate my account online?"),
        ("Is parking open on Sunday evening?", "Is parking closed on Sunday evening?"),
        ("Puis-je venir voir Monsieur Dupond ?", "Puis-je venir voir Monsieur Dupont ?"),
        ("Where is the market?", "When is the market?"),
        ("Où est le parking ?", "Avez-vous un parking ?"),
        ("Do you sell boots?", "Do you sell books?"),
        ("Avez-vous un chien ?", "Puis-je venir avec un chien ?"),
    ],
)
def test_questions_that_want_another_answer_are_another_group(
    database: Database, site_id: int, one: str, other: str
) -> None:
    ask_in_vain(database, site_id, one)
    ask_in_vain(database, site_id, other)
    assert len(unanswered_groups(database, site_id)) == 2


def test_only_what_got_an_honest_no_counts(database: Database, site_id: int) -> None:
    ask_in_vain(database, site_id, "When do you open?", origin="pages")
    ask_in_vain(database, site_id, "Who are you?", origin="model")
    ask_in_vain(database, site_id, "…?!")
    ask_in_vain(database, site_id, "Do you repair bikes?", "and on Sundays?")
    assert counted(database, site_id) == [(1, ("Do you repair bikes?",))]


def test_a_site_sees_its_own_questions_only(database: Database, site_id: int) -> None:
    with database.session() as session:
        other = add_site(session, "Other").id
    ask_in_vain(database, other, "Do you repair bikes?")
    assert unanswered_groups(database, site_id) == []


def test_what_is_not_to_be_kept_erased_or_expired_is_not_there(
    database: Database, site_id: int
) -> None:
    ask_in_vain(database, site_id, "Not kept?", keep=False)
    deleted = ask_in_vain(database, site_id, "Deleted?")
    ask_in_vain(database, site_id, "Expired?")
    assert len(unanswered_groups(database, site_id)) == 2
    with database.session() as session:
        from chatbot_server.storage.visitors.conversations import Conversation

        erase_conversation(session, session.get_one(Conversation, deleted))
    assert counted(database, site_id) == [(1, ("Expired?",))]
    erase_expired(database, now() + 31 * 24 * 3600)
    assert unanswered_groups(database, site_id) == []


def test_long_questions_are_cut_and_many_are_bounded(
    database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_in_vain(database, site_id, "repair " * 500)
    assert all(len(text) <= LONGEST_QUESTION for _times, (text,) in counted(database, site_id))
    monkeypatch.setattr("chatbot_server.retrieval.curate.learning.unanswered.MOST_QUESTIONS", 3)
    ask_in_vain(database, site_id, *(f"What is thing{number}?" for number in range(5)))
    assert sum(times for times, _wordings in counted(database, site_id)) == 3


def test_a_group_is_found_by_the_name_of_any_of_its_wordings(
    database: Database, site_id: int
) -> None:
    ask_in_vain(database, site_id, "Do you repair bikes?")
    (alone,) = unanswered_groups(database, site_id)
    ask_in_vain(database, site_id, "Do you repair a bike?")
    ask_in_vain(database, site_id, "Do you repair a bike?")
    (both,) = unanswered_groups(database, site_id)
    assert both.name != alone.name
    assert find_group([both], alone.name) is both
    assert find_group([both], f" {both.name.upper()} ") is both
    with pytest.raises(NotFound):
        find_group([both], "00000000")


def test_what_the_site_can_answer_meanwhile_is_not_open_any_more(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    ask_in_vain(database, site_id, "What does a repair of my bicycle cost?")
    ask_in_vain(database, site_id, "Do you rent skis?")
    add_note(database, site_id, "Bicycle repair", "A repair of your bicycle costs 40 €.")
    left = still_open(base, site_id, unanswered_groups(database, site_id))
    assert [group.question for group in left.groups] == ["Do you rent skis?"]


def test_what_was_asked_of_the_same_pages_is_not_asked_again(
    base: KnowledgeBase, database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_in_vain(database, site_id, "What does a repair of my bicycle cost?")
    ask_in_vain(database, site_id, "Do you rent skis?")
    calls: list[str] = []
    ground = base.ground

    def counting(site: int, question: str) -> Grounding:
        calls.append(question)
        return ground(site, question)

    monkeypatch.setattr(base, "ground", counting)
    groups = unanswered_groups(database, site_id)
    for _ in range(2):
        assert still_open(base, site_id, groups).groups == tuple(groups)
    assert len(calls) == 2
    add_note(database, site_id, "Bicycle repair", "A repair of your bicycle costs 40 €.")
    before = still_open(base, site_id, groups, seconds=0)
    assert (len(before.groups), before.is_settled) == (2, False)
    ask_again(KnowledgeBase(database))
    after = still_open(base, site_id, groups, seconds=0)
    assert ([group.question for group in after.groups], after.is_settled) == (
        ["Do you rent skis?"],
        True,
    )
    assert len(calls) == 2
    monkeypatch.setattr(unanswered, "__version__", "of another program")
    still_open(base, site_id, groups)
    assert len(calls) == 4, "another program may answer otherwise"


def test_groups_are_those_of_comparing_each_with_each(
    database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = ("bike", "bike with a motor", "car", "electric bike", "red electric bike", "room 2")
    verbs = ("repair", "rent", "repairs of", "hire out")
    questions = [f"Do you {verb} a {thing}?" for verb in verbs for thing in things]
    more = [f"Can you please {verb} the {thing} for us?" for verb in verbs for thing in things]
    ask_in_vain(database, site_id, *questions, *more)
    groups = unanswered_groups(database, site_id)
    assert any(len(group.wordings) > 2 for group in groups)
    assert len(groups) < len(questions) + len(more)

    def all_stems(self: Any, _counts: Any) -> list[str]:
        return sorted(self.stems)

    rarest = "chatbot_server.retrieval.curate.learning.groupings._Wording.rarest"
    monkeypatch.setattr(rarest, all_stems)
    assert unanswered_groups(database, site_id) == groups


def test_groups_are_remembered_until_a_question_comes_or_goes(
    database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    grouped: list[int] = []
    real = groupings._gathered

    def gathered(wordings: Sequence[Any]) -> list[list[Any]]:
        grouped.append(len(wordings))
        return real(wordings)

    monkeypatch.setattr(groupings, "_gathered", gathered)
    memory = groupings.Groupings()
    for text in ("Do you rent skis?", "do you rent skis", "Do you repair bikes?"):
        ask_in_vain(database, site_id, text)
    first = unanswered_groups(database, site_id, memory)
    assert unanswered_groups(database, site_id, memory) == first
    assert grouped == [2]
    assert "skis" not in repr(memory._groupings), "what is erased is not kept in memory"
    ask_in_vain(database, site_id, "Do you rent skis?")
    assert [group.times for group in unanswered_groups(database, site_id, memory)] == [3, 1]
    monkeypatch.setattr(groupings, "MOST_GROUPINGS", 1)
    ask_in_vain(database, site_id, "Who is Ada?")
    assert len(unanswered_groups(database, site_id, memory)) == 3
    assert len(memory._groupings) == 1
    assert grouped == [2, 2, 3]
