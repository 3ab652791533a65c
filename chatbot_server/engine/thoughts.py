"""Separates the reasoning of a model from its answer.

Some servers send reasoning in a field of its own. Others leave it in the text: as
``<think>…</think>`` at the beginning, or without the opening tag if that is part of the prompt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatbot_server.engine.base import Completion, Event, Finished, Thought, Token
from chatbot_server.engine.transformed import TransformedCompletion
from chatbot_server.prompt.base import Prompt

OPENINGS = ("<think>", "<thinking>")
CLOSING = re.compile("</think(?:ing)?>")
CLOSINGS = ("</think>", "</thinking>")


class ThoughtSplitter:
    """Splits the text of one completion into thoughts and answer.

    Args:
        is_open: the text begins inside a thought.
    """

    def __init__(self, *, is_open: bool = False) -> None:
        self._is_open = is_open
        self._at_start = not is_open
        self._follows_thought = False
        self._held = ""

    def feed(self, text: str) -> list[Event]:
        """The events that are certain after *text*."""
        self._held += text
        if self._at_start:
            start = self._held.lstrip()
            if any(tag.startswith(start) and tag != start for tag in OPENINGS):
                return []
            self._at_start = False
            if tag := next((tag for tag in OPENINGS if start.startswith(tag)), None):
                self._is_open, self._held = True, start[len(tag) :]
        events: list[Event] = []
        if self._is_open:
            events += self._think()
        if not self._is_open:
            text, self._held = self._held, ""
            if self._follows_thought:
                text = text.lstrip()
                self._follows_thought = not text
            events += [Token(text)] if text else []
        return events

    def flush(self) -> list[Event]:
        """The event of the text held back, at the end of the completion."""
        text, self._held = self._held, ""
        if not text:
            return []
        return [Thought(text)] if self._is_open else [Token(text)]

    def _think(self) -> Iterator[Event]:
        closing = CLOSING.search(self._held)
        if closing:
            thinking, self._held = self._held[: closing.start()], self._held[closing.end() :]
            self._is_open, self._follows_thought = False, True
        else:
            # Hold back what may be the beginning of a closing tag.
            ends = (self._held[-length:] for length in range(len(CLOSINGS[-1]), 0, -1))
            end = next((end for end in ends if any(t.startswith(end) for t in CLOSINGS)), "")
            thinking, self._held = self._held[: len(self._held) - len(end)], end
        if thinking:
            yield Thought(thinking)


class ThinkingCompletion(TransformedCompletion):
    """*completion* of *prompt*, with the model's reasoning as ``Thought`` events."""

    def __init__(self, completion: Completion, prompt: Prompt) -> None:
        super().__init__(completion)
        last = prompt.segments[-1].text.rstrip() if prompt.segments else ""
        self._splitter = ThoughtSplitter(is_open=last.endswith(OPENINGS))

    def transform(self, event: Event) -> list[Event]:
        """Split the text of *event* into thoughts and answer."""
        if isinstance(event, Token):
            return self._splitter.feed(event.text)
        if isinstance(event, Finished):
            return [*self._splitter.flush(), event]
        return [event]
