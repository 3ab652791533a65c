"""Reading a file the way the child process does, without the process."""

from __future__ import annotations

import base64
from pathlib import Path

from chatbot_server.retrieval.read.extractor import kind_of_name
from chatbot_server.retrieval.read.extractor_child import answer

OFFICE = Path(__file__).parents[2] / "retrieval" / "read" / "files" / "office"


def read_bytes(name: str, data: bytes) -> dict[str, str]:
    """The first document of a file of this name, or ``{"error": code}``."""
    kind = kind_of_name(name)
    assert kind is not None, name
    request = {"kind": kind, "name": name, "url": f"file:{name}", "charset": ""}
    result = answer(request | {"data": base64.b64encode(data).decode()})
    documents = result.get("documents")
    return documents[0] if documents else result


def read_office(name: str) -> dict[str, str]:
    """The document of one of the files that real programs made."""
    return read_bytes(name, (OFFICE / name).read_bytes())
