"""Each published template, through the format it is given here: the same text, or a reason."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.models.published_templates import EOS, plain_rendering, published_templates
from support.patience import alone

from chatbot_server.errors import ModelError
from chatbot_server.prompt.base import Message
from chatbot_server.prompt.formats import TEMPLATE, get_format, pick_format, render
from chatbot_server.prompt.template import render_template

SYSTEM = Message("system", "Be brief.")
TURNS = [Message("user", "Q1"), Message("assistant", "A1"), Message("user", "Q2")]
CONVERSATIONS = [[SYSTEM, *TURNS], TURNS, [SYSTEM, TURNS[0]]]
EMPTY_THOUGHT = "<think>\n\n</think>\n\n"

FOR_TOOLS = "only for calls of tools, and unusable without any"
THOUGHTS = "earlier answers keep their empty thought, so that a prompt only grows at its end"
OWN_INSTRUCTIONS = "its maker's instructions are left out where nobody gives any"
DEVIATIONS = {
    "CohereForAI-c4ai-command-r-plus-tool_use": FOR_TOOLS,
    "MiMo-VL": OWN_INSTRUCTIONS,
    "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use": FOR_TOOLS,
    "NousResearch-Hermes-3-Llama-3.1-8B-tool_use": FOR_TOOLS,
    "Qwen-Qwen2.5-7B-Instruct": OWN_INSTRUCTIONS,
    "Qwen-Qwen3-0.6B": THOUGHTS,
    "Qwen3.5-4B": THOUGHTS,
    "fireworks-ai-llama-3-firefunction-v2": FOR_TOOLS,
    "google-gemma-2-2b-it": "it refuses instructions; they are put into the first question",
    "openbmb-MiniCPM5-1B": THOUGHTS,
}


@pytest.fixture(scope="module")
def templates(cache_folder: Path) -> dict[str, str]:
    with alone(cache_folder, "templates"):
        return published_templates(cache_folder)


def written(template: str, messages: list[Message]) -> str | None:
    """What the server gives a model with this template; None where it refuses the template."""
    family = pick_format("", template, "")
    try:
        prompt = (
            render_template(template, EOS, messages)
            if family == TEMPLATE
            else render(get_format(family), messages)
        )
    except ModelError:
        return None
    return "".join(segment.text for segment in prompt.segments)


def same(template: str, messages: list[Message]) -> bool:
    text = written(template, messages)
    return text is not None and text == plain_rendering(template, messages)


def test_a_published_template_is_written_as_it_says(templates: dict[str, str]) -> None:
    assert len(templates) == 70

    def is_same(template: str) -> bool:
        return all(same(template, messages) for messages in CONVERSATIONS)

    with ThreadPoolExecutor(max_workers=4) as threads:  # they wait for child processes
        agreed = list(threads.map(is_same, templates.values()))
    differing = {name for name, one in zip(templates, agreed, strict=True) if not one}
    assert differing == set(DEVIATIONS)


def test_a_template_that_thinks_differs_by_the_thoughts_of_earlier_answers_alone(
    templates: dict[str, str],
) -> None:
    for name in (name for name, reason in DEVIATIONS.items() if reason == THOUGHTS):
        text = str(written(templates[name], CONVERSATIONS[0]))
        assert text.count(EMPTY_THOUGHT) == 2
        assert text.replace(EMPTY_THOUGHT, "", 1) == plain_rendering(
            templates[name], CONVERSATIONS[0]
        )


def test_a_template_with_instructions_of_its_maker_is_the_same_with_those_of_the_site(
    templates: dict[str, str],
) -> None:
    for name in (name for name, reason in DEVIATIONS.items() if reason == OWN_INSTRUCTIONS):
        assert same(templates[name], CONVERSATIONS[0])
