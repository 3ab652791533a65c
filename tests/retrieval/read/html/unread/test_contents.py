"""Lists that only lead to headings of their page: its contents, and the names of its tabs."""

from __future__ import annotations

import pytest
from support.files.read_page import text_of

SECTIONS = (
    '<h2 id="fees">Fees<a href="#fees">#</a></h2><p>5 €</p><h2 id="way">Way</h2><p>Bus 3.</p>'
)
READ = "## Fees\n5 €\n## Way\nBus 3."
LINKS = '<li><a href="#fees">Fees</a></li><li><a href="#way">2. Way</a></li>'
COLLAPSED = f"""<div class="x"><button class="collapsible">On this page</button>
<div><ul class="toc">{LINKS}</ul></div></div>"""


@pytest.mark.parametrize(
    ("contents", "text"),
    [
        (f"<ul>{LINKS}</ul>", READ),
        (COLLAPSED, READ),
        (f'<div><p class="title">Contents</p><ol>{LINKS}</ol></div>', READ),
        (f'<ul>{LINKS}<li><a href="/map">Map</a></li></ul>', f"- Fees\n- 2. Way\n- Map\n{READ}"),
        ('<ul><li><a href="#fees">For members</a></li><li><a href="#way">Way</a></li></ul>',
         f"- For members\n- Way\n{READ}"),
        (f'<ul>{LINKS.replace("</a>", "</a>, from May", 1)}</ul>',
         f"- Fees, from May\n- 2. Way\n{READ}"),
        ('<ul><li><a href="#fees"></a></li><li><a href="#none"></a></li></ul>', READ),
    ],
)  # fmt: skip
def test_a_list_that_leads_to_the_headings_of_its_page_is_no_text(contents: str, text: str) -> None:
    assert text_of(f"<div>{contents}</div><div>{SECTIONS}</div>") == text


NAMES = "<li>Adults</li><li>Children</li>"
PANELS = '<div class="one"><p>Tuesdays.</p></div><div class="two"><pre>Children 3 pm</pre></div>'
TABS = "## Adults\nTuesdays.\n## Children\nChildren 3 pm"


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (f'<ul class="tabs_controls">{NAMES}</ul>', TABS),
        (f'<ul role="tablist">{NAMES}</ul>', TABS),
        (f"<ul>{NAMES}</ul>", "- Adults\n- Children\nTuesdays.\nChildren 3 pm"),
    ],
)
def test_the_list_of_tabs_is_no_text_beside_the_panels_that_it_names(names: str, text: str) -> None:
    assert text_of(f"<div>{names}<div>{PANELS}</div></div>") == text
