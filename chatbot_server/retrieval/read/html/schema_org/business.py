"""Businesses, products and events that a page describes for machines, told as a person would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

from chatbot_server.resources import read_yaml
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.retrieval.read.html.schema_org.items import Item, as_list, text_of, types
from chatbot_server.retrieval.read.html.text.blocks import Block

MAX_SECTIONS = 50
MAX_LINES = 40
_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_DAY_RANGE = re.compile(r"\b([A-Z][a-z])[a-z]*(?:\s?-\s?([A-Z][a-z])[a-z]*)?\b")
_TIME = re.compile(r"\b(\d{1,2})[:h.](\d{2})")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}:\d{2}))?")
_WHOLE_DAY = ("00:00", "23:59"), ("00:00", "24:00")
_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}
_BUSINESS_FACTS = {
    *("openingHours", "openingHoursSpecification", "telephone", "email", "address"),
}
Words = dict[str, Any]


def business_sections(items: list[Item], language: str) -> list[Block]:
    """The sections that tell of *items*, those of the business itself as margin."""
    words = _words(language)
    colon = (
        "\u00a0: " if (record := LANGUAGES.get(language)) and record.space_before_colon else ": "
    )
    blocks: list[Block] = []
    for item in items:
        kinds = types(item)
        facts, margin = [], False
        if any(kind.endswith("Event") or kind == "Festival" for kind in kinds):
            facts = list(event_facts(item, words))
        elif "offers" in item or "hasVariant" in item:
            facts = list(product_facts(item, words))
        elif not _BUSINESS_FACTS.isdisjoint(item) and "Person" not in kinds:
            facts, margin = list(business_facts(item, words)), True
        name = text_of(item.get("name"), 200)
        lines = [f"- {label}{colon}{fact}" for label, fact in facts if fact][:MAX_LINES]
        if name and lines:
            blocks += [Block(name, 2, margin), Block("\n".join(lines), margin=margin)]
    return blocks[: 2 * MAX_SECTIONS]


@cache
def _words(language: str) -> Words:
    words = read_yaml(__package__, "business.yaml")
    own: Words = words.get(language) or words["en"]
    return own


def business_facts(item: Item, words: Words) -> Iterator[tuple[str, str]]:
    yield words["address"], _address(item.get("address"))
    yield words["telephone"], text_of(next(iter(as_list(item.get("telephone"))), ""), 60)
    yield words["email"], text_of(item.get("email"), 200).removeprefix("mailto:")
    yield words["check_in"], text_of(item.get("checkinTime"), 8)[:5]
    yield words["check_out"], text_of(item.get("checkoutTime"), 8)[:5]
    ways = (text_of(way, 100) for way in as_list(item.get("paymentAccepted"))[:MAX_LINES])
    yield words["payment"], ", ".join(filter(None, ways))
    for hours in as_list(item.get("openingHours"))[:MAX_LINES]:
        for part in text_of(hours, 300).split(";"):
            yield words["hours"], spelled_hours(part, words)
    for hours in as_list(item.get("openingHoursSpecification"))[:MAX_LINES]:
        if isinstance(hours, dict):
            yield words["hours"], specified_hours(hours, words)


def _address(value: Any) -> str:
    value = next(iter(as_list(value)), "")
    if not isinstance(value, dict):
        return text_of(value)
    names = ("streetAddress", "postalCode", "addressLocality", "addressRegion")
    street, code, town, region = (text_of(value.get(name), 200) for name in names)
    return ", ".join(filter(None, (street, f"{code} {town}".strip(), region)))


def spelled_hours(text: str, words: Words) -> str:
    """“Mo-Fr,Su 09:00-17:00” in words."""
    times = "–".join(f"{hour}:{minute}" for hour, minute in _TIME.findall(text)[:2])
    names = dict(zip(_DAYS, words["days"], strict=True))
    ranges = [
        (first.lower(), last.lower() or first.lower()) for first, last in _DAY_RANGE.findall(text)
    ]
    days = [
        " – ".join(names[day] for day in dict.fromkeys(days_of_range))
        for days_of_range in ranges
        if names.keys() >= set(days_of_range)
    ]
    return f"{', '.join(days)} {times}".strip() if times else ""


def specified_hours(hours: Item, words: Words) -> str:
    names = [
        text_of(day, 60).rpartition("/")[2][:2].lower() for day in as_list(hours.get("dayOfWeek"))
    ]
    numbers = sorted({_DAYS.index(name) for name in names if name in _DAYS})
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        days = " – ".join(words["days"][at] for at in (numbers[0], numbers[-1]))
    else:
        days = ", ".join(words["days"][at] for at in numbers)
    opens, closes = text_of(hours.get("opens"), 8)[:5], text_of(hours.get("closes"), 8)[:5]
    is_closed = opens == closes and opens in ("00:00", "")
    times = words["closed"] if is_closed else f"{opens}–{closes}"
    times = words["whole_day"] if (opens, closes) in _WHOLE_DAY else times
    since, until = _date(hours.get("validFrom"), words), _date(hours.get("validThrough"), words)
    season = f" ({' – '.join(filter(None, (since, until)))})" if since or until else ""
    return f"{days} {times}".strip() + season if days or season else ""


def _date(value: Any, words: Words) -> str:
    match = _DATE.match(text_of(value, 40))
    if match is None or not 1 <= int(match[2]) <= 12:
        return ""
    month = words["months"][int(match[2]) - 1]
    date: str = words["date"].format(day=int(match[3]), month=month, year=match[1])
    return f"{date}, {match[4]}" if match[4] and match[4] != "00:00" else date


def product_facts(item: Item, words: Words) -> Iterator[tuple[str, str]]:
    stocks = {"InStock": words["in_stock"], "OutOfStock": words["out_of_stock"]}
    stocks["SoldOut"] = stocks["OutOfStock"]
    for offer in islice(offers_of(item), MAX_LINES):
        yield _price_of(offer, words)
        stock = text_of(offer.get("availability"), 100).rpartition("/")[2]
        yield labelled(words["availability"], offer), str(stocks.get(stock, ""))


def offers_of(item: Item) -> Iterator[Item]:
    """The offers of a product, and those of its variants, each with the name of its own."""
    yield from (offer for offer in as_list(item.get("offers")) if isinstance(offer, dict))
    for variant in as_list(item.get("hasVariant")):
        for offer in as_list(variant.get("offers")) if isinstance(variant, dict) else ():
            if isinstance(offer, dict):
                yield offer | {"name": offer.get("name") or variant.get("name")}


def labelled(label: str, offer: Item) -> str:
    """*label*, with what is offered if it has a name."""
    name = text_of(offer.get("name"), 100)
    return f"{label} ({name})" if name else label


def _price_of(offer: Item, words: Words) -> tuple[str, str]:
    specification = next((each for each in as_list(offer.get("priceSpecification"))
                   if isinstance(each, dict) and not each.get("priceType")), {})  # fmt: skip
    offer = specification | offer
    lowest = text_of(offer.get("lowPrice"), 20)
    price = text_of(offer.get("price"), 20) or lowest
    currency = text_of(offer.get("priceCurrency"), 5)
    highest = text_of(offer.get("highPrice"), 20)
    is_range = price == lowest and highest not in ("", lowest)
    price = f"{price}–{highest}" if is_range else price
    amount = f"{price.replace('.', ',') if words['days'][0] != 'Monday' else price} "
    amount += _SIGNS.get(currency, currency)
    prefix = f"{words['from']} " if lowest and lowest == price else ""
    return labelled(words["price"], offer), f"{prefix}{amount.strip()}" if price else ""


def event_facts(item: Item, words: Words) -> Iterator[tuple[str, str]]:
    status = text_of(item.get("eventStatus"), 100).rpartition("/")[2].removeprefix("Event")
    yield words["status"], words["event_status"].get(status, "")
    since, until = _date(item.get("startDate"), words), _date(item.get("endDate"), words)
    yield words["when"], " – ".join(dict.fromkeys(filter(None, (since, until))))
    place = next(iter(as_list(item.get("location"))), None)
    if isinstance(place, dict):
        where = (text_of(place.get("name"), 200), _address(place.get("address")))
        yield words["where"], ", ".join(filter(None, where))
    for offer in as_list(item.get("offers"))[:5]:
        if isinstance(offer, dict):
            yield _price_of(offer, words)
