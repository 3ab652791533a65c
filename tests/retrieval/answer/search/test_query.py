"""A question is parsed once, and answered in few units of work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event

from chatbot_server.retrieval.answer.search import searcher as search
from chatbot_server.retrieval.answer.search.query import EarlierTurns, Query
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.vectors import QuestionVectors, Vector
from chatbot_server.retrieval.language.time.dates import NamedDate
from chatbot_server.retrieval.language.time.year_days import spans_in
from chatbot_server.retrieval.language.words import stems, synonyms
from chatbot_server.retrieval.language.words.synonyms import terms_in
from chatbot_server.storage.database import Database


class Quick:
    """Makes vectors without a model."""

    model = fit = "quick"

    def query(self, text: str) -> QuestionVectors:
        return QuestionVectors(np.full(4, 0.5, dtype=np.float32))

    def passages(self, texts: Sequence[str]) -> Vector:
        return np.full((len(texts), 4), 0.5, dtype=np.float32)

    def tokens(self, sections: Sequence[str]) -> None:
        return None

    def nearness(self, vectors: Vector, sections: Sequence[Sequence[str]]) -> Vector:
        return np.full((len(sections), len(vectors)), 0.9, dtype=np.float32)

    def close(self) -> None:
        pass


@pytest.fixture(params=[None, Quick()], ids=["words", "meaning"])
def base(request: pytest.FixtureRequest, database: Database, site_id: int) -> KnowledgeBase:
    add_faq(database, site_id, "Prenez-vous les chèques-vacances ?", "Oui.", ["Et les chèques ?"])
    add_note(database, site_id, "Livraison", "La livraison coûte 4,90 €. Elle prend trois jours.")
    add_note(database, site_id, "Horaires", "Nous ouvrons à 9 h. Nous fermons le dimanche.")
    if request.param is not None:
        indexing.embed_some(database, request.param)
    return KnowledgeBase(database, embedder=request.param)


@pytest.mark.parametrize(
    ("question", "history"),
    [
        ("Acceptez-vous les chèques-vacances ?", ()),
        ("Combien coûte la livraison ?", ()),
        ("Combien coûte la livraison ?", ("Bonjour",)),
        ("et le dimanche ?", ("Quand ouvrez-vous ?",)),
    ],
)
def test_a_question_is_parsed_once_for_each_way_to_look_it_up(
    base: KnowledgeBase,
    site_id: int,
    monkeypatch: pytest.MonkeyPatch,
    question: str,
    history: tuple[str, ...],
) -> None:
    calls: Counter[tuple[str, str]] = Counter()

    def count(module: Any, name: str) -> None:
        function = getattr(module, name)

        def counted(text: str, *more: Any, **named: Any) -> Any:
            calls[name, text] += 1
            return function(text, *more, **named)

        monkeypatch.setattr(module, name, counted)

    count(stems, "guess_language")
    count(search, "language_asked_in")
    count(stems, "query_terms")
    count(synonyms, "query_words")
    searched = Query.in_context(question, history).text
    calls.clear()
    base.ground(site_id, question, history)
    # After others, it is looked up alone and together with them, and its language guessed once
    # more, to tell which of these comes first.
    ways = 2 if history else 1
    languages = calls["guess_language", searched] + calls["language_asked_in", searched]
    assert languages <= (3 if history else 1)
    assert 1 <= calls["query_terms", searched] <= ways
    assert max(calls[name, text] for name, text in calls if text in (searched, question)) <= ways


def test_a_fragment_that_is_an_entry_word_for_word_follows_nothing(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    add_faq(database, site_id, "Parking ?", "Derrière la gare.")
    assert base.ground(site_id, "Parking ?", ["Quand ouvrez-vous ?"]).answer == "Derrière la gare."


def test_a_question_takes_one_connection_and_one_more_for_its_vector(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    taken: list[object] = []
    base.ground(site_id, "Bonjour ?")  # the first question of a site reads its languages, too
    event.listen(database.engine, "checkout", lambda *connection: taken.append(connection))
    assert base.ground(site_id, "Combien coûte la livraison ?").status == "quoted"
    assert len(taken) == (1 if base.searcher.embedder is None else 2)


def test_a_site_without_pages_is_told_apart_from_one_that_does_not_know(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    assert base.ground(site_id, "Vendez-vous des kayaks ?").has_content
    assert not base.ground(site_id + 1, "Vendez-vous des kayaks ?").has_content


def test_a_grounding_tells_the_version_of_the_index(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    before = base.ground(site_id, "Combien coûte la livraison ?").version
    add_note(database, site_id, "Livraison", "La livraison coûte 5,90 €.")
    assert base.ground(site_id, "Combien coûte la livraison ?").version == before + 1


@pytest.mark.parametrize(
    ("question", "language", "words"),
    [
        ("Don't I need a referral?", "en", ["referral"]),
        ("Isn’t the lift working?", "en", ["lift", "working"]),
        ("What's the child's fare?", "en", ["child", "fare"]),
        ("Don't", "en", ["don"]),
        ("Comment faire un don ?", "fr", ["don"]),
    ],
)
def test_what_is_left_of_small_words_is_no_word_that_a_page_lacks(
    question: str, language: str, words: list[str]
) -> None:
    query = Query(question, language=language)
    assert [word.folded for word in query.content_words] == words


def test_not_in_capitals_is_no_name() -> None:
    assert Query("Which days are you NOT open at IKEA?").names == {"ikea"}


@pytest.mark.parametrize(
    ("word", "question", "text", "is_told"),
    [
        ("france", "Do you post to France?", "No seeds to the European Union.", True),
        ("switzerland", "Do you post to Switzerland?", "We ship in the EU only.", False),
        ("japan", "Do you post to Japan?", "We deliver worldwide.", True),
        ("italie", "Livrez-vous en Italie ?", "Nous livrons en Espagne.", False),
        ("italie", "Livrez-vous en Italie ?", "We deliver in the European Union.", True),
        ("thursdays", "Are you open on Thursdays?", "Le jeudi de 9 h à 12 h", True),
        ("thursdays", "Are you open on Thursdays?", "Le mardi de 9 h à 12 h", False),
        ("summer", "When are you open in summer?", "En été, de 9 h à 12 h", True),
        ("summer", "When are you open in summer?", "Il a été fermé.", False),
        ("warm", "How warm is the pool?", "The water is kept at 28 °C.", True),
        ("weigh", "How much does it weigh?", "Each box: 12 kg", True),
        ("payer", "Combien vais-je payer ?", "L’entrée est à 4 €", True),
        ("payer", "Combien vais-je payer ?", "Nous prenons les chèques.", False),
        ("cheapest", "What is the cheapest room?", "Rooms from ₱1,200", True),
        ("cheapest", "What is the cheapest room?", "CHF 120 a night", True),
        ("pay", "Do we have to pay for the garden?", "The garden is free.", True),
        ("chien", "Mon chien à l’intérieur ?", "Dogs in the house", True),
        ("expiry", "Voucher expiry?", "Valid for two years", True),
        ("interieur", "Mon chien à l’intérieur ?", "Bienvenue en terrasse", True),
        ("payer", "Comment payer ?", "Nous prenons les chèques.", True),
        ("9", "My daughter is 9 years old, may she come?", "Under 10 years: yes", True),
        ("daughter", "My daughter is 9 years old, may she come?", "Under 10 years: yes", True),
    ],
)
def test_what_means_the_same_is_told(word: str, question: str, text: str, *, is_told: bool) -> None:
    query = Query(question)
    asked = next(each for each in query.content_words if each.folded == word)
    assert asked.is_in(query.terms_of(text, None)) is is_told


@pytest.mark.parametrize(
    ("rooms", "is_told"), [("The class has 24 students.", True), ("Ask the students.", False)]
)
def test_of_what_is_counted_a_number_stands_beside_it(
    database: Database, site_id: int, rooms: str, *, is_told: bool
) -> None:
    text = (
        f"# Class\n\n{rooms} We meet in the hall. Tasks are given in class, and due after 14 days."
    )
    add_note(database, site_id, "Class", text)
    add_note(database, site_id, "Bus", "The bus leaves every hour.")
    grounding = KnowledgeBase(database).ground(site_id, "How many students in the class?")
    assert (grounding.status == "quoted") is is_told


def test_the_words_that_a_text_holds_are_bits_and_weigh_what_the_site_makes_of_them() -> None:
    query = Query("Are dogs allowed in the garden?")
    dogs, garden = (query.held_in(terms_in(text)) for text in ("A dog.", "Our gardens"))
    assert dogs.bit_count() == garden.bit_count() == 1
    assert query.held_in(terms_in("Dogs in the garden")) == dogs | garden
    assert query.share_held(dogs | garden) == query.coverage(terms_in("The dog, a garden."))
    before = query.share_held(dogs)
    on_site = query.on_site(lambda stem: 9.0 if stem == "dog" else 1.0)
    assert on_site.share_held(dogs) > before
    assert on_site.weight_in(terms_in("dogs")) == 9.0
    assert on_site.share_held(0) == 0.0
    assert query.share_held(dogs) == before


@pytest.mark.parametrize(
    ("text", "asks_for_hours"),
    [
        ("On peut visiter la ferme ?", False),
        ("Les produits de notre ferme", False),
        ("Ça ferme à 18 h", True),
        ("La ferme est fermée le lundi", True),
        ("C’est fermé ?", True),
    ],
)
def test_a_farm_is_not_closed(text: str, asks_for_hours: bool) -> None:
    in_question = any("=opening_hours" in word.concepts for word in Query(text).content_words)
    assert in_question is asks_for_hours
    assert ("=opening_hours" in terms_in(text.replace("18 h", "midi"))) is asks_for_hours


def test_earlier_turns_matter_to_a_query_unless_it_repeats_an_entry() -> None:
    earlier = EarlierTurns(pages=frozenset({"/prices"}))
    query = Query("What about dogs?").on_site(lambda _stem: 2.0, earlier=earlier)
    assert query.earlier == earlier
    entry = Query.in_context("What about dogs?", ["Is the garden open?"], entry=7)
    assert (entry.entry, entry.own, entry.before) == (7, None, "")
    assert entry.on_site(lambda _stem: 2.0, earlier=earlier).earlier == EarlierTurns()


@pytest.mark.parametrize(
    "name", [name for name, value in vars(Query).items() if isinstance(value, cached_property)]
)
def test_nothing_that_a_query_cached_is_out_of_date_in_a_new_one(name: str) -> None:
    def cached(query: Query) -> object:
        value = getattr(query, name)
        return {
            "context": lambda: value and value.rarity("dog"),
            "_weights": lambda: value.weight(query.held_in(query.terms)),
            "_cognates": lambda: value.among({"garden"}),
        }.get(name, lambda: value)()

    def learn(query: Query) -> Query:
        earlier = EarlierTurns(context="How much is it for dogs?")
        dated = query.on_date(NamedDate(12, 25), spans_in("on 25 December", query.languages))
        about = dated.about_place("=phone", Query("dog"), for_closed_days=True)
        return about.on_site(lambda _stem: 9.0, earlier=earlier)

    text = "Are you open at Christmas, and for 3 dogs in the garden?"
    used = Query(text)
    before = cached(used)
    assert cached(learn(used)) == cached(learn(Query(text)))
    assert cached(used) == before
