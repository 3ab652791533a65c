"""Prompts as the embedded model expects them."""

from __future__ import annotations

from chatbot_server.prompt.base import Prompt, Segment


def chatml(*turns: str) -> Prompt:
    """A ChatML conversation; the turns are untrusted."""
    segments = []
    for number, turn in enumerate(turns):
        role = "assistant" if number % 2 else "user"
        segments += [Segment(f"<|im_start|>{role}\n", trusted=True), Segment(turn)]
        segments.append(Segment("<|im_end|>\n", trusted=True))
    segments.append(Segment("<|im_start|>assistant\n", trusted=True))
    return Prompt(segments=tuple(segments), stop=("<|im_end|>",))

    return chatml
