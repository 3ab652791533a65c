"""What visitors are told from the owner's own words, and what they are not told."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from support.sites.crawling import extractor

from chatbot_server.retrieval.answer.decide.same_question import asks_same
from chatbot_server.retrieval.answer.search.query import ParsedText, Query
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.imports.files import add_file
from chatbot_server.retrieval.curate.imports.transfer import export_documents, import_documents
from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.retrieval.index.chunks import below
from chatbot_server.retrieval.language.words.acronyms import definitions, glossary, variants
from chatbot_server.retrieval.read.extractor import ExtractError
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import add_site

NOTES = {
    "Horaires": "La boutique est ouverte du lundi au samedi de 9h30 à 19h. Elle est fermée le dimanche.",  # noqa: E501
    "Livraison": "La livraison coûte 4,90 € en France. Elle est gratuite à partir de 60 € d’achat.",
    "Retours": "Vous pouvez renvoyer un article sous 30 jours. Le remboursement prend une semaine.",
}


@pytest.fixture
def base(database: Database, site_id: int) -> KnowledgeBase:
    for title, told in NOTES.items():
        add_note(database, site_id, title, told)
    return KnowledgeBase(database)


def test_a_question_is_answered_with_the_page_s_own_sentences(
    base: KnowledgeBase, site_id: int
) -> None:
    told = base.ground(site_id, "Combien coûte la livraison ?")
    assert told.status == "quoted"
    assert "4,90 €" in told.answer
    assert told.sources[0].title == "Livraison"


def test_what_no_page_knows_is_not_answered(base: KnowledgeBase, site_id: int) -> None:
    assert base.ground(site_id, "Qui a peint la Joconde ?").status == "nothing"


def test_a_no_offers_the_pages_that_speak_of_something_near(
    base: KnowledgeBase, site_id: int
) -> None:
    none = base.ground(site_id, "La boutique vend-elle des gants fourrés rouges ?")
    assert (none.answer, [page.title for page in none.near]) == ("", ["Horaires"])
    assert "boutique" in none.near[0].quote, "what it says is seen before going there"


def test_lines_that_only_lead_elsewhere_are_never_shown(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    text = "# Cours de voile\n\nLe cours de voile dure deux heures.\n\n← Kayak Tarifs →"
    add_note(database, site_id, "Cours de voile", text)
    add_note(database, site_id, "Voile", "# Voile\n\n← Cours de voile Durée du cours →")
    told = base.ground(site_id, "Combien de temps dure le cours de voile ?")
    assert told.answer.replace("**", "") == "Le cours de voile dure deux heures."


def test_accents_and_endings_do_not_matter(base: KnowledgeBase, site_id: int) -> None:
    assert base.ground(site_id, "livraisons couts ?").passages[0].title == "Livraison"


def test_a_follow_up_is_searched_with_its_conversation(base: KnowledgeBase, site_id: int) -> None:
    told = base.ground(site_id, "et le dimanche ?", ["Quand la boutique est-elle ouverte ?"])
    assert told.passages[0].title == "Horaires"
    question = "Combien coûte la livraison ?"
    assert Query.in_context(question, ["Bonjour"]).text == question


def test_sites_never_see_each_other_s_pages(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    with database.session() as session:
        other = add_site(session, "Other").id
    add_note(database, other, "Secret", "La livraison coûte 99 € chez les autres.")
    assert "99" not in base.ground(site_id, "Combien coûte la livraison ?").answer
    assert base.ground(other, "Quand la boutique est-elle ouverte ?").status == "nothing"


def test_the_owner_s_own_answer_is_given_when_the_match_is_sure(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    add_faq(database, site_id, "Acceptez-vous les chèques-vacances ?", "Oui, jusqu’à 100 €.")
    told = base.ground(site_id, "acceptez-vous les chèques vacances")
    assert (told.status, told.answer) == ("faq", "Oui, jusqu’à 100 €.")


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("Comment désactiver mon compte ?", "Comment activer mon compte ?"),
        ("Êtes-vous ouverts le lundi ?", "Êtes-vous fermés le lundi ?"),
        ("Livrez-vous en Suisse ?", "Livrez-vous en Belgique ?"),
        ("Un repas pour 2 personnes ?", "Un repas pour 4 personnes ?"),
        ("Peut-on payer sans carte ?", "Peut-on payer avec carte ?"),
        ("Ouvert le 24 décembre ?", "Ouvert le 25 décembre ?"),
        ("Can I cancel my order?", "Why can I not cancel my order?"),
        ("Are you open on Sunday?", "Are you closed on Sunday?"),
    ],
)
def test_near_questions_with_another_answer_are_told_apart(asked: str, title: str) -> None:
    question, wording, answer = ParsedText(asked), ParsedText(title), ParsedText("Oui.")
    assert not asks_same(question, wording, answer, lambda name: False)
    assert asks_same(wording, wording, answer, lambda name: False)


def test_acronyms_that_pages_explain_are_written_out() -> None:
    told = "Le délégué à la protection des données (DPO) et l'Agence nationale des titres (ANT)."
    known = glossary(
        definitions(told)
        + [("dpo", f"{word} délégué à la protection des données") for word in ("un", "votre", "au")]
    )
    assert known["ant"] == ("Agence nationale des titres",)
    assert (
        "délégué à la protection des données"
        in variants("Qui est le DPO ?", known, lambda s: False)[1]
    )


def test_a_document_that_goes_takes_its_words_along(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    with database.session() as session:
        session.execute(text("DELETE FROM site WHERE id = :site"), {"site": site_id})
    with database.session() as session:
        for table in (
            "knowledge_terms",
            "knowledge_chunk",
            "knowledge_document",
            "knowledge_vector",
        ):
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0


def test_what_was_exported_can_be_imported_elsewhere(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    with database.session() as session:
        rows = list(export_documents(session, site_id))
        other = add_site(session, "Copy").id
    assert import_documents(database, other, rows) == len(NOTES)
    assert import_documents(database, other, rows) == 0
    assert "4,90" in base.ground(other, "Combien coûte la livraison ?").answer


def test_files_are_read_and_bad_ones_refused_in_words(
    database: Database, site_id: int, tmp_path: Path
) -> None:
    (tmp_path / "faq.csv").write_text(
        "question;réponse\nOù êtes-vous ?;À Lyon.\nQuand ?;Toujours.\n"
    )
    (tmp_path / "page.html").write_text(
        "<title>T</title><main><h1>T</h1><p>Nous vendons des vélos bleus.</p></main>"
    )
    (tmp_path / "note.md").write_bytes("# Été\n\nFermé en août.".encode("cp1252"))
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 nothing here")
    (tmp_path / "x.exe").write_bytes(b"MZ")
    assert (
        len(add_file(database, extractor, site_id, tmp_path / "faq.csv", 10**6).analysed_drafts)
        == 2
    )
    assert (
        len(add_file(database, extractor, site_id, tmp_path / "page.html", 10**6).analysed_drafts)
        == 1
    )
    assert (
        len(add_file(database, extractor, site_id, tmp_path / "note.md", 10**6).analysed_drafts)
        == 1
    )
    for name in ("bad.pdf", "x.exe"):
        with pytest.raises(ExtractError) as caught:
            add_file(database, extractor, site_id, tmp_path / name, 10**6)
        error = caught.value
        assert (error.status, error.exit_code) == (400, 1)
        assert name in error.public_sentence("fr")


def test_a_zip_bomb_in_a_docx_is_not_opened(
    database: Database, site_id: int, tmp_path: Path
) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "bomb.docx", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("word/document.xml", b"0" * 60_000_000)
    with pytest.raises(ExtractError) as caught:
        add_file(database, extractor, site_id, tmp_path / "bomb.docx", 10**7)
    assert caught.value.code == "extract_bomb"


def test_a_source_names_the_page_once_though_its_first_heading_repeats_the_title() -> None:
    assert below("Opening hours", "Opening hours › Sundays") == "Sundays"
    assert below("Opening hours", "Opening hours") == ""
    assert below("L'hôtel", "L’Hôtel › Accès") == "Accès"
    assert below("The shop", "Opening hours › Sundays") == "Opening hours › Sundays"


@pytest.mark.parametrize("question", ["How much is shipping?", "Do you ship on Friday?"])
def test_what_tells_neither_number_nor_day_does_not_stand_in_bold(
    database: Database, site_id: int, question: str
) -> None:
    text = (
        "# Shipping\n\n- UK mainland — Price: £4.95; Days: Friday and Saturday\n"
        "- Ireland — Price: £12; Days: Friday\n- European Union — Price: £18; Days: Friday\n\n"
        "Customs charges are paid by the person who receives the parcel, for any goods.\n\n"
        "We do not ship to the United States at present."
    )
    add_note(database, site_id, "Shipping", text)
    answer = KnowledgeBase(database).ground(site_id, question).answer
    assert "We do not ship" in answer
    assert "**We do not" not in answer
