"""Which pages of a site are read: the owner's choice, page by page or a whole folder."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from chatbot_server.errors import UsageError
from chatbot_server.retrieval.crawl.frontier import COPY, UNWANTED, is_unwanted, path_of
from chatbot_server.storage.knowledge.pages import pages_of, titles_of_pages
from chatbot_server.storage.knowledge.sources import get_source

MOST_PAGES = 2000  # to choose from: as many as a crawl reads by default
SMALLEST_FOLDER = 4  # pages; fewer are chosen one by one
MOST_UNWANTED = 2000  # paths; that of a folder is for all of its pages
LONGEST_PATH = 2000  # characters, as of a page's address in the database


@dataclass
class Choice:
    """Something that is read or not: a page, or a folder with its *pages*.

    Attributes:
        path: see ``unwanted`` of :class:`KnowledgeSource`.
        title: of a single page that was read; else empty.
    """

    path: str
    is_read: bool
    title: str = ""
    pages: list[Choice] = field(default_factory=list)


def choices_of(session: Session, site_id: int, source_id: int) -> list[Choice]:
    """The pages that a crawl found, to choose from: folders first, then single pages.

    Without the first page of the source, which is always read, and without copies of others.

    Raises:
        NotFound: the site has no such source.
    """
    source = get_source(session, site_id, source_id)
    titles = titles_of_pages(session, source.id, MOST_PAGES)
    folders: dict[str, list[Choice]] = {}
    for page in pages_of(session, source.id, MOST_PAGES):
        path = path_of(page.url)
        is_fixed = page.url == source.address or page.state == "gone" or page.why == COPY
        if is_fixed or len(path) > LONGEST_PATH:
            continue
        folder = f"/{path.split('/')[1]}/" if path.count("/") > 1 else ""
        is_wanted = not is_unwanted(page.url, source.unwanted)
        folders.setdefault(folder, []).append(Choice(path, is_wanted, titles.get(page.url, "")))
    single, folder_choices = folders.pop("", []), list[Choice]()
    for folder, pages in folders.items():
        if len(pages) < SMALLEST_FOLDER and folder not in source.unwanted:
            single += pages
        else:
            folder_choices.append(Choice(folder, folder not in source.unwanted, pages=pages))
    return [*folder_choices, *sorted(single, key=lambda choice: choice.path)]


def choose_pages(
    session: Session, site_id: int, source_id: int, shown: Collection[str], ticked: Collection[str]
) -> int:
    """Have only the *ticked* ones of the *shown* paths read; others stay as they are.

    Returns the number of pages for which this is a change.

    Raises:
        NotFound: the site has no such source.
        UsageError: more paths would be left out than are stored.
    """
    source = get_source(session, site_id, source_id)
    paths = {path for path in shown if path.startswith("/") and 1 < len(path) <= LONGEST_PATH}
    others = [path for path in source.unwanted if path not in paths]
    left_out = sorted({*others, *(paths - set(ticked))})
    folders = [path for path in left_out if path.endswith("/")]
    left_out = [
        path
        for path in left_out
        if not any(path != folder and path.startswith(folder) for folder in folders)
    ]
    if len(left_out) > MOST_UNWANTED:
        raise UsageError("choice_many", field="page", limit=MOST_UNWANTED)
    changed_pages = [
        page
        for page in pages_of(session, source.id, MOST_PAGES)
        if page.url != source.address
        and page.state != "found"
        and is_unwanted(page.url, left_out) != (page.why == UNWANTED)
    ]
    source.unwanted = left_out
    for page in changed_pages:
        page.state = "found"
    if changed_pages:
        source.finished = None
    return len(changed_pages)
