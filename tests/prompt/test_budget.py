"""The conversation fits the context, and its beginning stays the same between drops."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot_server.engine.base import EngineInfo
from chatbot_server.errors import BadRequest
from chatbot_server.prompt.assemble import fit_and_assemble, measure
from chatbot_server.prompt.base import Message, Prompt
from chatbot_server.prompt.budget import Overhead, fit
from chatbot_server.prompt.formats import all_formats

NONE = Overhead(0, 0)


def count(texts: Sequence[str]) -> list[int]:
    """One token per character: the strictest tokeniser there is."""
    return [len(text) for text in texts]


class Letters:
    """Counts as :func:`count` does."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return count(texts)

    def count_prompt(self, prompt: Prompt) -> int:
        return sum(len(segment.text) for segment in prompt.segments)


class OneForControls(Letters):
    """Counts a control token as one, as engines do."""

    def count_prompt(self, prompt: Prompt) -> int:
        return sum(len(re.sub(r"<\|\w+\|>", "c", one.text)) for one in prompt.segments)


def talk(turns: int, length: int = 10) -> list[Message]:
    said = [Message("system", "s" * 20)]
    for turn in range(turns):
        said.append(Message("user", f"{turn:{length}}"))
        said.append(Message("assistant", f"{turn:{length}}"))
    return said[:-1]


def test_a_short_conversation_stays_whole() -> None:
    assert fit(talk(3), count, 1000, 100, NONE) == tuple(talk(3))


def test_the_older_half_goes_at_once_and_the_instructions_stay() -> None:
    kept = fit(talk(6), count, 140, 20, NONE)  # 100 tokens are left for 110
    assert kept[0].role == "system"
    assert [int(message.content) for message in kept[1:]] == [3, 3, 4, 4, 5]


def test_the_beginning_changes_rarely() -> None:
    firsts = [fit(talk(turns), count, 240, 20, NONE)[1].content for turns in range(1, 60)]
    changes = sum(a != b for a, b in pairwise(firsts))
    assert changes <= 60 / 5 + 1  # a half of ten turns is dropped at each


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=30),
    st.integers(100, 400),
)
def test_what_is_kept_always_fits_and_ends_with_the_question(
    sizes: list[tuple[int, int]], context: int
) -> None:
    said = [Message("system", "s" * 10)]
    for question, answer in sizes:
        said += [Message("user", "q" * question), Message("assistant", "a" * answer)]
    said.pop()
    kept = fit(said, count, context, 20, Overhead(2, 1))
    assert sum(len(message.content) + 1 for message in kept) + 2 <= context - 20
    assert kept[0] == said[0]
    assert kept[-1] == said[-1]
    assert kept[1:] == tuple(said[len(said) - len(kept) + 1 :])


def test_a_question_that_can_never_fit_is_refused_by_field() -> None:
    with pytest.raises(BadRequest) as caught:
        fit([Message("user", "x" * 500)], count, 400, 100, NONE)
    assert caught.value.field == "message"
    assert caught.value.code == "prompt_too_long"


def test_a_long_answer_in_the_past_is_dropped_not_refused() -> None:
    said = [Message("user", "q"), Message("assistant", "a" * 900), Message("user", "now")]
    assert fit(said, count, 400, 100, NONE) == (said[-1],)


@pytest.mark.parametrize("family", sorted(all_formats()))
def test_the_assembled_prompt_fits_with_the_formats_own_text(family: str) -> None:
    info = EngineInfo(model="m", engine="e", family=family, context_length=1500)
    prompt = fit_and_assemble(info, talk(40, 30), Letters(), 200)
    assert sum(len(segment.text) for segment in prompt.segments) <= 1300
    assert prompt.messages[-1].content.strip() == "39"


def test_an_engine_that_formats_chats_itself_gets_messages_alone() -> None:
    info = EngineInfo(model="m", engine="openai", family=None, context_length=1000)
    prompt = fit_and_assemble(info, talk(2), Letters(), 100)
    assert prompt.segments == ()
    assert prompt.messages == tuple(talk(2))
    assert measure(info, Letters()) == Overhead()


def test_control_tokens_count_as_what_they_are() -> None:
    info = EngineInfo(model="m", engine="e", family="chatml", context_length=1500)
    counts = [
        len(fit_and_assemble(info, talk(200, 1), counter, 200).messages)
        for counter in (Letters(), OneForControls())
    ]

    assert counts[1] > 1.4 * counts[0]
