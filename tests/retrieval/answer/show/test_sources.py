"""Sources are named as a person would name them, and link to the words they were taken from."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from chatbot_server.retrieval.answer.show.sources import Titles, clean_heading, link_to
from chatbot_server.retrieval.language.markdown import plain_text

PAGE = "https://s.example/page"


@pytest.mark.parametrize(
    ("sentence", "texts"),
    [
        ("1. Bring *both* keys.", ["Bring both keys."]),
        ("12) Bring both keys.", ["Bring both keys."]),
        ("- **Tea** for [two](https://s.example/two)", ["Tea for two"]),
        (r"1 \< 2 and `code`, 5 * 3", ["1 < 2 and code, 5 * 3"]),
        ("Tea — for two", ["Tea — for two"]),
        ("a b c d e f g h i", ["a b c d,f g h i"]),
        ("- Monday — From: 9 am; To: 5 pm", [None, "Monday,-9 am", "Monday"]),
        ("- Lundi — Matin\u00a0: 9 h\u00a0; Soir\u00a0: –", [None, "Lundi,-9 h", "Lundi"]),
        ("- Monday — closed", ["Monday — closed", "Monday,-closed", "Monday"]),
    ],
)  # fmt: skip
def test_a_link_names_what_stands_on_the_page(sentence: str, texts: list[str | None]) -> None:
    address, _, directives = link_to(PAGE, sentence).partition("#:~:")
    assert address == PAGE
    for directive, text in zip(directives.split("&"), texts, strict=True):
        assert text is None or unquote(directive) == f"text={text}"


def test_what_has_a_meaning_in_a_link_is_escaped() -> None:
    link = link_to(f"{PAGE}#hours", "Non-stop, A & B — 100 % #1")
    assert link == (
        f"{PAGE}#hours:~:text=Non%2Dstop%2C%20A%20%26%20B%20%E2%80%94%20100%20%25%20%231"
    )


@pytest.mark.parametrize(
    ("url", "sentence", "link"),
    [("note-9", "Words.", ""), (PAGE, "", PAGE), (PAGE, "** **", PAGE), ("javascript:x", "W", "")],
)
def test_what_cannot_be_opened_or_found_has_no_link(url: str, sentence: str, link: str) -> None:
    assert link_to(url, sentence).partition("#")[0] == link


TITLES = ["Contact | Café Luz", "Menu | Café Luz", "Café Luz"]


@pytest.mark.parametrize(
    ("titles", "site", "title", "clean"),
    [
        (TITLES, "", "Menu | Café Luz", "Menu"),
        (TITLES, "", "Café Luz", "Café Luz"),
        (["Café Luz – Menu", "Café Luz – Contact"], "", "Café Luz – Menu", "Menu"),
        (["Hours – Leeds", "Hours – Hull", "Cafe"], "", "Hours – Leeds", "Leeds"),
        (["Hours – Leeds", "Visit – Leeds", "Hours – Hull"], "", "Hours – Leeds", "Hours – Leeds"),
        (["Menu · Café Luz"], "cafe luz", "Menu · Café Luz", "Menu"),
        (["Menu - Café Luz"], "Other", "Menu - Café Luz", "Menu - Café Luz"),
        (["Opening hours ¶"], "", "Opening hours ¶", "Opening hours"),
        (["E-mail"], "mail", "E-mail", "E-mail"),
    ],
)
def test_a_title_is_the_page_s_alone(titles: list[str], site: str, title: str, clean: str) -> None:
    assert Titles(dict.fromkeys(titles, ""), site).clean(title) == clean


def test_a_title_that_the_first_heading_repeats_is_not_said_twice() -> None:
    titles = Titles({})
    assert (
        titles.path("Help", "Help and questions › Complaints") == "Help and questions › Complaints"
    )
    assert titles.path("Prices", "Lessons") == "Prices › Lessons"
    assert titles.path("Prices", "") == "Prices"


def test_the_site_s_name_may_be_the_page_s_first_heading() -> None:
    titles = Titles({"Home | Café Luz": "Café Luz ¶ › Hours", "Menu": "Menu"})
    assert titles.clean("Home | Café Luz") == "Home"
    assert titles.below("Home | Café Luz", "Café Luz ¶ › Hours #") == "Hours"
    assert titles.below("Menu", "Menu › Drinks") == "Drinks"


def test_a_heading_has_no_signs_of_anchors_nor_marks() -> None:
    assert clean_heading("Visit ¶ › **Hours** # › ¶") == "Visit › Hours"
    assert clean_heading(":: Location du chalet › » Tarifs") == "Location du chalet › Tarifs"


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        (r"\[a\] \<b\> \*c\* 1\. d", "[a] <b> *c* 1. d"),
        ("**a *b* c** and __d__ ~~e~~ `f`", "a b c and d e f"),
        ("2*3 = 6, 5 * 3, snake_case_name, prix*", "2*3 = 6, 5 * 3, snake_case_name, prix*"),
        ("# Head\n- item\n1. one", "Head\n- item\n1. one"),
        ("![logo](x.png) [site](https://s.example/)", "logo site"),
        (f"{chr(0xE02A)}a", "a"),
        ("", ""),
    ],
)
def test_markdown_is_read_without_its_marks(markdown: str, plain: str) -> None:
    assert plain_text(markdown) == plain


def test_a_reader_without_links_is_told_their_addresses() -> None:
    text = "[site](https://s.example/) [https://s.example/](https://s.example/)"
    assert plain_text(text, addresses=True) == "site (https://s.example/) https://s.example/"


@pytest.mark.parametrize("sign", ["*", "**a", "[", "`", "_", "[](", "~~", "\\", "# "])
def test_marks_without_end_take_no_time(sign: str) -> None:
    assert plain_text(sign * 20_000) is not None
