"""Dates on which a page or a message on it was posted, told as such: they are no dates of facts."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from chatbot_server.retrieval.read.html.text.inline import short_text
from chatbot_server.retrieval.read.html.text.names import BLOCKS

MAX_DATES, MAX_ABOVE, MAX_DEPTH, LONGEST = 500, 4, 20, 60
# Classes of WordPress, Blogger, Hugo, Ghost, Drupal and themes, of a date or of the line it is in.
_NAME = r"(?:entry|post|article|blog|news|publish(?:ed|ing)?|pub|creation)[_-]{0,2}"
_DATE_CLASS = re.compile(
    rf"(?:^|[\s_-])(?:{_NAME}(?:date|time)|posted-?on|published)(?:$|\s)", re.IGNORECASE
)
_LINE_CLASS = re.compile(
    rf"(?:^|[\s_-])(?:{_NAME}(?:date|time|meta|info)|posted-?on|byline|dateline)(?:$|\s)",
    re.IGNORECASE,
)
_UPDATED = re.compile(r"(?:^|[\s_-])(?:updated|modified|last-?mod)(?:$|\s)", re.IGNORECASE)
_PUBLISHED, _MODIFIED = ("datePublished", "dateCreated"), "dateModified"
_DATE = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[/.]\d{1,2}[/.]\d{2}\b")
_AMOUNT = re.compile(r"[€£$%]")
# “Posted on 2 May”, “Publié : 2 mai”: it is told already.
_LETTERS = re.compile(r"[^\W\d_]{3}")
_TOLD = re.compile(
    r"(?:last )?(?:post|publi|pubbl|updat|actuali|aggiorn|atuali|geplaatst|veröff|aktualis|modifi"
    r"|mis[e ]|dernière|written)",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:le|on|am|el|il|op|em)\s", re.IGNORECASE)
WORDS = {
    "de": ("Veröffentlicht am", "Aktualisiert am"),
    "en": ("Posted on", "Updated on"),
    "es": ("Publicado el", "Actualizado el"),
    "fr": ("Publié le", "Mis à jour le"),
    "it": ("Pubblicato il", "Aggiornato il"),
    "nl": ("Geplaatst op", "Bijgewerkt op"),
    "pt": ("Publicado em", "Atualizado em"),
}


def name_posting_dates(tree: Any, language: str) -> None:
    """Write “Posted on” before each date of *tree* that only its markup tells to be one.

    Of a message that tells both, when it was changed is not seen: themes hide that.
    """
    posted, updated = WORDS.get(language, WORDS["en"])
    for date in tree.xpath("//body//time | //body//*[@class][not(*)]")[:MAX_DATES]:
        kind = kind_of_date(date)
        if kind == _MODIFIED and has_other_date(date):
            date.drop_tree()
        elif kind and not is_told(date):
            day = _ARTICLE.sub("", date.text.strip(), count=1)
            date.text = f"{updated if kind == _MODIFIED else posted} {day}"


def kind_of_date(element: Any) -> str:
    """What *element* tells of a message: when it was published or modified; empty: neither."""
    text = (element.text or "").strip()
    if len(element) or len(text) > LONGEST or not _DATE.search(text) or _AMOUNT.search(text):
        return ""
    names, prop = element.get("class") or "", element.get("itemprop")
    if prop in _PUBLISHED or _DATE_CLASS.search(names):
        return _PUBLISHED[0]
    if element.tag != "time":
        return ""
    if prop == _MODIFIED or _UPDATED.search(names):
        return _MODIFIED
    boxes = islice(element.iterancestors(), MAX_ABOVE)
    is_posted = any(_LINE_CLASS.search(box.get("class") or "") for box in boxes)
    return _PUBLISHED[0] if is_posted else ""


def has_other_date(date: Any) -> bool:
    """Whether a date of publishing is beside *date*."""
    return any(kind_of_date(each) == _PUBLISHED[0] for each in date.itersiblings(preceding=True))


def is_told(date: Any) -> bool:
    """Whether words before *date* in its line, or its own first ones, say what it is."""
    text = date.text.strip()
    boxes = (date, *islice(date.iterancestors(), MAX_DEPTH))
    around = next((each for each in boxes if each.tag in BLOCKS), None)
    line = short_text(around, 2 * LONGEST) if around is not None else ""
    return bool(_TOLD.match(text) or _LETTERS.search(line.partition(" ".join(text.split()))[0]))
