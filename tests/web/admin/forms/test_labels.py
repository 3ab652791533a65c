"""A sentence about a field names it as its page does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from werkzeug.test import TestResponse

import chatbot_server.web
from chatbot_server.messages import say
from chatbot_server.web.admin.labels import label_of

TEMPLATES = Path(chatbot_server.web.__file__).parent / "templates" / "admin"
FIELD = re.compile(r"(?:field|area)\('([a-z_]+)', say\('([a-z_]+)'\)")
VIEWS = {
    "appearance": "save_appearance",
    "conversation": "write_to_visitor",
    "keys": "create_api_key",
    "restore": "restore_first",
    "setup": "set_up",
    "start": "start_site",
}
NOT_TYPED = {("trial", "q"), ("why", "q")}


def test_every_field_has_the_name_of_its_page() -> None:
    fields = [
        (file.stem, *match)
        for file in TEMPLATES.rglob("*.html")
        for match in FIELD.findall(file.read_text(encoding="utf-8"))
    ]
    assert len(fields) > 20
    for page, field, code in fields:
        if (page, field) not in NOT_TYPED:
            assert label_of(field, VIEWS.get(page, ""), "fr") == say(code, "fr"), (page, field)
    assert label_of("greeting_fr", "", "en") == "Greeting"
    assert label_of("question-12ab", "", "en") == "Question"


def test_what_is_too_long_is_named_as_on_the_page(post: Callable[..., TestResponse]) -> None:
    answer = post("/admin/KEY/appearance?locale=fr", name="Bakery", instructions="x" * 4001)
    assert answer.status_code == 400
    assert say("text_too_long", "fr", name="Consignes données au modèle", limit=4000) in answer.text
