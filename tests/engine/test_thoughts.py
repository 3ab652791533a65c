"""What a model writes for itself is told apart from its answer, wherever the text is cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatbot_server.engine.base import Event, Finished, Queued, Thought, Timings, Token, Usage
from chatbot_server.engine.thoughts import ThinkingCompletion
from chatbot_server.prompt.base import Prompt, Segment

END = Finished("stop", Usage(1, 1), Timings(0, 0, 0))
OPEN = Prompt(segments=(Segment("<|assistant|><think>\n", trusted=True),))


class Scripted:
    """A completion that says *pieces*."""

    def __init__(self, pieces: list[str]) -> None:
        self._events: Iterator[Event] = iter([Queued(0), *map(Token, pieces), END])
        self.is_closed = False

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        return next(self._events)

    def close(self) -> None:
        self.is_closed = True


def read(pieces: list[str], prompt: Prompt) -> tuple[str, str]:
    """The answer, and what was thought."""
    events = list(ThinkingCompletion(Scripted(pieces), prompt))
    assert (events[0], events[-1]) == (Queued(0), END)
    answer = "".join(event.text for event in events if isinstance(event, Token))
    return answer, "".join(event.text for event in events if isinstance(event, Thought))


@pytest.mark.parametrize(
    ("text", "prompt", "answer", "thought"),
    [
        ("<think>secret plan</think> Hello", Prompt(), "Hello", "secret plan"),
        ("\n<think>\na < b</think>\n\nYes </think>", Prompt(), "Yes </think>", "\na < b"),
        ("<thinking>x</thinking>Hi", Prompt(), "Hi", "x"),
        ("secret</think>Hello", OPEN, "Hello", "secret"),
        ("<think>cut off</th", Prompt(), "", "cut off</th"),
        ("<think></think>Hi", Prompt(), "Hi", ""),
        ("Use <think> in HTML", Prompt(), "Use <think> in HTML", ""),
        (" <thin air", Prompt(), " <thin air", ""),
        ("<thi", Prompt(), "<thi", ""),
        ("", Prompt(), "", ""),
    ],
)
def test_thoughts_are_no_part_of_the_answer(
    text: str, prompt: Prompt, answer: str, thought: str
) -> None:
    assert read([text], prompt) == (answer, thought)
    assert read(list(text), prompt) == (answer, thought)
    for at in range(len(text)):
        assert read([text[:at], text[at:]], prompt) == (answer, thought)


def test_an_ordinary_answer_is_not_held_back() -> None:
    completion = ThinkingCompletion(Scripted(["Bon", "jour"]), Prompt())
    said = [next(completion) for _ in range(3)]

    assert said == [Queued(0), Token("Bon"), Token("jour")]


def test_it_is_closed_with_the_completion_behind() -> None:
    behind = Scripted([])
    ThinkingCompletion(behind, Prompt()).close()

    assert behind.is_closed
