"""Questions asked in vain, the owner's answer to them, and what it must not make worse."""

from __future__ import annotations

from typing import Any

import pytest
from support.conversations import start_conversation

from chatbot_server.errors import Conflict, NotFound, UsageError
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.curate.learning import teaching, unanswered
from chatbot_server.retrieval.curate.learning.golden import ask_golden_questions
from chatbot_server.retrieval.curate.learning.teaching import teach
from chatbot_server.retrieval.curate.learning.unanswered import (
    QuestionGroup,
    ask_again,
    find_group,
    still_open,
    unanswered_groups,
)
from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.retrieval.curate.transfer import export_documents
from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import add_site
from chatbot_server.storage.visitors.conversations import erase_conversation
from chatbot_server.storage.visitors.erasure import erase_expired
from chatbot_server.storage.visitors.learning import LONGEST_QUESTION, MOST_GOLDEN, put_golden
from chatbot_server.storage.visitors.messages import add_message


@pytest.fixture
def base(database: Database, site_id: int) -> KnowledgeBase:
    add_note(database, site_id, "Hours", "The shop is open from 9:30 to 19:00 on weekdays.")
    return KnowledgeBase(database)


def ask(
    database: Database, site_id: int, *questions: str, origin: str = "none", keep: bool = True
) -> str:
    """One conversation in which each question got an answer of this origin; its id."""
    with database.session() as session:
        chat, _secret = start_conversation(session, site_id, locale="en", page=None, keep=keep)
        chat.extend(30)
        for question in questions:
            add_message(session, chat, "user", question)
            add_message(session, chat, "assistant", "…").origin = origin
        return chat.id


def counted(database: Database, site_id: int) -> list[tuple[int, tuple[str, ...]]]:
    return [(group.times, group.wordings) for group in unanswered_groups(database, site_id)]


def test_the_same_question_is_counted_however_it_was_typed(
    database: Database, site_id: int
) -> None:
    for text in ("Do you repair bikes?", "do you repair BIKES", "Do you repair  bikes ?!"):
        ask(database, site_id, text)
    ask(database, site_id, "Do you rent skis?")
    found = unanswered_groups(database, site_id)
    assert [(group.times, len(group.wordings)) for group in found] == [(3, 1), (1, 1)]
    assert found[0].question == "Do you repair bikes ?!"


def test_questions_that_want_the_same_answer_are_one_group(
    database: Database, site_id: int
) -> None:
    ask(database, site_id, "Réparez-vous les vélos électriques ?")
    ask(database, site_id, "Réparez-vous les vélos électriques ?")
    ask(database, site_id, "Est-ce que vous réparez un vélo électrique ?")
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
    ask(database, site_id, *wordings)
    assert [group.times for group in unanswered_groups(database, site_id)] == [len(wordings)]


def test_each_language_has_its_own_group(database: Database, site_id: int) -> None:
    ask(database, site_id, "Avez-vous un parking ?", "Do you have a parking?")
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
    ask(database, site_id, one)
    ask(database, site_id, other)
    assert len(unanswered_groups(database, site_id)) == 2


def test_only_what_got_an_honest_no_counts(database: Database, site_id: int) -> None:
    ask(database, site_id, "When do you open?", origin="pages")
    ask(database, site_id, "Who are you?", origin="model")
    ask(database, site_id, "…?!")
    ask(database, site_id, "Do you repair bikes?", "and on Sundays?")
    assert counted(database, site_id) == [(1, ("Do you repair bikes?",))]


def test_a_site_sees_its_own_questions_only(database: Database, site_id: int) -> None:
    with database.session() as session:
        other = add_site(session, "Other").id
    ask(database, other, "Do you repair bikes?")
    assert unanswered_groups(database, site_id) == []


def test_what_is_not_to_be_kept_erased_or_expired_is_not_there(
    database: Database, site_id: int
) -> None:
    ask(database, site_id, "Not kept?", keep=False)
    deleted = ask(database, site_id, "Deleted?")
    ask(database, site_id, "Expired?")
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
    ask(database, site_id, "repair " * 500)
    assert all(len(text) <= LONGEST_QUESTION for _times, (text,) in counted(database, site_id))
    monkeypatch.setattr("chatbot_server.retrieval.curate.learning.unanswered.MOST_QUESTIONS", 3)
    ask(database, site_id, *(f"What is thing{number}?" for number in range(5)))
    assert sum(times for times, _wordings in counted(database, site_id)) == 3


