"""Inline content as text: what HTML joins is joined, what style sheets part is parted."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from chatbot_server.retrieval.read.html.text.broken_lines import BrokenLine, joined_lines
from chatbot_server.retrieval.read.html.text.names import BLOCKS, CONTACT, MARKING
from chatbot_server.retrieval.read.html.text.superscripts import MARKS, on_the_line
from chatbot_server.retrieval.read.typed_signs import with_signs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# A mark in the text being gathered, from the area that Unicode leaves to programs, like those of
# :mod:`.superscripts`.
_LINE = "\ue000"
# Nobody reads them: icons of fonts, and blanks without width that editors leave.
_NO_MARKS = dict.fromkeys((0x200B, 0xFEFF, *range(0xE000, 0xF900)))
# Between links of a row.
_SEPARATORS = " \t\r\n\xa0|·•"
_BLANKS = re.compile(r"[^\S\xa0\u202f\u2009]+")
# What is worth telling of a picture: a price, a time, a number to call, an address to write to.
_FACT_IN_PICTURE = re.compile(
    rf"\d ?[€£$]|[€£$] ?\d|\b\d{{1,2}} ?[h:] ?\d\d\b|\b\d{{1,2}} ?(?:h|am|pm)\b|{CONTACT.pattern}",
    re.IGNORECASE,
)
FEWEST_WORDS_OF_PICTURE = 3
_WHATSAPP = re.compile(r"https?://(?:wa\.me/|api\.whatsapp\.com/send/?\?phone=)\+?(\d{8,15})\b")
_MOVES = re.compile(r"margin|padding|display|position|float|width|left|right|flex|grid", re.I)
_WEIGHT = re.compile(r"font-weight\s{0,9}:\s{0,9}(?:(bold|[6-9]00)|\w)", re.IGNORECASE)
# Classes of boxes whose parts stand apart, and of parts at the end of their line.
_FLEX = frozenset(("d-flex", "flex", "inline-flex", "justify-between", "justify-content-between"))
_AT_END = frozenset(("badge", "float-end", "float-right", "pull-right", "ms-auto", "ml-auto"))
_BELOW = ("em", "i", "small", "span")
SHORTEST_ABOVE, LONGEST_BELOW = 3, 40
_PRICE = re.compile(r"[€£$] ?\d|\d[\d.,]{0,9} ?[€£$]")
_CURRENCIES = ("€", "£", "$")
_ENDS = tuple(".,;:!?…–—-([/")


class InlineText:
    """Gathers the text of a block.

    Args:
        decimal: what comes before the cents in the page's language.
    """

    def __init__(self, decimal: str = ",") -> None:
        self._decimal = decimal
        self._pieces: list[str] = []
        self._are_bold: list[bool] = []
        self._links = self._bolds = 0
        self._size = self._linked = self._bold = 0

    def add(self, text: str | None) -> None:
        """Text as it is in the source."""
        if not text:
            return
        self._append(text.translate(_NO_MARKS))
        size = len(text.strip(_SEPARATORS))
        self._size += size
        self._linked += size if self._links else 0
        self._bold += size if self._bolds else 0

    def _append(self, piece: str) -> None:
        self._pieces.append(piece)
        self._are_bold.append(bool(self._bolds))

    def blank(self) -> None:
        """What follows is another word."""
        self._append(" ")

    def line(self) -> None:
        """What follows is on another line."""
        self._append(_LINE)

    def open(self, element: Any) -> None:
        """Before the content of *element*."""
        tag = element.tag
        if tag == "br":
            self.line()
        elif tag == "img":
            self.picture(element.get("alt") or "")
        elif tag in MARKS:
            self._append(MARKS[tag][0])
        elif is_apart(element) or self.is_other_word(element):
            self.blank()
        self._links += tag in ("a", "button")
        self._bolds += _is_bold(element)

    def is_other_word(self, element: Any) -> bool:
        """Whether *element* touches one before it, and no word goes on from that into it: an amount
        and words (“24 €”, “at noon”; “from”, “£9”), or parts of a date (“Sat”, “12”, “June”)."""
        before = element.getprevious()
        if before is None or before.tail or not self._pieces:
            return False
        former, text = self._pieces[-1], (element.text or "").strip()
        if former[-1:] in _CURRENCIES:
            return text[:1].isalpha()
        if text[:1] in _CURRENCIES:
            return former[-2:].isalpha()
        is_word, is_number = former.isalpha() and len(former) > 1, former.isdecimal()
        return (is_word and text.isdecimal()) or (is_number and text.isalpha() and len(text) > 2)

    def picture(self, alt: str) -> None:
        """What a picture says, if that is more than what it shows: a menu, a poster."""
        is_told = len(alt.split()) >= FEWEST_WORDS_OF_PICTURE and _FACT_IN_PICTURE.search(
            alt[:1000]
        )
        if is_told:
            self.line()
            self.add(alt[:1000])
            self.line()

    def close(self, element: Any) -> None:
        """After the content of *element*."""
        tag = element.tag
        if tag in MARKS:
            self._append(MARKS[tag][1])
        if tag == "a":
            self.tell_address(element)
        self._links -= tag in ("a", "button")
        self._bolds -= _is_bold(element)

    def tell_address(self, link: Any) -> None:
        """The telephone number or e-mail address behind a link that does not show it."""
        href = (link.get("href") or "").strip()
        chat = _WHATSAPP.match(href)
        scheme, _, target = (f"tel:+{chat[1]}" if chat else href).partition(":")
        if scheme.lower() not in ("tel", "mailto"):
            return
        address = unquote(target.partition("?")[0]).strip().translate(_NO_MARKS)[:200]
        label = "".join(self._pieces[-20:])
        plain = re.sub(r"\W", "", address)
        if plain and plain.lower() not in re.sub(r"\W", "", label).lower():
            if scheme.lower() == "tel" and plain[-8:] in re.sub(r"\D", "", label):
                return
            self.add(f" ({address})" if label.strip() else address)

    @property
    def is_link(self) -> bool:
        """Whether all of the text leads elsewhere."""
        return 0 < self._size == self._linked

    @property
    def is_bold(self) -> bool:
        """Whether all of the text is bold."""
        return 0 < self._size == self._bold

    def take(self) -> list[str]:
        """The lines gathered, without empty ones; begins anew."""
        return joined_lines(self.take_lines())

    def take_lines(self) -> list[BrokenLine]:
        """The lines as they are broken, without empty ones; begins anew."""
        lines: list[BrokenLine] = []
        pieces: list[tuple[str, bool]] = []
        is_after_gap = True
        for piece in [*zip(self._pieces, self._are_bold, strict=True), (_LINE, False)]:
            if piece[0] != _LINE:
                pieces.append(piece)
                continue
            text = self._readable(pieces)
            if text:
                bold = ""
                if any(is_bold for _piece, is_bold in pieces):
                    lead = takewhile(lambda each: each[1] or not each[0].strip(), pieces)
                    bold = self._readable(lead)
                lines.append(BrokenLine(text, bold, is_after_gap))
            is_after_gap = not text
            pieces.clear()
        self._pieces.clear()
        self._are_bold.clear()
        self._size = self._linked = self._bold = 0
        return lines

    def _readable(self, pieces: Iterable[tuple[str, bool]]) -> str:
        text = _BLANKS.sub(" ", "".join(piece for piece, _is_bold in pieces))
        return with_signs(on_the_line(text, self._decimal).strip())


def lines_of(root: Any, decimal: str, leaves_out: Callable[[Any], bool]) -> list[str]:
    """The text of the element *root*, without what *leaves_out* says of the elements in it."""
    from lxml import etree  # type: ignore[import-untyped]

    text = InlineText(decimal)
    walker = etree.iterwalk(root, events=("start", "end"))
    is_skipped = False
    for event, element in walker:
        if not isinstance(element.tag, str):
            continue
        if event == "start":
            is_skipped = element is not root and leaves_out(element)
            if is_skipped:
                walker.skip_subtree()
                continue
            text.line() if element.tag in BLOCKS else text.open(element)
            text.add(element.text)
            continue
        if not is_skipped:
            text.line() if element.tag in BLOCKS else text.close(element)
        is_skipped = False
        if element is not root:
            text.add(element.tail)
    return text.take()


def one_line(lines: list[str], comma: str = ", ") -> str:
    """*lines* as one, with a *comma* where nothing else parts them."""
    text = ""
    for line in lines:
        if text:
            text += " " if text.endswith(_ENDS) or line.startswith("(") else comma
        text += line
    return text


def _is_bold(element: Any) -> bool:
    """Whether the letters of *element* are bold; text pasted from elsewhere may stand in a ``b``
    that says it is not."""
    style = element.get("style") if element.tag != "a" else None
    weight = _WEIGHT.search(style) if style else None
    return bool(weight[1]) if weight else element.tag in ("b", "strong", "u")


def touches_element_before(element: Any) -> bool:
    """Whether it follows another element without a blank: such stand apart on the screen.

    Letters that are animated one by one do not.
    """
    before = element.getprevious()
    if before is None or before.tail or not isinstance(before.tag, str) or element.tag in MARKING:
        return False
    if before.tag in MARKING or before.tag == "br":
        return False
    if are_letters_of_editor(before) and are_letters_of_editor(element):
        return (before.text or "").endswith((".", "!", "?", ":", ";"))
    first, second = (before.text or "").strip(), (element.text or "").strip()
    return not (len(first) == 1 == len(second)) and not (len(first) == 1 and first.isalpha())


def is_apart(element: Any) -> bool:
    """Whether *element* begins another word than what it follows without a blank."""
    return touches_element_before(element) or stands_apart(element) or is_line_below(element)


def stands_apart(element: Any) -> bool:
    """Whether *element*, right behind words, stands at the other end of their line: a price in
    the item of a list."""
    before, around = element.getprevious(), element.getparent()
    if before is not None or around is None or not (around.text or "").strip():
        return False
    classes = (around.get("class") or "").split()
    return not _FLEX.isdisjoint(classes) or not _AT_END.isdisjoint(
        (element.get("class") or "").split()
    )


def is_line_below(element: Any) -> bool:
    """Whether *element*, right behind a word, is what style sheets put below it: several words, or
    a price; no part of a word is that."""
    if element.tag not in _BELOW or element.getprevious() is not None:
        return False
    around = element.getparent()
    word = (around.text or "").rpartition(" ")[2] if around is not None else ""
    if len(word) < SHORTEST_ABOVE or not word.isalpha():
        return False
    text = short_text(element, LONGEST_BELOW)
    return bool(_PRICE.match(text)) or (text[:1].isalpha() and " " in text)


def are_letters_of_editor(element: Any) -> bool:
    """Whether an editor only coloured or measured the letters of *element*: it moves none."""
    style = element.get("style") or ""
    return (
        element.tag == "span"
        and len(element.attrib) == 1
        and not _MOVES.search(style)
        and (bool(style))
    )


def short_text(element: Any, limit: int) -> str:
    """The first *limit* characters of the text of *element*, with single blanks."""
    text = ""
    for piece in element.itertext():
        text = f"{text} {' '.join(piece[: 2 * limit].split())}".strip()
        if len(text) >= limit:
            break
    return text[:limit]
