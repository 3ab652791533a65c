"""What is remembered of a site's index: as long as it is the same, in bounded memory."""

from __future__ import annotations

from typing import cast

import pytest
from sqlalchemy import event
from support.database.statements import executed

from chatbot_server.retrieval.answer.search.site_memory import (
    RecentlyUsed,
    SectionText,
    SiteMemories,
)
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.library import add_faq, add_note, remove_source
from chatbot_server.retrieval.index.embedder import Embedder
from chatbot_server.retrieval.index.encoder.late_interaction import TokenIndex
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.index.chunks import ChunkText, DocumentText
from chatbot_server.storage.knowledge.sources import sources_of

QUESTION = "When is the shop open?"


def section(number: int, text: str) -> SectionText:
    document = DocumentText(number, "Hours", "", "en", False, [], "")
    return SectionText(document, ChunkText(number, "", text))


def test_what_another_process_changes_is_told_at_the_next_question(
    database: Database, site_id: int
) -> None:
    knowledge, other = KnowledgeBase(database), Database(database.url)
    add_note(other, site_id, "Hours", "The shop is open from 9 to 17.")
    assert "9 to 17" in knowledge.ground(site_id, QUESTION).answer
    assert "9 to 17" in knowledge.ground(site_id, QUESTION).answer
    assert knowledge.topics(site_id, "en") == ["Hours"]
    add_faq(other, site_id, QUESTION, "From 10 to 18.")
    assert knowledge.ground(site_id, QUESTION).answer == "From 10 to 18."
    assert QUESTION in knowledge.topics(site_id, "en")
    with other.session() as session:
        sources = [source.id for source in sources_of(session, site_id)]
    for source in sources:
        remove_source(other, site_id, source)
    assert knowledge.ground(site_id, QUESTION).status == "nothing"
    other.close()


def test_an_asked_word_is_remembered_only_if_it_stands_on_the_site() -> None:
    memory, looked_up = SiteMemories().of(1, 1), []

    def look_up(stems: list[str]) -> dict[str, int]:
        looked_up.append(stems)
        return {stem: 3 if stem == "shop" else 0 for stem in stems}

    for _time in range(2):
        assert memory.known("stems", ["shop", "aunt"], look_up) == {"shop": 3, "aunt": 0}
    assert looked_up == [["shop", "aunt"], ["aunt"]]


def test_the_sections_needed_longest_ago_are_forgotten() -> None:
    sections: RecentlyUsed[SectionText] = RecentlyUsed(most=100)
    for number in range(4):
        sections.put(1, number, section(number, "x" * 40))
        sections.get(1, 0)
    assert [sections.get(1, number) is not None for number in range(4)] == [
        *(True, False, False, True)
    ]
    sections.put(1, 9, section(9, "x" * 101))
    assert sections.get(1, 9) is None


def test_a_text_of_a_section_is_read_once_in_each_choice_of_languages() -> None:
    hours = section(1, "Open from 9 to 17.")
    assert hours.sentences(("fr", "en")) == ["Open from 9 to 17."]
    title = hours.parsed("sentences", ("fr", "en"))  # no name of anything else that is known of it
    assert title.words == {"sentences"}
    assert hours.parsed("sentences", ("fr", "en")) is title
    assert hours.parsed("sentences", ("fr", "en", "de")).languages == ("fr", "en", "de")


@pytest.mark.parametrize("site", [1, 2])
def test_a_new_version_drops_the_sections_of_its_site_alone(site: int) -> None:
    memories = SiteMemories()
    memories.of(1, 1)
    sections, token_indexes = memories.sections, memories.token_indexes
    sections.put(site, 5, section(5, "text"))
    token_indexes.put(site, 5, TokenIndex({}))
    memories.of(1, 2)
    assert (sections.get(site, 5) is None) == (site == 1)
    assert (token_indexes.get(site, 5) is None) == (site == 1)


class NoVectors:
    """An embedder that never has any."""

    model = fit = "none"

    def query(self, text: str) -> None:
        return None

    def close(self) -> None:
        return None


def test_what_a_site_has_is_asked_of_the_database_once(database: Database, site_id: int) -> None:
    add_note(database, site_id, "Hours", "The World Health Organization (WHO) opens at 9.")
    knowledge = KnowledgeBase(database, embedder=cast(Embedder, NoVectors()))
    knowledge.ground(site_id, "When does it open?")
    on_sqlite = database.engine.dialect.name == "sqlite"
    statements = executed(database.engine) if on_sqlite else []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    if not on_sqlite:
        event.listen(database.engine, "before_cursor_execute", note)
    assert "opens at 9" in knowledge.ground(site_id, "When does it open?").answer
    assert sum("knowledge_state" in statement for statement in statements) == 1
    assert not any("knowledge_document" in statement for statement in statements)
    assert not any("knowledge_acronym" in statement for statement in statements)
    assert "opens at 9" in knowledge.ground(site_id, "When does the WHO open?").answer
    assert any("knowledge_acronym" in statement for statement in statements)
