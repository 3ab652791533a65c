"""The owner's own answers: written, changed, and many at once."""

from __future__ import annotations

import io
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


def test_answers_come_from_a_file_and_go_into_one(owner: OwnerServer, post: Post) -> None:
    table = (
        "Question;Réponse;Formulations\nOuvert ?;Oui.;Êtes-vous ouverts ?|Ouvrez-vous ?\n;Non.\n"
    )
    upload = (io.BytesIO(table.encode("cp1252")), "faq.csv")
    page = post("/admin/KEY/faq/import", file=upload).text
    assert "1 answer imported, 1 of them new" in page
    assert "<td>3</td><td>The question is missing.</td>" in page
    assert owner.own_answers()[0]["wordings"] == ["Êtes-vous ouverts ?", "Ouvrez-vous ?"]
    browser = owner.browser("reader")
    for kind in ("csv", "jsonl"):
        file = browser.get(f"/admin/{owner.key}/faq.{kind}").data
        again = post("/admin/KEY/faq/import", file=(io.BytesIO(file), f"faq.{kind}")).text
        assert "1 answer imported, 0 of them new" in again
    assert post("/admin/KEY/faq/import", file=(io.BytesIO(b" "), "x.csv")).status_code == 400


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
