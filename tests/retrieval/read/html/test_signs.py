"""Icons of a check or a cross are read as what they say: something is included, or it is not."""

from __future__ import annotations

import pytest
from support.files.read_page import text_of

from chatbot_server.retrieval.read.html.display.signs import sign_of_name

HEAD = "<table><tr><th>For</th><th>Basic</th><th>Plus</th></tr><tr><td>Towels</td>"
ICONS = [
    ('<i class="fa fa-times"></i>', '<i class="fa-solid fa-check" aria-hidden="true"></i>'),
    ('<span class="dashicons dashicons-no"></span>', '<i class="bi bi-check-circle-fill"></i>'),
    ('<span class="material-icons">close</span>', '<i class="material-icons">check_circle</i>'),
    ('<img src="/i/cross-red.png">', '<img src="https://s.example/check.svg?v=2" alt="">'),
    ('<svg class="icon"><use href="#icon-xmark"></use></svg>', '<svg data-icon="check"></svg>'),
    ("✗", "✓"),
]
NAMED = f"""{HEAD}<td><svg aria-label="no"></svg></td><td><svg><title>yes</title></svg></td></tr>
<tr><td>Sheets</td><td><img src="x.png" alt="for 5 €"></td><td><a href="/s"><img alt="See them"></a>
</td></tr></table>"""
BY_BOXES = """<div><div><div>For</div><div>Basic</div><div>Plus</div></div>
<div><div>Towels</div><div><i class="fa fa-times"></i></div><div><i class="fa fa-check"></i></div>
</div></div>"""
BY_ELEMENTOR = """<ul><li><span class="elementor-icon-list-icon"><svg class="e-fas-times"></svg>
</span><span>Dogs</span></li><li><span><svg class="e-fas-check"></svg></span>
<span>Cots</span></li></ul>"""
BY_WEBFLOW = """<div><div><img src="check.svg" alt=""><div>5 users</div></div>
<div><img src="cross.svg" alt=""><div>Support</div></div></div>"""
BULLETS = """<ul><li><i class="fa fa-check"></i> Towels</li><li><i class="fa fa-wifi"></i> Wi-Fi
</li></ul>"""
BY_DIVI = """<div class="pricing_heading"><h2>Basic</h2><span>for one</span></div><ul>
<li><span>Gym</span></li><li class="et_pb_not_available"><span>Sauna</span></li></ul>"""
TOOLBAR = """<table><tr><th>Icon</th><th>Key</th><th>Use</th></tr><tr><td><img src="close.png"></td>
<td>X</td><td>closes it</td></tr></table><table><tr><td><img alt="The menu"></td>
<td><img alt="The same menu"></td></tr></table>"""
CLOSING = """<p>Open.</p><div><i class="fa fa-times"></i><h4>News</h4><p>New hours.</p></div>
<p><a href="#"><i class="fa fa-times"></i> Close</a></p><p><i class="fa fa-times"></i></p>
<p>Call <span class="material-icons">phone</span> 01632 960 418</p>"""


@pytest.mark.parametrize(("no", "yes"), ICONS)
def test_a_cell_with_an_icon_says_yes_or_no(no: str, yes: str) -> None:
    text = text_of(f"{HEAD}<td>{no}</td><td>{yes}</td></tr></table>")
    assert text.split("\n")[2] == "| Towels | ✗ | ✓ |"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (NAMED, ("| For | Basic | Plus |\n| --- | --- | --- |\n| Towels | no | yes |\n"
         "| Sheets | for 5 € |  |")),
        (BY_BOXES, "| For | Basic | Plus |\n| --- | --- | --- |\n| Towels | ✗ | ✓ |"),
        (BY_ELEMENTOR, "- ✗ Dogs\n- ✓ Cots"),
        (BY_WEBFLOW, "✓ 5 users\n✗ Support"),
        (BULLETS, "- Towels\n- Wi-Fi"),
        (BY_DIVI, "## Basic\nfor one\n- Gym\n- ✗ Sauna"),
        (TOOLBAR, "| Icon | Key | Use |\n| --- | --- | --- |\n|  | X | closes it |"),
        (CLOSING, "Open.\n#### News\nNew hours.\nClose\nCall 01632 960 418"),
    ],
)  # fmt: skip
def test_what_a_list_leaves_out_is_not_read_as_included(body: str, text: str) -> None:
    assert text_of(body) == text


@pytest.mark.parametrize(
    "name", ["x-ray", "calendar-check", "x-twitter", "no-gutters", "user-times", "circle", "", "2"]
)
def test_other_icons_say_neither(name: str) -> None:
    assert sign_of_name(name) == ""
