"""Lists, one line for each item; those inside others say what they belong to."""

from __future__ import annotations

from dataclasses import dataclass

from chatbot_server.retrieval.language.tables import DASH

_LABEL_SIZE = 80
_ENDS = (".", ",", ":", ";", "!", "?", "…")


@dataclass
class _Item:
    """An item of a list that is being read.

    Attributes:
        about: what the lists around it are about.
        text: its own.
        line: the place of its line; None: it has none yet, or is said of other items.
        has_heading: a heading is in it; what follows is no item's text.
    """

    about: str = ""
    text: str = ""
    line: int | None = None
    has_heading: bool = False

    @property
    def path(self) -> str:
        """Its text, with what it is about."""
        return DASH.join(filter(None, (self.about, self.text)))


class ListLines:
    """The outermost list that is being read, with all in it, one line for each item."""

    def __init__(self) -> None:
        self.items: list[_Item] = []
        self.lines: list[str] = []
        self.is_link = True

    def begin_item(self) -> None:
        """What follows is said of an item, of the innermost list."""
        about = (
            DASH.join(filter(None, (self.items[-1].about, self.items[-1].text)))
            if (self.items and self.items[-1].line is None)
            else ""
        )
        self.items.append(_Item(about))

    def add(self, text: str) -> None:
        """A paragraph of the innermost item."""
        item = self.items[-1]
        if item.line is None:
            item.text, item.line = text, len(self.lines)
            about = f"{item.about}{DASH}" if item.about else ""
            self.lines.append(f"- {about}{text}")
        else:
            is_label = len(item.text) <= _LABEL_SIZE and not item.text.endswith(_ENDS)
            self.lines[item.line] += f"{DASH if is_label else ' '}{text}"
            item.text += f" {text}"

    def begin_children(self) -> None:
        """A short text above a list in its item is said of each item of that list."""
        item = self.items[-1]
        is_label = len(item.text) <= _LABEL_SIZE and not item.text.endswith((".", "!", "?"))
        if item.line == len(self.lines) - 1 and is_label:
            item.text = item.text.rstrip(" :")
            self.lines.pop()
            item.line = None

    def end_item(self) -> None:
        """The item is over; what was to be said of others is said if there were none."""
        item = self.items.pop()
        has_children = bool(self.lines) and self.lines[-1].startswith(f"- {item.path}{DASH}")
        if item.text and item.line is None and not item.has_heading and not has_children:
            self.lines.append(f"- {item.path}")
