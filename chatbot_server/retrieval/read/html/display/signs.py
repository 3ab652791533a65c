"""Pictures of a check or a cross, as the signs that visitors see: ✓, ✗."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import unquote, urlsplit

from chatbot_server.retrieval.read.html.text.inline import short_text
from chatbot_server.retrieval.read.html.text.names import HEADINGS, words_of
from chatbot_server.retrieval.read.html.unread.screen_readers import is_unseen

YES, NO = "✓", "✗"
MAX_ICONS, MAX_ABOVE, MAX_BESIDE = 2000, 3, 12
LONGEST_LABEL = 40
FEWEST_CELLS = 3
_NAMES_OF_YES = words_of(
    "accept check checked checkmark coche done included ok oui tick true valid valide yes"
)
_NAMES_OF_NO = words_of(
    "ban block cancel clear close croix cross crossmark delete false no non remove times x xmark"
)
# What icons of one meaning are called besides: “circle-check”, “bi-x-lg”, “check-green”.
_KINDS = words_of("""
    alt big black blanc blue bold box btn circle color double duotone e fa far fas fill filled
    green gris grey gray highlight icon ico ios lg light line ligne mark md o off outline outlined
    red regular rond round rounded rouge sharp sign sm solid square thin tone two vert white xl xs
""")
_CLASS = re.compile(
    r"(?:e-)?(?:fa[brsld]?|bi|icon|ico|glyphicon|dashicons|mdi|ri|la[rsb]?|ti|uil|feather|lucide"
    r"|eicon|ion|oi|lni|bxs?|icofont|ph|picto|tabler-icon)[-_](?P<name>[\w-]{1,40})"
)
_WORDS = re.compile(r"[-_. ]+|(?<=\D)(?=\d)|(?<=\d)(?=\D)")
# Items of a list that its style shows as missing from a plan.
_LEFT_OUT = re.compile(
    r"(?:^|[\s_-])(?:not?[_-]?(?:available|included)|unavailable|non[_-]inclus|excluded)(?:$|\s)"
)
_PICTURES = ("i", "img", "svg")
# Their text is the name of a picture.
_LIGATURES = ("material-icons", "material-symbols")
_OF_LIGATURES = " or ".join(f"contains(@class, '{name}')" for name in _LIGATURES)
_MAY_BE_ICON = (
    "//*[self::i or self::svg or self::img or self::span[@class and not(*) and not(text())]]"
)
_CELLS = ("td", "th", "dd")


def show_signs(tree: Any, page: str) -> None:
    """Put the sign that visitors see in place of each icon of a check or a cross.

    In a cell it is what the cell says; before words of a list it tells whether they hold, so that
    checks are shown only on pages with crosses: elsewhere they are bullets.
    """
    if any(name in page for name in _LIGATURES):
        name_ligatures(tree)
    for item in tree.xpath("//li[@class]")[:MAX_ICONS]:
        if _LEFT_OUT.search(item.get("class")) and next(item.iter(*_PICTURES), None) is None:
            item.text = f"{NO} {item.text or ''}"
    icons = list(islice(icons_in(tree), MAX_ICONS))
    cells = {cell: None for icon, _sign in icons if (cell := _cell_of(icon)) is not None}
    silent = set(filter(is_silent, cells))
    in_cells = [show_in_cell(icon, sign, silent) for icon, sign in icons]
    others = [each for each, is_shown in zip(icons, in_cells, strict=True) if not is_shown]
    marks = [(icon, sign, place) for icon, sign in others if (place := place_of(icon)) is not None]
    if any(sign == NO for _icon, sign, _place in marks):
        for icon, sign, place in marks:
            put_before(icon, sign, place)


def name_ligatures(tree: Any) -> None:
    for icon in tree.xpath(f"//*[{_OF_LIGATURES}]")[:MAX_ICONS]:
        if len(icon) == 0 and (icon.text or "").strip().isascii():
            icon.set("class", f"icon-{(icon.text or '').strip()}")
            icon.text = None
            icon.tag = "i"


def icons_in(tree: Any) -> Iterator[tuple[Any, str]]:
    """The elements that show a picture, each with its sign, which may be none."""
    for element in tree.xpath(_MAY_BE_ICON):
        if element.tag in ("i", "span") and short_text(element, 1):
            continue
        sign = next(filter(None, map(sign_of_name, names_of(element))), "")
        if sign or element.tag in ("svg", "img"):
            yield element, sign


def names_of(icon: Any) -> Iterator[str]:
    """What *icon* is called: by its classes, its file, or the drawing that it uses."""
    for name in (icon.get("class") or "").split():
        match = _CLASS.fullmatch(name)
        yield match["name"] if match else name
    yield icon.get("data-icon") or ""
    if icon.tag == "img":
        path = unquote(urlsplit((icon.get("src") or "")[:1000]).path) if is_address(icon) else ""
        yield path.rpartition("/")[2].rpartition(".")[0]
    for use in islice(icon.iter("use"), 1):
        target = use.get("href") or use.get("{http://www.w3.org/1999/xlink}href") or ""
        yield target.rpartition("#")[2]


def is_address(icon: Any) -> bool:
    address = icon.get("src") or ""
    return not address.startswith("data:") and "[" not in address


def sign_of_name(name: str) -> str:
    """The sign that an icon of this *name* shows; none for other icons, like “calendar-check”."""
    words = set(filter(None, _WORDS.split(name[:60].lower())))
    if not words <= _NAMES_OF_YES | _NAMES_OF_NO | _KINDS and not name.isdecimal():
        return ""
    if words & _NAMES_OF_NO:
        return NO
    return YES if words & _NAMES_OF_YES else ""


def _cell_of(icon: Any) -> Any:
    return next((each for each in islice(icon.iterancestors(), MAX_ABOVE) if _is_cell(each)), None)


def is_silent(cell: Any) -> bool:
    """Whether *cell*, in a row that begins with a name, shows pictures only, and leads nowhere."""
    row = cell.getparent()
    if row is None or row[0] is cell or not short_text(row[0], 1):
        return False  # nothing that it could be said of
    if next(cell.iter("a", "button", "input"), None) is not None:
        return False
    texts = islice(cell.xpath(".//text()[not(ancestor::svg)]"), MAX_BESIDE)
    return not any(map(str.strip, texts))


def show_in_cell(icon: Any, sign: str, silent: set[Any]) -> bool:
    """Write what *icon* means into its cell, if it is in one; a name only in *silent* ones."""
    cell = _cell_of(icon)
    if cell is None:
        return False
    if cell in silent:
        _write(icon, label_of(icon) or sign)
    elif (
        sign
        and short_text(cell, 1)
        and not any(map(is_unseen, islice(cell.iterdescendants(), MAX_BESIDE)))
    ):
        _write(icon, sign)
    return True


def _is_cell(element: Any) -> bool:
    return element.tag in _CELLS or element.get("role") == "cell"


def label_of(icon: Any) -> str:
    """What *icon* is called for those who do not see it."""
    title = next(icon.iter("title"), None) if icon.tag == "svg" else None
    texts = [icon.get("aria-label"), icon.get("alt"), icon.get("title")]
    texts.append(title.text if title is not None else "")
    label = " ".join(next(filter(None, texts), "").split())
    return label if len(label) <= LONGEST_LABEL else ""


def _write(icon: Any, text: str) -> None:
    if not text:
        return
    around = icon.getparent()
    if len(around) == 1 and around.get("aria-hidden"):
        del around.attrib["aria-hidden"]
    for child in list(icon):
        icon.remove(child)
    icon.tag, icon.text = "i", f"{text} "
    icon.attrib.clear()


def place_of(icon: Any) -> Any:
    """The box, up to *icon* itself, that begins a line of words with it; none elsewhere."""
    box = icon
    for _ in range(MAX_ABOVE):
        around = box.getparent()
        if around is None or around.tag in ("a", "button", "label", "header", "body", *HEADINGS):
            return None
        classes = (box.get("class") or "").split()
        if box.get("onclick") or box.get("role") == "button" or "close" in classes:
            return None
        if _has_words_before(box) or (around.text or "").strip():
            return box if is_cell_of_row(box, around) else None
        if (box.tail or "").strip():
            return box
        behind = next(box.itersiblings(), None)
        if behind is not None and isinstance(behind.tag, str):
            return box if behind.tag not in HEADINGS and short_text(behind, 1) else None
        box = around
    return None


def _has_words_before(box: Any) -> bool:
    before = islice(box.itersiblings(preceding=True), MAX_BESIDE)
    return any(short_text(each, 1) for each in before)


def is_cell_of_row(box: Any, around: Any) -> bool:
    """Whether *box*, behind a name, is one of several of a row that is no table's."""
    cells = list(islice(around, MAX_BESIDE))
    is_alone = not (box.tail or "").strip()
    return is_alone and len(cells) >= FEWEST_CELLS and {box.tag} == {cell.tag for cell in cells}


def put_before(icon: Any, sign: str, place: Any) -> None:
    if not sign:
        return
    behind = next(place.itersiblings(), None)
    is_alone = not (place.tail or "").strip() and not _has_words_before(place)
    if is_alone and behind is not None:
        behind.text = f"{sign} {behind.text or ''}"
    else:
        _write(icon, sign)
