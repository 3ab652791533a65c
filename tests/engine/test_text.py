"""Text that comes fast is passed on together, and nothing of it is lost or late."""

from __future__ import annotations

from chatbot_server.engine.text import TextStream


class Tokens:
    """A stream whose tokens come at moments of our choice."""

    def __init__(self, *stop: str) -> None:
        self.now = 100.0
        self.stream = TextStream(stop, lambda: self.now)

    def say(self, text: str, seconds: float) -> list[str]:
        """What is passed on as each character comes, *seconds* after the one before."""
        pieces = []
        for char in text:
            self.now += seconds
            pieces.append(self.stream.feed(char.encode()))
        return pieces


def test_fast_text_comes_in_few_pieces_its_first_one_at_once() -> None:
    tokens = Tokens()
    pieces = tokens.say("abcdefghij", 0.0055)
    assert pieces == ["a", "", "", "bcd", "", "", "efg", "", "", "hij"]
    assert tokens.stream.flush() == ""


def test_slow_text_waits_for_nothing() -> None:
    assert Tokens().say("abc", 0.02) == ["a", "b", "c"]


def test_the_end_brings_what_was_gathered_and_nothing_of_a_stop_string() -> None:
    tokens = Tokens("</s>")
    assert tokens.say("abc</", 0.001) == ["a", "", "", "", ""]
    assert tokens.say("s>", 0.001) == ["", "bc"]
    assert tokens.stream.stopped
    unended = Tokens("</s>")
    assert unended.say("abc<", 0.001) == ["a", "", "", ""]
    assert unended.stream.flush() == "bc<"
