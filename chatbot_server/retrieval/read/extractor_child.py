"""The child process that reads hostile files.

Parsers of PDF, DOCX and HTML have hung, grown without bound and crashed on crafted
input; here each works under limits of memory, and is killed when it takes too long.
"""

from __future__ import annotations

import base64

from chatbot_server.retrieval.read import files
from chatbot_server.retrieval.read.document import Result, Unreadable
from chatbot_server.retrieval.read.html_page import read_html


def answer(request: dict[str, str]) -> Result:
    """The documents of one file, or the code of an error.

    A request is ``{"kind", "name", "url", "charset", "data": base64}``, its answer
    ``{"documents": [{"title", "text", "faq"?}], "faq"?, "links"?, "canonical"?, "language"?,
    "noindex"?, "nofollow"?}`` or ``{"error": code}``.
    """
    data = base64.b64decode(request["data"])
    try:
        name = request["name"]
        match request["kind"]:
            case "html":
                return read_html(data, name, request["url"], request["charset"])
            case "text":
                return files.read_text(data, name)
            case "csv":
                return files.read_csv(data)
            case "pdf":
                return files.read_pdf(data, name)
            case "docx":
                return files.read_docx(data, name)
        raise Unreadable("extract_broken")
    except Unreadable as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "extract_big"}
    except Exception:  # whatever a parser says of a hostile file, it is unreadable
        return {"error": "extract_broken"}
