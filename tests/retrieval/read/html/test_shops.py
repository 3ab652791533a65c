"""Pages of shops: the price that a product has now, and not what it cost before."""

from __future__ import annotations

import html
import json

import pytest
from support.files.read_page import text_of

from chatbot_server.retrieval.read.html_page import read_html

BY_PRESTASHOP = """<h1>Soap</h1><div class="product-prices"><div class="product-discount">
<span class="regular-price">6,90 €</span></div><div class="product-price has-discount">
<div class="current-price"><span>5,52 €</span> <span class="discount">Save 20%</span></div></div>
</div>"""
BY_WOOCOMMERCE = """<h1>Tea</h1><p class="price"><del aria-hidden="true"><span>24,00 €</span></del>
<span class="screen-reader-text">The former price was 24,00 €.</span><ins aria-hidden="true">
<span>19,00 €</span></ins><span class="screen-reader-text">The price is 19,00 €.</span></p>"""
RANGE = """<p class="price"><bdi>9,50 €</bdi> <span aria-hidden="true">–</span> <bdi>38,00 €</bdi>
<span class="screen-reader-text">Between 9,50 € and 38,00 €</span></p>"""
BY_MAGENTO = """<ul><li><div class="price-box"><span class="regular-price"><b>10 €</b></span></div>
</li><li><div class="price-box"><span class="old-price">12 €</span> <b>9 €</b></div></li></ul>"""
BY_PARTS = """<div><div class="table__original-price">250 €</div><span>€</span><span>199</span>
<div>a night</div></div>"""
BY_RULE = """<style>h1{color:red} .was{color:red;text-decoration: line-through}
.sale .cost{text-decoration:line-through}</style><p><span class="was">49 €</span>
<span class="cost">29 €</span></p>"""
BY_MONTH = """<h3>Solo</h3><p class="price">12 € a month</p><p class="price d-none">10 € a month,
paid by the year</p><p class="d-none d-md-block">5 seats</p>
<p class="hidden">Cancel any time.</p>"""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (BY_PRESTASHOP, "# Soap\n5,52 € Save 20%"),
        (BY_WOOCOMMERCE, "# Tea\n19,00 €"),
        (RANGE, "9,50 € – 38,00 €"),
        (BY_MAGENTO, "- 10 €\n- 9 €"),
        ("<p><span class=line-through>49 €</span> 29 €</p>", "29 €"),
        ("<p><span class=original-price>49 €</span></p>", "49 €"),
        (BY_PARTS, "€ 199\na night"),
        (BY_RULE, "29 €"),
        (BY_MONTH, "### Solo\n12 € a month\n5 seats\nCancel any time."),
    ],
)
def test_only_the_price_that_holds_now_is_read(body: str, text: str) -> None:
    assert text_of(body) == text


BY_FULLCALENDAR = """<h1>Dates</h1><div><a>Monday</a><a aria-hidden="true">3 May 2027</a></div>"""
WITH_ICONS = """<ul><li><i class="icon-wifi"></i> <span class="sr-only">Wi-Fi:</span> free</li>
<li><a href="/f"><i class="fa"></i><span class="sr-only">Facebook</span></a></li></ul>"""
IN_CELLS = """<table><tr><th>For</th><th>Lift</th></tr><tr><td>Hall</td><td class="ok">
<span class="sr-only">yes</span></td></tr></table>"""
CLOSED = """<h1>A</h1><div aria-hidden="true"><p>9 €</p></div><p>a</p>
<h2 class="tribe-events-visuallyhidden">Events search and views</h2><p>b</p>"""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (BY_FULLCALENDAR, "# Dates\nMonday 3 May 2027"),
        (WITH_ICONS, "- Wi-Fi: free"),
        (IN_CELLS, "| For | Lift |\n| --- | --- |\n| Hall | yes |"),
        (CLOSED, "# A\na\nb"),
        ("<p>Mon <b aria-hidden=true>9</b> 9</p>", "Mon 9"),
    ],
)
def test_what_screen_readers_are_told_apart_is_read_as_it_is_seen(body: str, text: str) -> None:
    assert text_of(body) == text


