"""Every sentence exists in every language, and says the same with the same values."""

from __future__ import annotations

import ast
import errno
import os
import re
import string
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import yaml

from chatbot_server import errors
from chatbot_server.messages import LANGUAGES, READ_BY_MODELS, catalogue, pick_language, say
from chatbot_server.messages.numbers import file_size

PACKAGE = Path(__file__).parents[2] / "chatbot_server"


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_a_sentence_has_every_language_and_the_same_placeholders() -> None:
    incomplete = [key for key, texts in catalogue().items() if not is_complete(texts)]
    assert not incomplete


def is_complete(texts: Mapping[str, str]) -> bool:
    """Whether a sentence is there in every language, with the same values in each."""
    names = {frozenset(placeholders(text)) for text in texts.values()}
    return set(texts) == set(LANGUAGES) and all(map(str.strip, texts.values())) and len(names) == 1


def test_no_key_is_in_two_files() -> None:
    seen: dict[str, str] = {}
    for file in files("chatbot_server.messages").iterdir():
        if file.name.endswith(".yaml"):
            for key in yaml.safe_load(file.read_text(encoding="utf-8")) or {}:
                assert key not in seen, f"{key}: {seen[key]} and {file.name}"
                seen[key] = file.name


def literal_keys() -> set[tuple[str, str]]:
    """Keys that the code names literally: error codes, say("…") and help="…"."""
    error_names = {name for name in dir(errors) if isinstance(getattr(errors, name), type)}
    found = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            wanted = [node.args[0]] if node.args and (name == "say" or name in error_names) else []
            wanted += [word.value for word in node.keywords if word.arg == "help"]
            for value in wanted:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    found.add((value.value, str(file)))
    return found


def test_every_sentence_the_code_says_is_in_the_catalogue() -> None:
    assert len(literal_keys()) > 50
    missing = [entry for entry in literal_keys() if entry[0] not in catalogue()]
    assert missing == []


def test_every_sentence_in_the_catalogue_is_said() -> None:
    sources = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.html")]
    code = "\n".join(file.read_text(encoding="utf-8") for file in sources)
    words = set(re.findall(r"[a-z][a-z0-9_]+", code))
    made = (
        *("http_", "limit_", "doctor_", "help_", "models_commercial_"),
        *("models_good_", "placeholder_"),
        *("ask_why_", "courtesy_", "about_", "distress_", "call_"),
        *("admin_done_", "role_", "filter_", "origin_", "home_", "tag_", "position_", "choice_"),
        *("audit_", "mail_", "language_", "source_", "thumb_", "knowledge_page_"),
        *("system_", "event_", "person_within_", "scope_", "size_", "on_page_"),
    )
    unused = [key for key in catalogue() if key not in words and not key.startswith(made)]
    assert unused == []


def test_what_an_owner_is_told_on_a_page_says_another_sentence_without_a_command() -> None:
    own = {key: texts for key, texts in catalogue().items() if key.startswith("on_page_")}
    for key, texts in own.items():
        other = catalogue()[key.removeprefix("on_page_")]
        for language, text in texts.items():
            assert placeholders(text) <= placeholders(other[language]), key
            assert "chatbot-server" not in text, key
            assert "--" not in text, key


def test_the_language_is_the_first_that_is_spoken() -> None:
    assert pick_language(None, "", "de", "fr-CA", "en") == "fr"
    assert pick_language("fr_FR.UTF-8") == "fr"
    assert pick_language("ja") == "en"


def test_values_are_filled_in() -> None:
    assert "42\u00a0s" in say("limit_visitor", "fr", seconds=42)


def test_french_has_no_space_that_breaks_before_a_sign() -> None:
    """Nor one that is missing; what a model reads is left as it is."""
    breaking = re.compile(r"[^\S\u00a0\u202f](?=[:;!?»%€])|«(?!\u00a0)|(?<=\d) (?=\d{3}\b)")
    missing = re.compile(r"\w[!?;»](?!\w)")
    wrong = {
        key: texts["fr"]
        for key, texts in catalogue().items()
        if not key.startswith(READ_BY_MODELS)
        and (breaking.search(texts["fr"]) or missing.search(texts["fr"]))
    }
    assert wrong == {}
    assert "\u00a0" not in say("prompt_passages", "fr", passages="", today="", question="")


def test_numbers_are_written_as_in_their_language() -> None:
    size = 33_140_000_000
    assert file_size(size, "en") == "33.1 GB"
    assert file_size(size, "fr") == "33,1\u00a0Go"
    assert file_size(1_500, "fr") == "1,5\u00a0ko"


def test_words_agree_with_their_number() -> None:
    for language, texts in {
        "en": ["0 texts", "1 text", "2 texts"],
        "fr": ["0 texte", "1 texte", "2 textes"],
    }.items():
        assert [say("source_documents", language, count=count) for count in range(3)] == texts
    assert say("choice_reading", "fr", done=0, count=1) == "0 page examinée sur 1 pour l’instant."
    assert say("choice_reading", "en", done=0, count=1) == "0 of 1 page looked at so far."


def test_the_words_of_the_operating_system_are_translated() -> None:
    own_words = os.strerror(errno.EADDRINUSE)
    values = {"section": "server", "host": "127.0.0.1", "port": 8080, "why": own_words}
    assert "(adresse déjà utilisée)" in say("port_unusable", "fr", **values)
    assert f"({own_words})" in say("port_unusable", "en", **values)


def test_the_words_of_the_operating_system_are_known_as_it_says_them() -> None:
    for key, texts in catalogue().items():
        number = getattr(errno, key.removeprefix("system_").upper(), None)
        if key.startswith("system_") and number is not None:
            assert texts["en"] == os.strerror(number), key
