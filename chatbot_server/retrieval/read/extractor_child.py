"""The child process that reads hostile files.

Parsers of PDF, DOCX and HTML have hung, grown without bound and crashed on crafted
input; here each works under limits of memory, and is killed when it takes too long.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

from chatbot_server.retrieval.read.document import Result, Unreadable
from chatbot_server.retrieval.read.files.csv_faq import read_csv
from chatbot_server.retrieval.read.files.office.docx import read_docx
from chatbot_server.retrieval.read.files.office.epub import read_epub
from chatbot_server.retrieval.read.files.office.opendocument import read_opendocument
from chatbot_server.retrieval.read.files.office.pptx import read_pptx
from chatbot_server.retrieval.read.files.office.xlsx import read_xlsx
from chatbot_server.retrieval.read.files.pdf.document import read_pdf, read_scanned_pdf
from chatbot_server.retrieval.read.files.text import read_text
from chatbot_server.retrieval.read.html_page import read_html

FILES: dict[str, Callable[[bytes, str], Result]] = {
    "text": read_text,
    "csv": read_csv,
    "pdf": read_pdf,
    "docx": read_docx,
    "xlsx": read_xlsx,
    "pptx": read_pptx,
    "opendocument": read_opendocument,
    "epub": read_epub,
}


class FileReader:
    """Reads one file a request; a scanned one page by page, a request for each."""

    def __init__(self) -> None:
        self._scan: Iterator[Result] = iter(())

    def read(self, request: dict[str, str]) -> Result:
        """See :func:`answer`."""
        kind = request["kind"]
        if kind == "more":
            return next(self._scan)
        data, name = base64.b64decode(request["data"]), request["name"]
        if kind == "html":
            return read_html(data, name, request["url"], request["charset"])
        if kind == "scanned":
            self._scan = read_scanned_pdf(data, name)
            return next(self._scan)
        return FILES[kind](data, name)


_READER = FileReader()


def answer(request: dict[str, str]) -> Result:
    """The documents of one file, or the code of an error.

    A request is ``{"kind", "name", "url", "charset", "data": base64}``, its answer
    ``{"documents": [{"title", "text", "faq"?}], "faq"?, "links"?, "canonical"?, "moved_to"?,
    "language"?, "noindex"?, "nofollow"?, "notice"?}``, ``{"error": code}``, or
    ``{"scanned": True}`` for a PDF file that is to be asked for as kind ``scanned``: its answers
    are ``{"progress": [pages read, pages]}``, and to ``{"kind": "more"}`` the next such or, at the
    end, the documents.
    """
    try:
        return _READER.read(request)
    except Unreadable as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "extract_big"}
    except Exception:  # whatever a parser says of a hostile file, it is unreadable
        return {"error": "extract_broken"}
