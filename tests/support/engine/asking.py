"""Prompts and answers in few words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chatbot_server.engine.base import Engine, Event, Finished, Queued, Sampling, Token
from chatbot_server.prompt.base import Prompt, Segment

GREEDY = Sampling(max_tokens=24, temperature=0, repetition_penalty=1.0)
# More tokens than any machine writes while a test looks the other way.
ENDLESS = Sampling(max_tokens=131_072, temperature=0)


@dataclass
class Asked:
    """All events of one answer, sorted."""

    text: str = ""
    positions: list[int] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    end: Finished | None = None

    @property
    def finished(self) -> Finished:
        assert self.end is not None, "the answer did not finish"
        return self.end


def read(events: Iterable[Event]) -> Asked:
    asked = Asked()
    for event in events:
        assert asked.end is None, "an event after the last"
        if isinstance(event, Token):
            asked.text += event.text
            asked.pieces.append(event.text)
        elif isinstance(event, Queued):
            asked.positions.append(event.position)
        elif isinstance(event, Finished):
            asked.end = event
    return asked


def text_of(events: Iterable[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Token))


def finished(events: Sequence[Event]) -> Finished:
    """The last of *events*."""
    assert isinstance(events[-1], Finished)
    return events[-1]


def plain(text: str, stop: tuple[str, ...] = ()) -> Prompt:
    return Prompt(segments=(Segment(text),), stop=stop)


def chat(*turns: str, system: str = "You are a helpful assistant.") -> Prompt:
    """A ChatML conversation that waits for the assistant."""
    pairs = [("system", system)]
    pairs += [(("user", "assistant")[place % 2], text) for place, text in enumerate(turns)]
    segments = []
    for role, text in pairs:
        begin = Segment(f"<|im_start|>{role}\n", trusted=True)
        segments += [begin, Segment(text), Segment("<|im_end|>\n", trusted=True)]
    segments.append(Segment("<|im_start|>assistant\n", trusted=True))
    return Prompt(segments=tuple(segments), stop=("<|im_end|>",))


def ask(
    engine: Engine,
    prompt: Prompt | str,
    sampling: Sampling = GREEDY,
    conversation: str | None = None,
) -> Asked:
    prompt = plain(prompt) if isinstance(prompt, str) else prompt
    return read(engine.generate(prompt, sampling, conversation=conversation))
