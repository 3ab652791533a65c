"""Two languages on one page are read as two documents, each in its own."""

from __future__ import annotations

import pytest
from support.sites.crawling import extractor

FRENCH = "<h2>Tarifs</h2><p>Le gîte coûte 450 € la semaine, et 620 € en juillet et août.</p>"
ENGLISH = "<h2>Prices</h2><p>The cottage costs €450 a week, and €620 in July and August.</p>"


def documents(body: str) -> list[tuple[str, str | None, str]]:
    page = f"<html lang=fr><title>Gîte</title><body><h1>Gîte</h1>{body}</body></html>"
    extracted = extractor.read(page.encode(), "html", "p", "https://s.example/p", "utf-8")
    assert not extracted.facts or all(places for _words, places in extracted.facts)
    return [
        (draft.url, draft.language, draft.text.replace("\n\n", "\n")) for draft in extracted.drafts
    ]


def test_parts_in_another_language_are_a_document_of_their_own() -> None:
    body = f"<div lang=fr>{FRENCH}</div><div lang=en-GB>{ENGLISH}</div><p>Tél. 03 85 00 00 04</p>"
    french, english = documents(body)
    assert french[:2] == ("https://s.example/p", "fr")
    assert french[2].startswith("# Gîte\n## Tarifs\nLe gîte")
    assert "cottage" not in french[2]
    assert french[2].endswith("Tél. 03 85 00 00 04")
    assert english == (
        "https://s.example/p#en",
        "en",
        "## Prices\nThe cottage costs €450 a week, and €620 in July and August.",
    )


@pytest.mark.parametrize(
    "body", [f"<main lang=en>{ENGLISH}</main>", f"{FRENCH}<p lang=en>Hello.</p>"]
)
def test_a_page_that_only_claims_another_language_stays_whole(body: str) -> None:
    assert [url for url, _language, _text in documents(body)] == ["https://s.example/p"]
