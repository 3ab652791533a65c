"""What visitors tell of themselves is answered, and not stored."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.browser import Browser

from chatbot_server.privacy.masking import Mask, personal_values


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to ada.l+x@mail.example.org!", "email"),
        ("call +33 6 12 34 56 78", "phone"),
        ("appelez le 06.12.34.56.78 demain", "phone"),
        ("(212) 555-0100 after six", "phone"),
        ("+44 (0)20 7946 0958", "phone"),
        ("my card is 4111 1111 1111 1111.", "card"),
        ("IBAN FR14 2004 1010 0505 0001 3M02 606", "iban"),
        ("nir 2 55 08 14 168 025 38", "social"),
        ("ssn 219-09-9999", "social"),
        ("NI AB 12 34 56 C", "social"),
    ],
)
def test_each_kind_is_known_by_its_form(text: str, kind: str) -> None:
    ((value, found_kind),) = personal_values(text)
    assert found_kind == f"mask_{kind}"
    hidden = Mask.of(text, "en").hide(text)
    assert value not in hidden
    assert "[" in hidden


@pytest.mark.parametrize(
    "text",
    [
        "order 4111 1111 1111 1112",  # no card: its check digit is wrong
        "FR14 2004 1010 0505 0001 3M02 607",
        "open from 9 to 17 on 12/07/2025",
        "12,50 € or 1 234 567 visitors",
        "article 12345678",
        "@home and a@b",
        "2 55 08 14 168 025 39",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert list(personal_values(text)) == []
    assert Mask.of(text, "fr").hide(text) == text


@pytest.mark.parametrize("part", ["1", "1 ", "a", "a@", "0 ", "AB12 ", "(0", ". "])
def test_a_long_text_takes_no_time(part: str) -> None:
    list(personal_values(part * 50_000))


def test_a_question_is_answered_as_it_was_typed_and_stored_without(tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    browser.model.says = ["I will call 06 12 34 56 78."]
    question = "Appelez-moi au 06 12 34 56 78 ou ada@example.org"
    answer = browser.ask(question, locale="fr")
    assert "06 12 34 56 78" in str(browser.model.prompts[-1])
    assert "06 12 34 56 78" in answer["text"]
    asked, told = browser.transcript(answer)
    assert asked["text"] == "Appelez-moi au [numéro de téléphone] ou [adresse e-mail]"
    assert told["text"] == "I will call [numéro de téléphone]."
    browser.database.close()
    for file in tmp_path.glob("chatbot.db*"):
        assert b"ada@example" not in file.read_bytes()
    assert not browser.ask(question, locale="fr")["done"]["cached"]


def test_an_owner_may_want_the_whole_text(tmp_path: Path) -> None:
    browser = Browser(tmp_path, privacy={"mask": False})
    answer = browser.ask("I am ada@example.org")
    assert browser.transcript(answer)[0]["text"] == "I am ada@example.org"
