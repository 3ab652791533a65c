"""What visitors can choose of a product: its sizes and colours, and what each of them costs."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from chatbot_server.retrieval.language.tables import DASH
from chatbot_server.retrieval.read.html.text.inline import lines_of, short_text
from chatbot_server.retrieval.read.html.text.names import SILENT
from chatbot_server.retrieval.read.html.unread.screen_readers import is_unseen

MAX_FIELDS, MAX_CHOICES, MAX_ABOVE = 200, 60, 5
LONGEST_CHOICE, LONGEST_LABEL, LONGEST_DATA = 80, 60, 500_000
# How the fields of products are called by Shopify, WooCommerce, PrestaShop, PayPal, Magento, Wix.
_PRODUCT = re.compile(
    r"attribute_|options?\[|group\[|os\d\Z|super_attribute|variant|swatch", re.IGNORECASE
)
_OF_PRODUCT = re.compile(r"product-form|variants?(?:$|[\s_-])|variation|swatch", re.IGNORECASE)
_QUANTITY = re.compile(r"q(?:uanti)?ty|quantit", re.IGNORECASE)
_PRICE = re.compile(r"\d\s?[€£$]|[€£$]\s?\d|\d\s?(?:EUR|GBP|USD|CHF)\b")
FEWEST, MAX_AROUND = 2, 3


def show_choices(tree: Any, page: str, colon: str) -> None:
    """Write what can be chosen of a product in place of the fields to choose it with.

    Other fields, such as those of a form of contact, say nothing of their owner.
    """
    if "data-product_variations" in page:
        show_variations(tree)
    for select in tree.xpath("//select[option]")[:MAX_FIELDS]:
        choices = list(islice(options_of(select), MAX_CHOICES))
        if is_of_product(select, choices):
            write(select, title_of_field(select), choices, colon)
    groups: dict[str, list[Any]] = {}
    for radio in tree.xpath("//input[@type='radio'][@name]")[: MAX_FIELDS * FEWEST]:
        groups.setdefault(radio.get("name"), []).append(radio)
    for radios in groups.values():
        write_radios(radios, colon)


def options_of(select: Any) -> Iterator[str]:
    """The words of each option that has a value; of one that cannot be chosen, if they say so."""
    for option in select.iter("option"):
        text = short_text(option, LONGEST_CHOICE)
        is_open = option.get("disabled") is None or re.search(r"[-–(]", text)
        if text and option.get("value") != "" and is_open:
            yield text


def is_of_product(field: Any, choices: list[str]) -> bool:
    if len(choices) < FEWEST:
        return False
    names = " ".join(filter(None, (field.get("name"), field.get("id"))))
    have_price = [bool(_PRICE.search(choice)) for choice in choices]
    if _PRODUCT.match(names) or sum(have_price) * 2 >= len(choices):
        return True
    around = islice(field.iterancestors(), MAX_AROUND)
    is_inside = any(_OF_PRODUCT.search(box.get("class") or "") for box in around)
    return is_inside and not _QUANTITY.search(names)


def title_of_field(field: Any) -> str:
    """The words that stand for *field*, in its label or in front of it."""
    name = field.get("id")
    root = field.getroottree()
    labels = root.xpath("//label[@for=$name]", name=name)[:1] if name else []
    if labels:
        return short_text(labels[0], LONGEST_LABEL).rstrip(" :")
    return (field.get("aria-label") or "").strip()[:LONGEST_LABEL]


def write(field: Any, title: str, choices: list[str], colon: str) -> None:
    """Put a paragraph of *choices* in place of *field*."""
    label = f"{title}{colon}" if title else ""
    for child in list(field):
        field.remove(child)
    field.tag, field.text = "p", f"{label}{', '.join(choices)}"
    field.attrib.clear()


def write_radios(radios: list[Any], colon: str) -> None:
    """Put a paragraph of the labels of *radios* in front of the first one."""
    labels = [label for radio in radios[:MAX_CHOICES] if (label := label_of(radio)) is not None]
    choices = list(filter(None, map(name_of, labels)))
    if len(labels) < len(radios[:MAX_CHOICES]) or not is_of_product(radios[0], choices):
        return
    above = set(islice(radios[-1].iterancestors(), MAX_ABOVE))
    boxes = [box for box in islice(radios[0].iterancestors(), MAX_ABOVE) if box in above]
    if not boxes:
        return
    around = boxes[0]
    legend = next(around.iter("legend"), None)
    title = short_text(legend, LONGEST_LABEL).rstrip(" :") if legend is not None else ""
    for part in (*labels, *([legend] if legend is not None else [])):
        part.drop_tree()
    line = around.makeelement("p")
    line.tail, around.text = around.text, None
    around.insert(0, line)
    write(line, title, choices, colon)


def label_of(radio: Any) -> Any:
    """The label around *radio*, or behind it."""
    around = next((each for each in islice(radio.iterancestors(), 2) if each.tag == "label"), None)
    behind = next(radio.itersiblings("label"), None)
    is_own = behind is not None and behind.get("for") == radio.get("id")
    return behind if around is None and is_own else around


def name_of(label: Any) -> str:
    """The words of *label*; what only screen readers tell, where it cannot be chosen."""
    radio = next(label.iter("input"), label.getprevious())
    is_closed = "disabled" in f"{radio.get('class')} {radio.get('disabled')}".split()
    is_closed = is_closed or radio.get("disabled") is not None
    parts = [part for part in label.iterdescendants() if is_unseen(part)]
    note = " ".join(short_text(part, LONGEST_CHOICE) for part in parts)
    lines = lines_of(label, "", lambda each: each.tag in SILENT or is_unseen(each))
    name = (" ".join(lines) or radio.get("value") or "")[:LONGEST_CHOICE]
    if is_closed and not note:
        return ""
    return f"{name} ({note})" if is_closed else name


def show_variations(tree: Any) -> None:
    """Tell what each variation of a product of WooCommerce costs, and whether it is there."""
    for form in tree.xpath("//form[@data-product_variations]")[:MAX_FIELDS]:
        names = {
            option.get("value"): short_text(option, LONGEST_CHOICE)
            for option in islice(form.iter("option"), MAX_FIELDS)
        }
        lines = list(islice(variations(form, names), MAX_CHOICES))
        if lines:
            items = form.makeelement("ul")
            for line in lines:
                item = form.makeelement("li")
                item.text = line
                items.append(item)
            form.append(items)


def variations(form: Any, names: dict[str, str]) -> Iterator[str]:
    """“500 g — 38,00 € — out of stock” of each variation whose price or stock is its own."""
    records: Any = []
    with contextlib.suppress(ValueError, RecursionError):
        records = json.loads(form.get("data-product_variations")[:LONGEST_DATA])
    for variation in records if isinstance(records, list) else []:
        if not isinstance(variation, dict) or not isinstance(variation.get("attributes"), dict):
            continue
        values = [str(value) for value in variation["attributes"].values() if value]
        parts = [", ".join(names.get(value) or value for value in values)]
        parts += [shown(variation.get(key)) for key in ("price_html", "availability_html")]
        if all(parts[:1]) and any(parts[1:]):
            yield DASH.join(filter(None, parts))


def shown(markup: Any) -> str:
    """The words of a piece of HTML that are seen."""
    from lxml import etree, html  # type: ignore[import-untyped]

    if not isinstance(markup, str) or not markup.strip():
        return ""
    with contextlib.suppress(etree.ParserError, ValueError):
        root = html.document_fromstring(f"<html><body>{markup[:4000]}")
        lines = lines_of(root, "", lambda each: each.tag in SILENT or is_unseen(each))
        return " ".join(lines)[:LONGEST_CHOICE]
    return ""
