"""Sites that were written as text, section by section, with the questions that each answers.

One file a site in ``tests/answers/texts``: ``#`` its name and language, ``##`` a page, ``###`` a
section and its text, ``?`` a question that the section answers, ``~`` one in other words, and below
``## none`` the questions that no section answers, each after a dash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.answers.question_sets import Question
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.index.chunks import BETWEEN

NO_ANSWER = "none"
WRITTEN = "written"


@dataclass
class Section:
    """A section, its lines, and the questions that it answers."""

    page: str
    heading: str
    lines: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    @property
    def pattern(self) -> str:
        """A pattern of what the chunk of this section, and no other one, begins with."""
        return f"^{re.escape(self.page + BETWEEN + self.heading)}\n"


def written_sites(folder: Path) -> Iterator[tuple[str, list[Draft], list[Question]]]:
    """Each site of *folder*, with the drafts of its pages and its questions."""
    for file in sorted(folder.glob("*.md")):
        sections, unanswered = parse(file.read_text(encoding="utf-8"))
        questions = [
            Question(file.stem, text, (), (section.pattern,))
            for section in sections
            for text in section.questions
        ]
        questions += [Question(file.stem, text, (), ()) for text in unanswered]
        yield file.stem, _drafts(sections), questions


def parse(text: str) -> tuple[list[Section], list[str]]:
    """The sections of a file, and the questions that none of them answers."""
    sections: list[Section] = []
    unanswered: list[str] = []
    page = ""
    for line in text.splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "##":
            page = rest.strip()
        elif page == NO_ANSWER:
            unanswered += [rest.strip()] if mark == "-" else []
        elif mark == "###":
            sections.append(Section(page, rest.strip()))
        elif sections and mark in {"?", "~"}:
            sections[-1].questions.append(rest.strip())
        elif sections:
            sections[-1].lines.append(line)
    return sections, unanswered


def _drafts(sections: list[Section]) -> list[Draft]:
    """The pages of *sections*, in their order."""
    pages: dict[str, list[str]] = {}
    for each in sections:
        text = "\n".join([f"## {each.heading}", "", *each.lines])
        pages.setdefault(each.page, [f"# {each.page}"]).append(text)
    return [
        Draft(f"https://site.example/{number}", title, "\n\n".join(parts))
        for number, (title, parts) in enumerate(pages.items())
    ]
