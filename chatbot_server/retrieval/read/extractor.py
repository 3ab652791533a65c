"""Reads files and pages in a child process, whose side is :mod:`.extractor_child`."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from chatbot_server.errors import BadRequest
from chatbot_server.processes.json_line_child import ChildFailed, JsonLineChild
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.language.languages import LANGUAGES

SECONDS = 30.0
# More than :mod:`.files.ocr` gives itself for the pages of one file.
SCAN_SECONDS = 300.0
# The largest real files take less than half of this, and most of them a tenth.
MEMORY_BYTES = 600_000_000
TYPES = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "opendocument",
    "application/vnd.oasis.opendocument.spreadsheet": "opendocument",
    "application/vnd.oasis.opendocument.presentation": "opendocument",
    "application/epub+zip": "epub",
    "text/csv": "csv",
    "text/plain": "text",
    "text/markdown": "text",
}
UNKNOWN_TYPES = ("application/octet-stream", "application/zip", "binary/octet-stream")
SUFFIXES = {
    ".html": "html", ".htm": "html", ".xhtml": "html", ".pdf": "pdf",
    ".docx": "docx", ".xlsx": "xlsx", ".pptx": "pptx", ".odt": "opendocument",
    ".ods": "opendocument", ".odp": "opendocument", ".epub": "epub", ".csv": "csv",
    ".md": "text", ".markdown": "text", ".txt": "text",
}  # fmt: skip


# Called with the number of pages read so far, and of all pages of a file.
Progress = Callable[[int, int], None]


def in_silence(read: int, pages: int) -> None:
    """Ignore the progress."""


class ExtractError(BadRequest):
    """A file cannot be read; ``code`` says why."""


@dataclass(frozen=True)
class Extraction:
    """What was read of a file or page.

    Attributes:
        blocks: of a page, as made by :func:`.html.blocks.packed`.
        facts: of a page, as made by :func:`.html.visible_facts.visible_facts`.
        not_found: whether the page says that it is none, see :mod:`.html.not_found`.
        moved_to: where a page sends all its visitors, see :mod:`.html.forwarding`.
        needs_scripts: whether a visitor sees more of the page, see :mod:`.html.built_by_scripts`.
        language: as declared by the page.
        notice: the code of a sentence about what was not read.
    """

    drafts: tuple[Draft, ...]
    links: tuple[str, ...] = ()
    canonical: str = ""
    moved_to: str = ""
    not_found: bool = False
    noindex: bool = False
    blocks: tuple[list[Any], ...] = ()
    facts: tuple[list[Any], ...] = ()
    site_name: str = ""
    needs_scripts: bool = False
    language: str = ""
    notice: str = ""


def _new_child() -> JsonLineChild:
    return JsonLineChild("chatbot_server.retrieval.read.extractor_child", memory_bytes=MEMORY_BYTES)


@dataclass
class Extractor:
    """Reads untrusted files in a child process, which is killed if one takes too long.

    Each scanned file gets a child of its own, so that others need not wait for it.
    """

    seconds: float = SECONDS
    _child: JsonLineChild = field(default_factory=_new_child)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(
        self,
        data: bytes,
        kind: str,
        name: str,
        url: str,
        charset: str = "",
        progress: Progress = in_silence,
    ) -> Extraction:
        """Read *data*.

        Args:
            kind: a value of :data:`TYPES`.
            charset: as declared by the sender of a page.
            progress: called while a file is read that takes long.

        Raises:
            ExtractError: the file is unreadable, a bomb, or takes too long.
        """
        request = {
            "kind": kind,
            "name": name,
            "url": url,
            "charset": charset,
            "data": base64.b64encode(data).decode(),
        }
        try:
            with self._lock:
                result = self._child.ask(request, self.seconds)
            if result.get("scanned"):
                result = _recognise(request | {"kind": "scanned"}, progress)
        except ChildFailed:
            raise ExtractError("extract_slow", name=name[:200]) from None
        if "error" in result:
            raise ExtractError(result["error"], name=name[:200])
        return _extraction(result, url)

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._child.close()


def _recognise(request: dict[str, str], progress: Progress) -> dict[str, Any]:
    """The final answer of a child that recognises the text of a scanned file."""
    deadline = time.monotonic() + SCAN_SECONDS
    with closing(_new_child()) as child:
        result: dict[str, Any] = child.ask(request, SCAN_SECONDS)
        while "progress" in result:
            progress(*result["progress"])
            result = child.ask({"kind": "more"}, deadline - time.monotonic())
    return result


def kind_of_name(name: str) -> str | None:
    """The kind of a file with this name; None if it is unknown."""
    return SUFFIXES.get(PurePosixPath(name.lower()).suffix)


def kind_of(media_type: str, url: str) -> str | None:
    """The kind of the file at *url*; None if it is unknown.

    Many servers have no media type for newer kinds of files: then the name decides.
    """
    if media_type in UNKNOWN_TYPES:
        return kind_of_name(urlsplit(url).path)
    return TYPES.get(media_type)


def _extraction(result: dict[str, Any], url: str) -> Extraction:
    code = str(result.get("language") or "").lower()[:2]
    language = code if code in LANGUAGES else None
    documents = result["documents"]
    drafts = [
        Draft(
            url if len(documents) == 1 else f"{url}#{number}",
            str(document["title"]),
            str(document["text"]),
            language,
            bool(document.get("faq")),
        )
        for number, document in enumerate(documents, 1)
    ]
    drafts += [
        Draft(f"{url}#faq-{number}", question, answer, language, True)
        for number, (question, answer) in enumerate(result.get("faq") or (), 1)
    ]
    drafts += [
        Draft(f"{url}#{code}", translation["title"], translation["text"], code)
        for code, translation in (result.get("translations") or () if drafts else ())
    ]
    links = () if result.get("nofollow") else tuple(result.get("links") or ())
    return Extraction(
        tuple(drafts),
        links,
        canonical=str(result.get("canonical") or ""),
        moved_to=str(result.get("moved_to") or ""),
        not_found=bool(result.get("not_found")),
        noindex=bool(result.get("noindex")),
        blocks=tuple(result.get("blocks") or ()),
        facts=tuple(result.get("facts") or ()),
        site_name=str(result.get("site_name") or ""),
        needs_scripts=bool(result.get("needs_scripts")),
        language=language or "",
        notice=str(result.get("notice") or ""),
    )