PILLS = """<h1>Hat</h1><variant-selects>
<fieldset class="product-form__input"><legend>Colour</legend>
<input type="radio" id="1" name="Colour" value="Navy"><label for="1">Navy
<span class="visually-hidden">sold out</span></label>
<input type="radio" id="2" name="Colour" class="disabled"><label for="2">Rust
<span class="visually-hidden">sold out</span></label></fieldset><select name="quantity">
<option>1</option><option>2</option></select></variant-selects>"""
SWATCHES = """<p>Scent: rose</p><ul><li><label><input type="radio" name="group[1]" value="rose">
</label></li><li><label><input type="radio" name="group[1]"><b>Honey</b></label></li></ul>"""
BY_PAYPAL = """<form><label for="s">Size</label><select id="s" name="os0">
<option value="">Choose</option>
<option>Small £10</option><option disabled>Wide £12 (none left)</option><option disabled>XL</option>
</select></form>"""
CONTACT = """<form><select name="subject"><option>Booking</option><option>Other</option></select>
<label><input type="radio" name="you">Mr</label><label><input type="radio" name="you">Ms</label>
<p>Write to us.</p></form>"""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (PILLS, "# Hat\nColour: Navy, Rust (sold out)"),
        (SWATCHES, "Scent: rose\nrose, Honey"),
        (BY_PAYPAL, "Size: Small £10, Wide £12 (none left)"),
        (CONTACT, "Write to us."),
    ],
)
def test_what_can_be_chosen_of_a_product_is_read(body: str, text: str) -> None:
    assert text_of(body) == text


@pytest.mark.parametrize("data", ["[", "7", '[7, {}, {"attributes": 1}]', "[" * 5000])
def test_variations_that_are_none_are_not_read(data: str) -> None:
    assert text_of(f"<form data-product_variations='{data}'><p>a</p></form>") == "a"


def test_each_variation_is_read_with_its_price_and_stock() -> None:
    data = [
        {"attributes": {"attribute_w": "100-g"}, "price_html": "<b>9,50 &euro;</b>"},
        {"attributes": {"attribute_w": "500-g"}, "price_html": "<del>42 €</del> 38 €",
         "availability_html": "<p class=stock>Rupture de stock</p>"},
        {"attributes": {"attribute_w": ""}, "price_html": "1 €"},
    ]  # fmt: skip
    text = text_of(
        f"<form data-product_variations='{html.escape(json.dumps(data))}'>"
        "<select name=attribute_w><option value=''>Choisir</option><option value=100-g>100 g"
        "</option><option value=500-g>500 g</option></select></form>",
        "fr",
    )
    assert text == "100 g, 500 g\n- 100 g — 9,50 €\n- 500 g — 38 € — Rupture de stock"


def test_each_variant_that_is_stated_for_machines_has_its_own_price_and_stock() -> None:
    navy = {"price": "24.00", "priceCurrency": "GBP", "availability": "http://schema.org/InStock"}
    rust = {
        "availability": "https://schema.org/OutOfStock",
        "priceSpecification": [
            {"priceType": "https://schema.org/ListPrice", "price": "32.00"},
            {"price": "26.00", "priceCurrency": "GBP"},
        ],
    }
    data = {
        "@type": "ProductGroup",
        "name": "Hat",
        "hasVariant": [{"name": "Navy", "offers": navy}, 7, {"name": "Rust", "offers": [rust, 8]}],
    }
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    page = f"<html lang=en><title>T</title>{script}<h1>T</h1><p>a</p>".encode()
    (document,) = read_html(page, "p", "https://s.example/p", "")["documents"]
    assert (
        document["text"]
        .replace("\n\n", "\n")
        .endswith(
            "## Hat\n- Price (Navy): 24.00 £\n- Availability (Navy): in stock\n"
            "- Price (Rust): 26.00 £\n- Availability (Rust): out of stock"
        )
    )