def test_a_group_is_found_by_the_name_of_any_of_its_wordings(
    database: Database, site_id: int
) -> None:
    ask(database, site_id, "Do you repair bikes?")
    (alone,) = unanswered_groups(database, site_id)
    ask(database, site_id, "Do you repair a bike?")
    ask(database, site_id, "Do you repair a bike?")
    (both,) = unanswered_groups(database, site_id)
    assert both.name != alone.name
    assert find_group([both], alone.name) is both
    assert find_group([both], f" {both.name.upper()} ") is both
    with pytest.raises(NotFound):
        find_group([both], "00000000")


def test_what_the_site_can_answer_meanwhile_is_not_open_any_more(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    ask(database, site_id, "What does a repair of my bicycle cost?")
    ask(database, site_id, "Do you rent skis?")
    add_note(database, site_id, "Bicycle repair", "A repair of your bicycle costs 40 €.")
    left = still_open(base, site_id, unanswered_groups(database, site_id))
    assert [group.question for group in left.groups] == ["Do you rent skis?"]


def test_what_was_asked_of_the_same_pages_is_not_asked_again(
    base: KnowledgeBase, database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(database, site_id, "What does a repair of my bicycle cost?")
    ask(database, site_id, "Do you rent skis?")
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
    ask(database, site_id, *questions, *more)
    groups = unanswered_groups(database, site_id)
    assert any(len(group.wordings) > 2 for group in groups)
    assert len(groups) < len(questions) + len(more)

    def all_stems(self: Any, _counts: Any) -> list[str]:
        return sorted(self.stems)

    rarest = "chatbot_server.retrieval.curate.learning.unanswered._Wording.rarest"
    monkeypatch.setattr(rarest, all_stems)
    assert unanswered_groups(database, site_id) == groups


def group_of(database: Database, site_id: int, *questions: str) -> QuestionGroup:
    for question in questions:
        ask(database, site_id, question)
    return unanswered_groups(database, site_id)[0]


def test_one_answer_settles_the_whole_group(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    wordings = "Réparez-vous les vélos électriques ?", "Vous réparez un vélo électrique ?"
    lesson = teach(base, site_id, group_of(database, site_id, *wordings), " Oui, en deux jours.\n")
    assert (lesson.is_kept, lesson.answered, 1 + len(lesson.wordings)) == (True, 2, 2)
    for wording in wordings:
        told = base.ground(site_id, wording)
        assert (told.status, told.answer) == ("faq", "Oui, en deux jours.")
    assert still_open(base, site_id, unanswered_groups(database, site_id)).groups == ()


def test_the_owner_may_word_the_question_and_visitors_names_and_numbers_stay_out(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    group = group_of(database, site_id, "Please repair my bicycle and call Ada on 06 12 34 56 78")
    with pytest.raises(UsageError):
        teach(base, site_id, group, "Gladly.")
    lesson = teach(base, site_id, group, "Gladly.", question="Do you call back?")
    assert (lesson.question, lesson.wordings) == ("Do you call back?", ())
    with database.session() as session:
        assert "06 12" not in str(list(export_documents(session, site_id)))


def test_wordings_that_differ_in_spelling_alone_are_one(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    group = group_of(database, site_id, "do you rent skis", "Can I rent skis?")
    lesson = teach(base, site_id, group, "Yes.", question="Do you rent skis?")
    assert lesson.question == "Do you rent skis?"
    assert lesson.wordings == ("Can I rent skis?",)


@pytest.mark.parametrize("answer", ["", "  \n", "x" * 20_001])
def test_an_answer_that_is_none_is_refused(
    base: KnowledgeBase, database: Database, site_id: int, answer: str
) -> None:
    group = group_of(database, site_id, "Do you rent skis?")
    with pytest.raises(UsageError):
        teach(base, site_id, group, answer)


def hijacked(database: Database, base: KnowledgeBase, site_id: int) -> QuestionGroup:
    """A golden question that a careless answer would take over."""
    add_note(database, site_id, "Ski rental", "The rental of skis costs 12 € a day.")
    with database.session() as session:
        put_golden(session, site_id, "What does the rental of skis cost?", "12 €")
    assert [one.grade for one in ask_golden_questions(base, site_id)] == ["answered"]
    return group_of(database, site_id, "What does the rental of skis cost ?")


def state_of(database: Database, site_id: int) -> list[dict[str, object]]:
    with database.session() as session:
        return list(export_documents(session, site_id))


def test_an_answer_that_makes_a_golden_question_worse_is_taken_back(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    group = hijacked(database, base, site_id)
    before = state_of(database, site_id)
    lesson = teach(base, site_id, group, "It depends.")
    assert not lesson.is_kept
    assert [(one.question, one.answer) for one in lesson.worse] == [
        ("What does the rental of skis cost?", "It depends.")
    ]
    assert state_of(database, site_id) == before
    assert [one.passed for one in ask_golden_questions(base, site_id)] == [True]


def test_with_force_it_stays(base: KnowledgeBase, database: Database, site_id: int) -> None:
    group = hijacked(database, base, site_id)
    lesson = teach(base, site_id, group, "It depends.", force=True)
    assert (lesson.is_kept, len(lesson.worse)) == (True, 1)
    assert base.ground(site_id, "What does the rental of skis cost?").answer == "It depends."


def test_an_entry_that_stood_there_before_stands_there_again(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    group = hijacked(database, base, site_id)
    add_faq(database, site_id, group.question, "12 € a day, 50 € a week.", ["Ski prices?"])
    before = base.ground(site_id, group.question)
    with pytest.raises(Conflict):
        teach(base, site_id, group, "It depends.")
    assert base.ground(site_id, group.question).answer == before.answer
    (entry,) = [row for row in state_of(database, site_id) if row["faq"]]
    assert entry["wordings"] == ["Ski prices?"]


def test_of_two_who_answer_the_same_question_the_second_is_told_the_first_answer(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    group = group_of(database, site_id, "Do you rent skis?", "Can I rent skis?")
    assert teach(base, site_id, group, "Yes, 12 € a day.", question="Ski rental?").is_kept
    before = state_of(database, site_id)
    for question in (None, "Are there skis?", "ski rental"):
        with pytest.raises(Conflict) as caught:
            teach(base, site_id, group, "No.", question=question)
        assert caught.value.status == 409
        assert "«\u00a0Yes, 12 € a day.\u00a0»" in caught.value.public_sentence("fr")
    assert state_of(database, site_id) == before
    assert teach(base, site_id, group, "Yes,  12 € a day.\n", question="Ski rental?").is_kept
    assert teach(base, site_id, group, "No.", question="Ski rental?", force=True).is_kept
    assert base.ground(site_id, "Can I rent skis?").answer == "No."


def test_who_loses_patience_leaves_nothing_half_done(
    base: KnowledgeBase, database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = hijacked(database, base, site_id)
    before = state_of(database, site_id)
    run, runs = ask_golden_questions, []

    def interrupted(*parts: Any) -> Any:
        runs.append(parts)
        if len(runs) == 2:
            raise KeyboardInterrupt
        return run(*parts)

    monkeypatch.setattr(teaching, "ask_golden_questions", interrupted)
    with pytest.raises(KeyboardInterrupt):
        teach(base, site_id, group, "It depends.")
    assert state_of(database, site_id) == before


@pytest.mark.parametrize(
    ("question", "expect", "grade"),
    [
        ("When is the shop open?", "from 9:30 TO 19:00", "answered"),
        ("When is the shop open?", "on Mondays only", "missed"),
        ("When is the shop open?", "", "missed"),
        ("Who painted the Mona Lisa?", "", "answered"),
        ("Who painted the Mona Lisa?", "Leonardo", "missed"),
    ],
)
def test_golden_questions_are_graded_by_what_is_told(
    base: KnowledgeBase, database: Database, site_id: int, question: str, expect: str, grade: str
) -> None:
    with database.session() as session:
        put_golden(session, site_id, question, expect)
    assert [one.grade for one in ask_golden_questions(base, site_id)] == [grade]


def test_a_page_may_be_expected_by_its_address(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    from chatbot_server.retrieval.base import Draft
    from chatbot_server.retrieval.index import indexing
    from chatbot_server.retrieval.index.analysis import analyse
    from chatbot_server.storage.knowledge.sources import open_source

    with database.session() as session:
        source = open_source(session, site_id, "site", "https://example.org/")
        page = Draft("https://example.org/skis#1", "Skis", "The rental of skis costs 12 € a day.")
        indexing.put(session, source, analyse(page))
        asked = "What does the rental of skis cost?"
        put_golden(session, site_id, asked, "https://Example.org/skis?utm_source=mail")
    assert [one.grade for one in ask_golden_questions(base, site_id)] == ["answered"]
    with database.session() as session:
        put_golden(session, site_id, asked, "https://example.org/boots")
    assert [one.grade for one in ask_golden_questions(base, site_id)] == ["missed"]


def test_golden_questions_are_bounded(
    database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.session() as session:
        for wrong in ("", "   ", "x" * (LONGEST_QUESTION + 1)):
            with pytest.raises(UsageError):
                put_golden(session, site_id, wrong, "y")
        assert MOST_GOLDEN >= 100
        monkeypatch.setattr("chatbot_server.storage.visitors.learning.MOST_GOLDEN", 1)
        put_golden(session, site_id, "One?", "1")
        put_golden(session, site_id, "One?", "one")
        with pytest.raises(UsageError):
            put_golden(session, site_id, "Two?", "2")
