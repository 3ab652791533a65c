"""Tabs and the panels they open, also where only a script knows which belong together."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from chatbot_server.retrieval.read.html.text.inline import short_text
from chatbot_server.retrieval.read.html.text.names import HEADINGS

MAX_LINKS = 5000
LONGEST_LABEL = 60
MOST_TABS = 40
# The first of several in a box of their own; behind them are labels and panels.
_FIRST_RADIO = "//div/input[@type='radio'][position() = 1][following-sibling::input[@type='radio']]"
PANELS = ("div", "section", "article", "ul", "table", "p")
# What scripts find tab and panel by: both have the same value.
_SHARED_MARKS = ("data-w-tab", "data-tab")
_TABS = re.compile(
    r"(?:^|[\s_-])tabs?(?:$|[\s_-](?:controls?|nav|names|titles?|labels|links|list)?)"
)
_LISTS_OF_TABS = "//ul[contains(@class, 'tab')] | //*[self::ul or self::div][@role='tablist']"
# Of Alpine and Vue: what a click sets, and when a panel is shown.
_SETTING = re.compile(r"(?:^|[\s;(])(\w{1,40})\s{0,3}=\s{0,3}['\"]?([\w-]{1,60})['\"]?")
_SHOWN_IF = re.compile(r"\s{0,9}(\w{1,40})\s{0,3}={2,3}\s{0,3}['\"]?([\w-]{1,60})['\"]?\s{0,9}")
_CLICKS = ("@click", "x-on:click", "v-on:click", "@click.prevent")
_OPENED = re.compile(r"""\(\s{0,3}(?:(?:event|this)\s{0,3},\s{0,3})?['"]#?([\w-]{1,60})['"]""")


def scripted_tabs(tree: Any) -> dict[str, str]:
    """Ids of panels that scripts show one at a time → names of their tabs.

    Panels that have no id get one.
    """
    labels: dict[str, str] = {}
    for tab, panel in [
        *opened_panels(tree),
        *marked_panels(tree),
        *labelled_panels(tree),
        *chosen_panels(tree),
        *panels_in_order(tree),
        *conditional_panels(tree),
    ]:
        label = short_text(tab, LONGEST_LABEL + 1)
        if label and len(label) <= LONGEST_LABEL and not begins_with(panel, label):
            if not panel.get("id"):
                panel.set("id", f"panel-of-tab-{len(labels)}")
            labels.setdefault(panel.get("id"), label)
    return labels


def opened_panels(tree: Any) -> list[tuple[Any, Any]]:
    """Tabs that name their panels, with these: at least two, side by side."""
    targets: list[tuple[Any, str]] = []
    for tab in tree.xpath("//a[starts-with(@href, '#')] | //*[@onclick]")[:MAX_LINKS]:
        match = _OPENED.search(tab.get("onclick") or "")
        target = match[1] if match else (tab.get("href") or "").removeprefix("#")
        if target:
            targets.append((tab, target))
    if len(targets) < 2:
        return []
    ids = {target for _tab, target in targets}
    panels = {
        element.get("id"): element
        for element in tree.xpath("//*[@id]")
        if element.get("id") in ids and element.tag in PANELS
    }
    pairs = [(tab, panels[target]) for tab, target in targets if target in panels]
    return [(tab, panel) for tab, panel in pairs if has_neighbour(panel, panels)]


def has_neighbour(panel: Any, panels: dict[str, Any]) -> bool:
    return any(
        neighbour is not None and neighbour.tag == panel.tag and neighbour.get("id") in panels
        for neighbour in (panel.getprevious(), panel.getnext())
    )


def marked_panels(tree: Any) -> list[tuple[Any, Any]]:
    """Tabs and panels with the same mark: the first with it is the tab, the next box its panel."""
    pairs: list[tuple[Any, Any]] = []
    for mark in _SHARED_MARKS:
        tabs: dict[str, Any] = {}
        for element in tree.xpath(f"//*[@{mark}]")[:MAX_LINKS]:
            value = element.get(mark)
            tab = tabs.setdefault(value, element)
            has_controls = tab.get("aria-controls") is not None
            if tab is not element and element.tag in PANELS and not has_controls:
                pairs.append((tab, element))
    return pairs


def labelled_panels(tree: Any) -> list[tuple[Any, Any]]:
    """Tabs that their panels name, with these."""
    panels = tree.xpath("//*[@role='tabpanel'][@aria-labelledby]")[:MAX_LINKS]
    panel_by_tab = {panel.get("aria-labelledby"): panel for panel in panels}
    tabs = tree.xpath("//*[@role='tab'][@id]")[:MAX_LINKS] if panel_by_tab else []
    return [
        (tab, panel_by_tab[tab.get("id")])
        for tab in tabs
        if tab.get("id") in panel_by_tab and tab.tag in ("a", "button", "li")
    ]


def chosen_panels(tree: Any) -> list[tuple[Any, Any]]:
    """Labels of neighbouring radio buttons, with as many panels behind all of them."""
    pairs: list[tuple[Any, Any]] = []
    for first in tree.xpath(_FIRST_RADIO)[:MAX_LINKS]:
        group = first.getparent()
        labels = group.xpath("./label | ./div/label")
        panels = group[-1]
        if len(labels) > 1 and panels.tag == "div" and len(panels) == len(labels):
            pairs += zip(labels, panels, strict=True)
    return pairs


def panels_in_order(tree: Any) -> list[tuple[Any, Any]]:
    """The items of a list of tabs, with as many panels in the box that follows."""
    pairs: list[tuple[Any, Any]] = []
    for names in tree.xpath(_LISTS_OF_TABS)[:MAX_LINKS]:
        box, items = names.getnext(), list(names)
        is_named = _TABS.search(names.get("class") or "") or names.get("role") == "tablist"
        if not is_named or box is None or box.tag not in PANELS:
            continue
        panels = [panel for panel in box if panel.tag in PANELS]
        if len(items) > 1 and len(panels) == len(items) == len(box):
            pairs += zip(items, panels, strict=True)
    return pairs


def is_list_of_tabs(names: Any, labels: set[str]) -> bool:
    """Whether *names* is a list of *labels* only, below which the panels are read."""
    if names.tag not in ("ul", "ol") or not 1 < len(names) <= MOST_TABS:
        return False
    return all(short_text(item, LONGEST_LABEL + 1) in labels for item in names)


def conditional_panels(tree: Any) -> list[tuple[Any, Any]]:
    """Buttons that set a variable, with the panels that are shown at its value."""
    panel_at: dict[tuple[str, str], Any] = {}
    for panel in tree.xpath("//*[@x-show or @v-show or @x-if]")[:MAX_LINKS]:
        condition = panel.get("x-show") or panel.get("v-show") or panel.get("x-if")
        match = _SHOWN_IF.fullmatch(condition[:200])
        if match and panel.tag in PANELS:
            panel_at.setdefault((match[1], match[2]), panel)
    pairs: list[tuple[Any, Any]] = []
    for button in tree.iter("button", "a", "li") if len(panel_at) > 1 else ():
        clicks = next(filter(None, map(button.get, _CLICKS)), "")
        panels = (panel_at.get(setting) for setting in _SETTING.findall(clicks[:200]))
        pairs += [(button, panel) for panel in panels if panel is not None]
    return pairs


def level_of_neighbour(panel: Any) -> int:
    """The level of the first heading in the panel before *panel*; 0 without one."""
    before = panel.getprevious()
    heading = next(before.iter(*HEADINGS), None) if before is not None else None
    return int(heading.tag[1]) if heading is not None else 0


def is_named(panel: Any, label: str) -> bool:
    """Whether *panel* begins with *label* as its own heading."""
    heading = next(islice(panel.iter(*HEADINGS), 1), None)
    return heading is not None and short_text(heading, LONGEST_LABEL).lower() == label.lower()


def begins_with(panel: Any, label: str) -> bool:
    """Whether the panel says itself what it is about: in a heading, or with the same words."""
    for element in islice(panel.iterdescendants(), 10):
        if element.tag in HEADINGS:
            return True
        if element.tag == "pre":
            return False
        if (element.text or "").strip():
            break
    return short_text(panel, len(label)).lower() == label.lower()
