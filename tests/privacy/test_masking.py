"""What visitors tell of themselves is answered, and not stored."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.browser import Browser

from chatbot_server.privacy.masking import Mask, personal_values
from chatbot_server.storage.site.sites import demo_site
from chatbot_server.storage.visitors.feedback import contact_requests
from chatbot_server.storage.visitors.inbox import feedback_on


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
        # As French types and pastes them: no-break, narrow and wide blanks, other dashes.
        ("06\u00a012\u00a034\u00a056\u00a078", "phone"),
        ("06\u202f12\u202f34\u202f56\u202f78", "phone"),
        ("06  12  34  56  78", "phone"),
        ("06 - 12 - 34 - 56 - 78", "phone"),
        ("06–12–34–56–78", "phone"),
        ("06·12·34·56·78", "phone"),
        ("06,12,34,56,78", "phone"),
        ("06\t12\t34\t56\t78", "phone"),
        ("je suis au 0612345678merci", "phone"),
        ("514 555 0199", "phone"),
        # Digits of other scripts.
        ("０６１２３４５６７８", "phone"),
        ("٠٦١٢٣٤٥٦٧٨", "phone"),
        ("４１１１ １１１１ １１１１ １１１１", "card"),
        ("2\u00a055\u00a008\u00a014\u00a0168\u00a0025\u00a038", "social"),
        ("2 55 08 14 168 025 / 38", "social"),
        # Something follows or precedes that looks as if it belonged to it.
        ("FR14 2004 1010 0505 0001 3M02 606 merci", "iban"),
        ("my IBAN GB82 WEST 1234 5698 7654 32 please", "iban"),
        ("IBANFR1420041010050500013M02606", "iban"),
        ("FR14.2004.1010.0505.0001.3M02.606", "iban"),
        ("4111 1111 1111 1111 12/27 123", "card"),
        ("cvv 123 4111 1111 1111 1111", "card"),
        ("4111.1111.1111.1111", "card"),
        ("3782 822463 10005", "card"),
        # Written so that machines do not find them.
        ("ada (at) example.org", "email"),
        ("ada[arobase]example.org", "email"),
        ("ada @ example.org", "email"),
        ("ada＠example.org", "email"),
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
        "open 09.00 - 12.00 - 14.00 - 18.00",
        "FR14 2004 1010 0505 0001 3M02 607 merci",
        "rooms at 250, 500 or 1000 euros",
        "prix : 1 250 500 €",
        "see you @ the shop",
        "0 10 20 30 40 50",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert list(personal_values(text)) == []
    assert Mask.of(text, "fr").hide(text) == text


@pytest.mark.parametrize(
    "part",
    ["1", "1 ", "a", "a@", "0 ", "AB12 ", "(0", ". ", "a [at] ", "06,12,", "FR14 2004 10 ", "１"],
)
def test_a_long_text_takes_no_time(part: str) -> None:
    list(personal_values(part * 50_000))


@pytest.mark.parametrize(
    ("asked", "told", "stored"),
    [
        ("call 06 12 34 56 78", "I call 0612345678, or 06.12.34.56.78.", "I call [p], or [p]."),
        ("call (212) 555-0100", "212-555-0100, not 3212-555-0100", "[p], not 3212-555-0100"),
        ("I am ada@example.org", "lada@example.org, ADA@example.org!", "lada@example.org, [e]!"),
        ("ada@example.org or x.ada@example.org", "x.ada@example.org", "[e]"),
        ("card 4111 1111 1111 1111", "4111111111111111", "[c]"),
    ],
)  # fmt: skip
def test_what_was_masked_is_masked_however_it_is_written_again(
    asked: str, told: str, stored: str
) -> None:
    hidden = Mask.of(asked, "en").hide(told)
    for label, short in (("telephone number", "p"), ("e-mail address", "e"), ("card number", "c")):
        hidden = hidden.replace(f"[{label}]", f"[{short}]")
    assert hidden == stored


def test_two_numbers_beside_each_other_are_both_hidden() -> None:
    text = "06.12.34.56.78/09.87.65.43.21, FR1420041010050500013M02606 DE89370400440532013000."
    phone, account = "[telephone number]", "[bank account]"
    assert Mask.of(text, "en").hide(text) == f"{phone}/{phone}, {account} {account}."


def test_a_value_inside_of_another_one_leaves_nothing_of_it() -> None:
    text = "ada@example.org, x.ada@example.org, ada@example.org.uk"
    assert Mask.of(text, "en").hide(text) == ", ".join(["[e-mail address]"] * 3)


def test_a_message_to_a_person_keeps_the_ways_to_reply(tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    text = "Call 06 12 34 56 78 or ada@example.org. IBAN FR14 2004 1010 0505 0001 3M02 606"
    body = {"site": browser.site, "name": "Ada", "email": "ada@example.org", "message": text}
    assert browser.client.post("/api/contact", json=body).status_code == 200
    with browser.database.session() as session:
        (kept,) = contact_requests(session, demo_site(session).id)
    assert kept.email == "ada@example.org"
    assert kept.text == "Call 06 12 34 56 78 or ada@example.org. IBAN [bank account]"


def test_what_is_said_of_an_answer_is_masked(tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    answer = browser.ask("Hello there, what is this?")
    message, secret = answer["start"]["message"], answer["start"]["secret"]
    body = {"message": message, "value": "down", "comment": "Write to ada@example.org"}
    headers = {"Authorization": f"Bearer {secret}"}
    assert browser.client.post("/api/feedback", json=body, headers=headers).status_code == 200
    with browser.database.session() as session:
        thumbs = feedback_on(session, answer["start"]["conversation"])
    assert thumbs[message].comment == "Write to [e-mail address]"


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
