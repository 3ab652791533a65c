"""Texts for an owner's privacy page and register say what is so, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatbot_server.privacy.texts import ProcessingFacts, privacy_paragraphs, register_entry

FACTS = ProcessingFacts("Shop", "a@shop.example", 30, 90, masks=True, remote=False, model=True)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_differs_is_said(language: str) -> None:
    def text(**changes: object) -> str:
        facts = replace(FACTS, **changes)  # type: ignore[arg-type]
        entry = [value for row in register_entry(facts, language) for value in row]
        return "\n".join([*privacy_paragraphs(facts, language), *entry])

    usual = text()
    assert "a@shop.example" in usual
    assert "30 " in usual
    assert "90 " in usual
    for change in ({"days": 0}, {"masks": False}, {"remote": True}, {"model": False}):
        assert text(**change) != usual, change
    assert "[" in text(contact=""), "what is missing stands in brackets"
    stays = {
        "en": "It is not erased with the conversation",
        "fr": "pas effacé avec la conversation",
    }
    assert stays[language] in usual, "a message to a person was sent, and stays"
    assert "1 day " in text(days=1) or "1 jour " in text(days=1)
