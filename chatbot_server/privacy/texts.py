"""Texts about the chat for an owner's privacy page and records, in two languages."""

from __future__ import annotations

from dataclasses import dataclass

from chatbot_server.messages import say


@dataclass(frozen=True)
class ProcessingFacts:
    """What is done with what visitors write.

    Attributes:
        site: the site's name.
        contact: where a person is reached about it; empty: nothing was given.
        days: for which conversations are kept; 0: not beyond the conversation.
        contact_days: for which messages to a person are kept.
        masks: personal numbers and addresses are left out of what is stored.
        remote: the model that writes answers runs on somebody else's machines.
        model: whether a model writes answers at all.
    """

    site: str
    contact: str
    days: int
    contact_days: int
    masks: bool
    remote: bool
    model: bool


def privacy_paragraphs(facts: ProcessingFacts, language: str) -> list[str]:
    """Paragraphs for the owner's privacy page."""
    writer = "privacy_writer_local" if facts.model else "privacy_writer_none"
    codes = [
        "privacy_what",
        "privacy_kept" if facts.days else "privacy_not_kept",
        *(["privacy_masked"] if facts.masks else []),
        "privacy_writer_remote" if facts.remote else writer,
        "privacy_browser",
        "privacy_message",
        "privacy_rights" if facts.contact else "privacy_rights_unknown",
    ]
    return [say(code, language, **_values(facts)) for code in codes]


def register_entry(facts: ProcessingFacts, language: str) -> list[tuple[str, str]]:
    """The entry of the record of processing activities (GDPR, article 30): heading and text."""
    recipients, transfer = "register_recipients_none", "register_recipients_none_transfer"
    if facts.remote:
        recipients, transfer = "register_recipients_remote", "register_recipients_remote_transfer"
    rows = {
        "register_activity": "register_activity_text",
        "register_controller": "register_controller_text",
        "register_purpose": "register_purpose_text",
        "register_basis": "register_basis_text",
        "register_people": "register_people_text",
        "register_data": "register_data_text",
        "register_recipients": recipients,
        "register_transfer": transfer,
        "register_erasure": "register_erasure_text" if facts.days else "register_erasure_at_once",
        "register_security": "register_security_text",
    }
    return [
        (say(heading, language), say(text, language, **_values(facts)))
        for heading, text in rows.items()
    ]


def _values(facts: ProcessingFacts) -> dict[str, object]:
    return {
        "site": facts.site,
        "contact": facts.contact,
        "days": facts.days,
        "contact_days": facts.contact_days,
    }
