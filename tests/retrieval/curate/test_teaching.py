"""The owner's answer to a group of questions, and what it must not make worse."""

from __future__ import annotations

from typing import Any

import pytest
from support.conversations import ask_in_vain

from chatbot_server.errors import Conflict, UsageError
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.imports.transfer import export_documents
from chatbot_server.retrieval.curate.learning import teaching
from chatbot_server.retrieval.curate.learning.teaching import teach
from chatbot_server.retrieval.curate.learning.unanswered import (
    QuestionGroup,
    still_open,
    unanswered_groups,
)
from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.retrieval.curate.quality.golden import ask_golden_questions
from chatbot_server.storage.database import Database
from chatbot_server.storage.visitors.learning import put_golden


def group_of(database: Database, site_id: int, *questions: str) -> QuestionGroup:
    for question in questions:
        ask_in_vain(database, site_id, question)
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
