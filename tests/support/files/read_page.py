"""What is read of a page."""

from __future__ import annotations

from chatbot_server.retrieval.read.html_page import read_html


def text_of(body: str, language: str = "en") -> str:
    """The text read from a page with this body, without empty lines."""
    page = f"<html lang={language}><head><title>T</title></head><body>{body}</body></html>"
    documents = read_html(page.encode(), "p", "https://s.example/p", "")["documents"]
    return "\n".join(line for one in documents for line in one["text"].split("\n") if line)
