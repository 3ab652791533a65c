"""When something was posted is told as that, and not as a date of what it is about."""

from __future__ import annotations

import pytest
from support.files.read_page import text_of

POSTED_ON = """<span class="posted-on">Posted on <a href="/a"><time class="entry-date published"
datetime="2026-05-02">2 May 2026</time><time class="updated">3 May 2026</time></a></span>"""


@pytest.mark.parametrize(
    ("language", "date", "text"),
    [
        ("fr", '<div class="wp-block-post-date"><time>20 avril 2026</time></div>',
         "Publié le 20 avril 2026"),
        ("fr", '<p class="post-meta"><time>le 20/04/2026</time> | Léa</p>',
         "Publié le 20/04/2026 | Léa"),
        ("en", '<p class="news-date">14/03/2026</p>', "Posted on 14/03/2026"),
        ("en", '<p><time itemprop="dateModified">1 June 2026</time></p>', "Updated on 1 June 2026"),
        ("en", POSTED_ON, "Posted on 2 May 2026"),
        ("fr", '<p class="post-date">Publié le 3 juin 2026</p>', "Publié le 3 juin 2026"),
    ],
)  # fmt: skip
def test_a_date_of_posting_is_told_as_one(language: str, date: str, text: str) -> None:
    assert text_of(f"<h1>News</h1>{date}<p>a</p>", language) == f"# News\n{text}\na"


@pytest.mark.parametrize(
    "line",
    [
        "<p><time>4 July 2026</time></p>",
        '<p class="article-info">12,50 € en 2026</p>',
        '<p class="event-date">4 July 2026</p>',
    ],
)
def test_other_dates_are_left_as_they_are(line: str) -> None:
    assert "osted" not in text_of(f"<h1>Gala</h1>{line}<p>a</p>")


def test_the_names_above_a_menu_that_choose_one_are_no_text() -> None:
    names = '<div class="menu-selector"><label>Lunch</label><label>Dinner</label></div>'
    assert text_of(f"{names}<h1>Lunch</h1><p>Soup 6 €</p>") == "# Lunch\nSoup 6 €"
