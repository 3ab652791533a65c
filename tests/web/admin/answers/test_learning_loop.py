"""Questions that nobody could answer: answered once by the owner, and then by the chatbot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from lxml.html import fromstring  # type: ignore[import-untyped]
from support.patience import LONG
from support.servers.live_server import LiveServer
from support.servers.owner_server import PASSWORD
from support.servers.visitor import Visitor

SITE = {
    "Opening hours": "We are open from Tuesday to Saturday, 7 am to 6 pm.",
    "Prix du pain": "Le pain de campagne coûte 4,20 euros, la baguette 1,10 euro.",
}
# A question of a visitor, the same in other words, and what the owner answers.
LEARNT = (
    ("Do you deliver to Leeds?", "Can you bring it to my house in Leeds?", "To Leeds on Fridays."),
    ("Do you repair bicycles?", "Could you mend my bike?", "No, ask Lee, 3 Dock Street."),
    ("Is there a vegan cake?", "Have you got cakes for vegans?", "Yes, with carrots, on order."),
    ("May I bring my dog?", "Are dogs allowed inside?", "Dogs wait at the hook by the door."),
    ("Do you take cheques?", "Can I pay by cheque?", "Cards and cash; no cheques."),
    ("Proposez-vous des ateliers ?", "Y a-t-il des ateliers chez vous ?", "Oui, le premier lundi."),
    ("Avez-vous un parking ?", "Où puis-je garer ma voiture ?", "Oui, six places dans la cour."),
    ("Livrez-vous à domicile ?", "Est-ce que vous livrez chez moi ?", "Oui, à moins de 5 km."),
    ("Acceptez-vous les tickets restaurant ?", "Je peux payer en ticket resto ?", "Oui, Swile."),
    ("Recrutez-vous un apprenti ?", "Cherchez-vous des apprentis ?", "Oui, écrivez à Marie."),
)


@pytest.fixture(scope="module")
def server(make_server: Callable[..., LiveServer]) -> Iterator[LiveServer]:
    """A server that quotes pages, without a model."""
    server = make_server(engine={"model": None})
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def visitor(server: LiveServer) -> Visitor:
    key = re.findall(r'data-site="([^"]+)"', server.cli("site", "add", "Bakery"))[0]
    for title, text in SITE.items():
        server.cli("knowledge", "add", "--site", key, "--title", title, "--text", text)
    return Visitor(server.url, key)


@pytest.fixture(scope="module")
def browser(server: LiveServer) -> Iterator[httpx.Client]:
    """The owner's browser, without scripts."""
    token = (server.folder / "data" / "setup-token").read_text().strip()
    with httpx.Client(base_url=server.url, timeout=LONG, headers={"Origin": server.url}) as client:
        client.post("/setup", data={"token": token, "name": "Ann", "password": PASSWORD})
        yield client


def answer_all(browser: httpx.Client, key: str) -> int:
    """Answer what the page of unanswered questions asks, by its forms; how many were sent."""
    known = {question: answer for question, _, answer in LEARNT}
    for sent in range(2 * len(LEARNT)):
        page = fromstring(browser.get(f"/admin/{key}/unanswered").text)
        forms = [form for form in page.forms if "answer" in form.fields]
        if not forms:
            return sent
        forms[0].fields["answer"] = known[forms[0].fields["question"]]
        sending = browser.post(forms[0].action, data=dict(forms[0].form_values()))
        assert sending.status_code == 303, sending.text
    raise AssertionError("an answered question was shown again")


def test_ten_questions_are_learnt_from_one_page_with_ten_forms(
    visitor: Visitor, browser: httpx.Client
) -> None:
    for question, _, _ in LEARNT:
        assert visitor.answer(question)["done"]["origin"] == "none", question
    assert answer_all(browser, visitor.site) == len(LEARNT)
    for question, _, right in LEARNT:
        answer = visitor.answer(question)
        assert (answer["done"]["origin"], answer["text"]) == ("faq", right), question
    reworded = sum(visitor.answer(other)["text"] == right for _, other, right in LEARNT)
    assert reworded >= 8, "in other words"
    answer = visitor.answer("When are you open?")
    assert answer["done"]["origin"] == "pages", "own answers stand in no page's way"
    assert SITE["Opening hours"] in answer["text"]
