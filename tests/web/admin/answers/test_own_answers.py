"""The owner's own answers: written, changed, and many at once."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from support.servers.owner_server import OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.retrieval.curate.library import put_faq_entries

Post = Callable[..., TestResponse]


def test_an_entry_is_written_changed_and_deleted(owner: OwnerServer, post: Post) -> None:
    form = {
        "question": "Do you deliver?",
        "wordings": "delivery\nby post",
        "answer": "Yes, **all**.",
    }
    assert post("/admin/KEY/faq", **form).status_code == 303
    (entry,) = owner.own_answers()
    assert entry["wordings"] == ["delivery", "by post"]
    changed = form | {"question": "Do you deliver at home?", "former": str(entry["document"])}
    assert post("/admin/KEY/faq", **changed).status_code == 303
    (entry,) = owner.own_answers()
    assert entry["title"] == "Do you deliver at home?"
    refused = post("/admin/KEY/faq", question="Again?", answer="")
    assert refused.status_code == 400
    assert 'value="Again?"' in refused.text  # what was typed is not lost
    assert post(f"/admin/KEY/faq/{entry['document']}/delete").status_code == 303
    assert owner.own_answers() == []


def hidden(page: str, name: str) -> str:
    """The value of the hidden field *name* of the form."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)">', page)
    return found[1] if found else ""


def test_two_editors_do_not_overwrite_each_other(owner: OwnerServer, post: Post) -> None:
    put_faq_entries(owner.database, owner.site_id, [("Do you deliver?", "No.", ())])
    (entry,) = owner.own_answers()
    browser, path = owner.browser("editor"), f"/admin/{owner.key}/faq"
    page = browser.get(f"{path}?edit={entry['document']}&locale=en").text
    form = {"question": "Do you deliver?"} | {
        name: hidden(page, name) for name in ("former", "version")
    }
    assert post("/admin/KEY/faq", **form, answer="On Fridays.").status_code == 303
    late = post("/admin/KEY/faq", **form, answer="On Mondays.")
    assert late.status_code == 400
    assert "It is now: “On Fridays.”" in late.text
    assert "On Mondays.</textarea>" in late.text, "what was typed is not lost"
    assert owner.own_answers()[0]["text"] == "On Fridays."
    form["version"] = hidden(late.text, "version")
    assert post("/admin/KEY/faq", **form, answer="On Mondays.").status_code == 303
    assert owner.own_answers()[0]["text"] == "On Mondays."


def test_a_new_answer_does_not_replace_one_unseen(owner: OwnerServer, post: Post) -> None:
    put_faq_entries(owner.database, owner.site_id, [("Do you deliver?", "On Mondays.", ())])
    new = {"question": "do you  deliver?", "answer": "No."}
    page = owner.browser("editor").get(f"/admin/{owner.key}/faq?locale=en").text
    refused = post("/admin/KEY/faq", **new, version=hidden(page, "version"))
    assert "has an answer already: “On Mondays.”" in refused.text
    assert owner.own_answers()[0]["text"] == "On Mondays."
    again = post("/admin/KEY/faq", **new, version=hidden(refused.text, "version"))
    assert again.status_code == 303
    assert [entry["text"] for entry in owner.own_answers()] == ["No."]


def test_an_answer_that_was_deleted_meanwhile_can_be_saved_anew(
    owner: OwnerServer, post: Post
) -> None:
    gone = {"question": "Do you bake?", "answer": "Yes.", "former": "99", "version": "x"}
    refused = post("/admin/KEY/faq", **gone)
    assert refused.status_code == 404
    assert not hidden(refused.text, "former")
    assert post("/admin/KEY/faq", **gone | {"former": "", "version": ""}).status_code == 303
    assert owner.own_answers()[0]["text"] == "Yes."


def test_answers_come_from_a_file_and_go_into_one(owner: OwnerServer, post: Post) -> None:
    table = (
        "Question;Réponse;Formulations\nOuvert ?;Oui.;Êtes-vous ouverts ?|Ouvrez-vous ?\n;Non.\n"
    )
    upload = (io.BytesIO(table.encode("cp1252")), "faq.csv")
    page = post("/admin/KEY/faq/import", file=upload).text
    assert "1 answer imported, 1 of them new" in page
    assert "<td>3</td><td>The question is missing.</td>" in page
    assert owner.own_answers()[0]["wordings"] == ["Êtes-vous ouverts ?", "Ouvrez-vous ?"]
    put_faq_entries(owner.database, owner.site_id, [("Type =A1;=B1,-C1?", "=A1;=B1 ;-)", ())])
    browser = owner.browser("reader")
    for kind in ("csv?locale=en", "csv?locale=fr", "jsonl"):
        file = browser.get(f"/admin/{owner.key}/faq.{kind}").data
        again = post("/admin/KEY/faq/import", file=(io.BytesIO(file), kind)).text
        assert "2 answers imported, 0 of them new" in again, kind
    assert post("/admin/KEY/faq/import", file=(io.BytesIO(b" "), "x.csv")).status_code == 400


def test_a_long_answer_is_folded_in_the_list(owner: OwnerServer) -> None:
    wordings = [f"Wording {number}" for number in range(9)]
    long = "**First words.** " + "And so on. " * 80 + "Last words."
    entries = [("Long?", long, wordings), ("Short?", "**Yes**.", ["Really?"])]
    put_faq_entries(owner.database, owner.site_id, entries)
    page = owner.browser("reader").get(f"/admin/{owner.key}/faq?locale=en").text
    first, second = page.split("<h2")[1:]
    beginning = first.split("<details>")[-2].split('class="beginning"')[1]
    assert "First words. And so on." in beginning
    assert "Last words." not in beginning
    assert "Last words." in first.split("Whole answer")[1]
    assert "6 other wordings" in first
    assert "<details" not in second
    assert "<strong>Yes</strong>" in second


def test_a_long_faq_goes_on_and_is_searched(owner: OwnerServer) -> None:
    texts = [(f"Question {number}?", "Yes.", ()) for number in range(60)]
    put_faq_entries(owner.database, owner.site_id, texts)
    browser = owner.browser("reader")
    path = f"/admin/{owner.key}/faq"
    first = browser.get(path).text
    assert "Question 49?" in first
    assert "Question 50?" not in first
    rest = first.split('href="?after=')[1].split("&")[0]
    assert "Question 59?" in browser.get(f"{path}?after={rest}").text
    assert "Question 59?" in browser.get(f"{path}?q=question 59").text
