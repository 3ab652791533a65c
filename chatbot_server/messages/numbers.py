"""Numbers as people of a language write them."""

from __future__ import annotations

from chatbot_server.messages import say

_UNITS = (("size_gb", 1_000_000_000), ("size_mb", 1_000_000), ("size_kb", 1000))


def decimal(value: float, places: int, language: str) -> str:
    """``1.5``, “1,5”."""
    text = f"{value:.{places}f}"
    return text.replace(".", ",") if language == "fr" else text


def file_size(byte_count: float, language: str) -> str:
    """``1.5 GB``, “1,5 Go”."""
    unit, worth = next((row for row in _UNITS if byte_count >= row[1]), _UNITS[-1])
    return say(unit, language, amount=decimal(byte_count / worth, 1, language))
