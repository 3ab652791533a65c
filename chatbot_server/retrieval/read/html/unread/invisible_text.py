"""Text that styles keep out of sight: of no size, in the colour of its background, far outside.

Visitors never see it, so it is written for machines. Styles also hide what appears a moment later,
or when somebody opens it; how this is told apart: docs/decisions/0028-text-that-no-visitor-sees.md.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from typing import Any

MAX_STYLES, MAX_PARTS, MAX_INNER, MAX_ABOVE = 100_000, 10_000, 200, 20
LONGEST_STYLE = 2000
Style = dict[str, str]
Colour = tuple[int, int, int]

_NOTHING = re.compile(r"[+-]?0{0,9}(?:\.0{0,9})?(?:px|r?em|ex|ch|pt|v[hw]|%)?")
# Letters of two pixels cannot be read.
_TINY = re.compile(r"[0-2](?:\.\d{0,9})?px")
_FAINT = re.compile(r"0?\.0\d{0,9}|0|\d(?:\.\d{0,9})?%")
# Beyond the edge of any screen; what slides in from the side is nearer.
_FAR = re.compile(
    r"-(?:\d{4,9}|9\d\d)(?:\.\d{0,9})?px|-\d{2,9}(?:\.\d{0,9})?r?em|-\d{3,9}(?:v[hw]|%)"
)
_CLIPPED = re.compile(
    r"rect\((?:[01](?:px)?[\s,]{0,9}){4}\)|inset\((?:50|100)%\)|circle\(0(?:px|%)?\)"
)
_EDGES = ("left", "top", "right", "bottom")
_OUTSIDE = (*_EDGES, *(f"margin-{edge}" for edge in _EDGES), "text-indent")
# By these, a style or a script makes appear what is transparent at first.
_MOVES = re.compile(r"(?:-webkit-)?(?:transform|animation|transition)|will-change|opacity-")
_APPEARS = re.compile(r"data-(?:w-id|aos|framer|anim|scroll|reveal|sal|gsap|motion)")
_SELECTOR = re.compile(r"[a-z0-9]{0,10}[.#][\w-]{1,60}")
_NAME = re.compile(r"[.#][\w-]{1,60}")
_RGB = re.compile(
    r"rgba?\(\s?(\d{1,3})[\s,]{1,3}(\d{1,3})[\s,]{1,3}(\d{1,3})(?:[\s,/]{1,3}(?:1|100%))?\s?\)"
)
_HEX = re.compile(r"#([\da-f]{3}|[\da-f]{6})(?:f{1,2})?")
_COLOURS = {
    "black": "#000", "blue": "#00f", "gray": "#808080", "green": "#008000", "grey": "#808080",
    "red": "#f00", "silver": "#c0c0c0", "white": "#fff", "yellow": "#ff0",
}  # fmt: skip
_TRANSPARENT = re.compile(r"transparent|#0{3}0|#0{6}00|rgba\([\d\s,]{5,20}[\s,/]0?(?:\.0)?\s?\)")
# Of each part of a colour: nobody sees the difference.
_NEAR = 8
_NO_COLOUR = frozenset(("none", "initial", "inherit", "unset", "0", "0 0", ""))


def mark_invisible(tree: Any, page: str) -> None:
    """Mark what styles in the *tree* of *page* keep out of sight.

    What nobody sees becomes ``hidden``; what is outside of the screen, a text for screen readers.
    """
    apply_rules(tree, page)
    for element in tree.xpath("//body//*[@style or (self::font and @color)]")[:MAX_PARTS]:
        style = style_of(element)
        if is_outside(style):
            element.set("class", f"{element.get('class') or ''} sr-only")
        elif is_transparent(element, style):
            element.set("hidden", "")
        elif (name := invisible_by(element, style)) and element.get("hidden") is None:
            hide_own_text(element, name)


def style_of(element: Any) -> Style:
    """The properties in the ``style`` of *element* and in older attributes, in lower case."""
    older = {"color": element.get("color"), "background-color": element.get("bgcolor")}
    attributes = {name: value.strip().lower() for name, value in older.items() if value}
    return attributes | declarations((element.get("style") or "")[:LONGEST_STYLE])


def declarations(text: str) -> Style:
    """The properties in the *text* of a style; the last of a name counts."""
    pairs = (part.partition(":") for part in text.lower().split(";"))
    return {
        name.strip(): " ".join(value.partition("!")[0].split()) for name, _, value in pairs if value
    }


def is_outside(style: Style) -> bool:
    """Whether *style* shows something outside of the screen, or no part of it."""
    if any(_FAR.fullmatch(style.get(name, "")) for name in _OUTSIDE):
        return style.get("position") in ("absolute", "fixed") or "text-indent" in style
    clips = (style.get("clip", ""), style.get("clip-path", ""))
    return any(_CLIPPED.fullmatch(clip) for clip in clips)


def is_transparent(element: Any, style: Style) -> bool:
    """Whether *element* is seen through, and nothing tells that it will appear."""
    if not _FAINT.fullmatch(style.get("opacity", "1")):
        return False
    return not any(map(_MOVES.match, style)) and not any(map(_APPEARS.match, element.attrib))


def invisible_by(element: Any, style: Style) -> str:
    """The property of *style* by which the letters of *element* cannot be seen; empty: by none."""
    size = style.get("font-size", "")
    if size and (_NOTHING.fullmatch(size) or _TINY.fullmatch(size)):
        return "font-size"
    colour = style.get("color", "")
    if not colour:
        return ""
    if _TRANSPARENT.fullmatch(colour):  # a style sheet may fill the letters with a picture
        filled = any("clip" in name or "text-" in name for name in style)
        return "" if filled or element.get("class") else "color"
    background = background_of(element)
    own = colour_of(colour)
    is_same = (
        own
        and background
        and all(abs(front - back) <= _NEAR for front, back in zip(own, background, strict=True))
    )
    return "color" if is_same else ""


def background_of(element: Any) -> Colour | None:
    """The colour behind *element*, if it is sure: style sheets may give one to what has a class."""
    for each in (element, *islice(element.iterancestors(), MAX_ABOVE)):
        style = style_of(each)
        if "background-image" in style:
            return None
        value = style.get("background-color") or style.get("background") or ""
        if value not in _NO_COLOUR and not _TRANSPARENT.fullmatch(value):
            return colour_of(value)
        if each.get("class") or each.get("id"):
            return None
    return None


def colour_of(value: str) -> Colour | None:
    """Red, green and blue of a colour of CSS; None for what is none or not known here."""
    if match := _RGB.fullmatch(value):
        red, green, blue = map(int, match.groups())
        return red, green, blue
    match = _HEX.fullmatch(_COLOURS.get(value, value))
    if match is None:
        return None
    digits = match[1] if len(match[1]) == 6 else "".join(2 * digit for digit in match[1])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def hide_own_text(element: Any, name: str) -> None:
    """Hide *element*; but where parts of it set the property *name* anew, only the text itself."""
    inner = (part for part in islice(element.iterdescendants(), MAX_INNER) if part.get("style"))
    if not any(name in style_of(part) for part in inner):
        element.set("hidden", "")
        return
    element.text = None
    for part in element:
        part.tail = None


def apply_rules(tree: Any, page: str) -> None:
    """Write into ``style`` what rules of the *page* itself say for one class or id.

    Only of rules that keep out of sight, and of names that no other rule is about: else it may be
    shown again.
    """
    if "<style" not in page:
        return
    rules = hiding_rules("".join(style.text or "" for style in tree.iter("style"))[:MAX_STYLES])
    if not rules:
        return
    for element in tree.xpath("//body//*[@class or @id]")[:MAX_PARTS]:
        names = [f".{name}" for name in (element.get("class") or "").split()]
        names.append(f"#{element.get('id')}")
        style = ";".join(rules[name] for name in names if name in rules)
        if style and (len(element) == 0 or "font-size" not in style):
            element.set("style", f"{style};{element.get('style') or ''}")


def hiding_rules(css: str) -> dict[str, str]:
    """The declarations of rules that keep out of sight, by the class or id that they are about."""
    rules: dict[str, str] = {}
    mentions: Counter[str] = Counter()
    outer = ""
    depth = 0
    for part in re.split(r"([{}])", css):
        if part == "{":
            depth += 1
        elif part == "}":
            depth = max(0, depth - 1)
        elif depth == 0:
            outer = part.rpartition(";")[2].rpartition("*/")[2]
            mentions.update(_NAME.findall(outer))
        elif not outer.lstrip().startswith("@") and depth == 1 and keeps_out_of_sight(part):
            simple = (each.strip() for each in outer.split(",")[:20])
            rules |= {
                each[max(each.find("."), each.find("#")) :]: part[:LONGEST_STYLE]
                for each in simple
                if _SELECTOR.fullmatch(each)
            }
        else:
            mentions.update(_NAME.findall(part))
    return {name: text for name, text in rules.items() if mentions[name] == 1}


def keeps_out_of_sight(text: str) -> bool:
    """Whether the declarations in *text* do, whatever element they are for; nothing fades in."""
    style = declarations(text[:LONGEST_STYLE])
    size = style.get("font-size", "")
    colour = colour_of(style.get("color", ""))
    background = colour_of(style.get("background-color") or style.get("background") or "")
    return (
        is_outside(style)
        or bool(size and (_NOTHING.fullmatch(size) or _TINY.fullmatch(size)))
        or (colour is not None and colour == background)
    )
