"""The demo site's texts: a newcomer's first questions get true answers, the rest an honest no."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.demo import prepare_demo
from chatbot_server.retrieval.curate.jobs import embed_all
from chatbot_server.retrieval.index.embedder import make_embedder
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import has_documents
from chatbot_server.storage.knowledge.sources import delete_source, sources_of
from chatbot_server.storage.sites import demo_site, playground_site

pytestmark = pytest.mark.xdist_group("live")

ANSWERED = {
    "How do I put the chatbot on my own site?": "site add",
    "how can I add it to my website": "Paste the tag",
    "Is what visitors write sent to someone?": "third parties",
    "How long are chats kept?": "30 days",
    "Which model comes with it?": "SmolLM2",
    "can I use a bigger model": "models pull",
    "How much memory does it need?": "0.75 GB",
    "Is it free?": "MIT",
    "Comment mettre le chatbot sur mon site ?": "site add",
    "où vont les données des visiteurs ?": "tiers",
    "Combien de temps les conversations sont-elles gardées ?": "30 jours",
    "Quel modèle est fourni ?": "SmolLM2",
    "comment changer de modèle ?": "models pull",
    "De combien de mémoire a-t-il besoin ?": "0,75 Go",
    "C'est gratuit ?": "MIT",
}
OFF_TOPIC = (
    "What is the capital of France?",
    "Quelle est la capitale de la France ?",
    "Who won the world cup in 1998?",
    "Donne-moi une recette de crêpes",
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('demo')}/demo.db")
    database.migrate()
    prepare_demo(database)
    yield database
    database.close()


@pytest.mark.parametrize("way", ["on", "off"])
def test_a_newcomers_questions_are_answered_and_others_are_not(
    database: Database, way: str
) -> None:
    embedder = make_embedder("on")
    assert embedder is not None
    embed_all(database, embedder)
    base = KnowledgeBase(database, "off", embedder=embedder if way == "on" else None)
    with database.session() as session:
        site = demo_site(session).id
    answers = {question: base.ground(site, question).answer for question in ANSWERED}
    wrong = [question for question, words in ANSWERED.items() if words not in answers[question]]
    assert len(wrong) <= (2 if way == "on" else 6), wrong
    assert [q for q in OFF_TOPIC if base.ground(site, q).answer] == []
    embedder.close()


def test_its_topics_are_offered_in_the_visitors_language(database: Database) -> None:
    base = KnowledgeBase(database, "off")
    with database.session() as session:
        site = demo_site(session)
    assert "Privacy" in base.topics(site.id, "en")
    assert "Vie privée" in base.topics(site.id, "fr")
    assert set(site.suggestions) == {"en", "fr"}


def test_texts_that_were_removed_do_not_come_back(database: Database) -> None:
    with database.session() as session:
        site = demo_site(session)
        assert playground_site(session).free_chat
        for source in sources_of(session, site.id):
            delete_source(session, site.id, source.id)
    prepare_demo(database)
    with database.session() as session:
        assert not has_documents(session, site.id)
