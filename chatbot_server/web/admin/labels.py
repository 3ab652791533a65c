"""The labels of the pages' fields, for errors about typed values."""

from __future__ import annotations

import re

from chatbot_server.messages import say

# The message key of each field's label. Where two pages label a field differently, it stands here
# under the name of the view, too.
LABELS = {
    "save_appearance.name": "appearance_name",
    "start_site.name": "start_name",
    "start_site.address": "start_address",
    "restore_first.token": "setup_token",
    "set_up.token": "setup_token",
    "write_to_visitor.name": "person_name",
    "write_to_visitor.text": "person_message",
    "create_api_key.name": "keys_name",
    "address": "add_address",
    "answer": "faq_answer",
    "code": "factor_code",
    "contact_email": "appearance_email",
    "contact_url": "appearance_contact_url",
    "country": "appearance_country",
    "days": "keys_days",
    "expect": "quality_expect",
    "file": "restore_here",
    "greeting": "appearance_greeting",
    "instructions": "appearance_instructions",
    "name": "account_name",
    "note": "internal_note",
    "notice": "appearance_notice",
    "origins": "appearance_origins",
    "passphrase": "restore_passphrase",
    "policy_url": "appearance_policy",
    "question": "faq_question",
    "retention_days": "privacy_days",
    "silence_hours": "person_silence",
    "suggestions": "appearance_suggestions",
    "text": "add_text",
    "time_zone": "appearance_time_zone",
    "title": "add_title",
    "token": "join_token",
    "topics": "appearance_topics",
    "url": "webhook_url",
    "wordings": "faq_wordings",
}
_OF_ONE_LANGUAGE = re.compile(r"_[a-z]{2}$")


def label_of(field: str, view: str, language: str) -> str:
    """The label of *field* on the page whose form goes to *view*; its own name if it has none."""
    of_any_group = field.partition("-")[0]
    name = _OF_ONE_LANGUAGE.sub("", of_any_group)
    codes = (LABELS.get(key) for key in (f"{view}.{field}", field, name))
    code = next((code for code in codes if code), None)
    return say(code, language) if code else field
