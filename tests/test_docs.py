"""What the pages of the docs name is there: files, headings, commands and their options."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import click
import pytest

from chatbot_server.cli.context import CONTROLS
from chatbot_server.cli.main import VERBS, root

TOP = Path(__file__).parents[1]
# Decisions and the changelog tell what was, by the names of then.
PAGES = (
    TOP / "README.md",
    TOP / "CONTRIBUTING.md",
    TOP / "SECURITY.md",
    *sorted((TOP / "docs").glob("*.md")),
)
PLACEHOLDER = re.compile(r"\b(?:NAME|VERB|XX)\b")
# Of an installation, not of the project.
ELSEWHERE = re.compile(r"^(?:P|run|data)/")


@cache
def files() -> frozenset[str]:
    """Every file of the project, by its path and by each end of it."""
    names = ("chatbot_server", "docs", "packaging", "scripts", "tests", "widget", "wordpress")
    paths = [
        file.relative_to(TOP).parts
        for name in names
        for file in (TOP / name).rglob("*")
        if not {"node_modules", "__pycache__"} & set(file.parts)
    ]
    return frozenset("/".join(parts[start:]) for parts in paths for start in range(len(parts)))


def named_files(text: str) -> list[str]:
    """The files that *text* names in code spans, with a folder."""
    spans = (span.replace("…/", "chatbot_server/") for span in re.findall(r"`([^`\s]+)`", text))
    return [
        span
        for span in spans
        if re.fullmatch(r"[\w.-]+(?:/[\w.-]+)*/[\w.-]+\.(?:py|js|mjs|sh|html|yaml|json|md)", span)
        and not PLACEHOLDER.search(span)
        and not ELSEWHERE.search(span)
    ]


def headings(page: Path) -> set[str]:
    """The anchors of the headings of *page*, as GitHub and GitLab make them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


def commands(text: str) -> list[list[str]]:
    """The words of each command of ours that *text* shows, up to what is not part of it."""
    lines = re.findall(r"chatbot-server +([^\n`]+)", text)
    verbs = "|".join(VERBS)
    lines += re.findall(rf"`((?:{verbs}) [^`\n]+)`", text)
    words = [re.split(r"\s#|[|;&>…“”\[\]()]|\s—", line)[0].split() for line in lines]
    return [each for each in words if each and re.match(r"^[a-z]|--", each[0])]


def mistake(words: list[str]) -> str:
    """What of a command does not exist; empty if all of it does."""
    command: click.Command = root
    context = click.Context(root)
    options = iter(words)
    for word in options:
        name = word.rstrip(",.:").split("=")[0]
        if name == "--help":
            return ""
        if name.startswith("--"):
            found = [each for each in command.params if name in (*each.opts, *each.secondary_opts)]
            if not found:
                return name
            if isinstance(command, click.Group) and not getattr(found[0], "is_flag", False):
                next(options, None)
        elif isinstance(command, click.Group) and not (command is root and name in CONTROLS):
            inner = command.get_command(context, name)
            if inner is None:
                return name
            command, context = inner, click.Context(inner, parent=context)
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = named_files(page.read_text(encoding="utf-8"))
    assert [name for name in named if name not in files()] == []


def test_a_file_that_is_not_there_is_noticed() -> None:
    named = named_files("`…/app.py`, `…/no/such.py`, `NAME/of.yaml` and `run/engine.json`")
    assert [name for name in named if name not in files()] == ["chatbot_server/no/such.py"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]*)\)", page.read_text(encoding="utf-8"))
    for link in links:
        if not link.startswith(("http:", "https:", "mailto:")):
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            assert target.exists(), link
            assert not anchor or anchor in headings(target), link


def test_every_picture_is_shown_on_a_page() -> None:
    pages = "".join(page.read_text("utf-8") for page in PAGES)
    pictures = {picture.name for picture in (TOP / "docs/images").iterdir()}
    assert [name for name in sorted(pictures) if f"images/{name})" not in pages] == []


def test_the_list_of_decisions_has_each_by_its_title() -> None:
    folder = TOP / "docs" / "decisions"
    pages = sorted(folder.glob("0*.md"))
    titles = [page.read_text(encoding="utf-8").partition("\n")[0] for page in pages]
    numbers = [page.name[:4] for page in pages]
    entries = [
        f"- [{int(number)}]({page.name}) {title.removeprefix(f'# {number} ')}"
        for number, page, title in zip(numbers, pages, titles, strict=True)
    ]
    listed = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    assert [entry for entry in entries if entry not in listed] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_shows_exists(page: Path) -> None:
    shown = commands(page.read_text(encoding="utf-8"))
    assert {" ".join(words): mistake(words) for words in shown if mistake(words)} == {}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("`chatbot-server crawl https://example.org`", "crawl"),
        ("`knowledge add faq.csv --sight KEY`", "--sight"),
        ("    chatbot-server --config F doctor --json", ""),
    ],
)
def test_a_command_that_does_not_exist_is_noticed(text: str, wrong: str) -> None:
    assert [mistake(words) for words in commands(text)] == [wrong]
