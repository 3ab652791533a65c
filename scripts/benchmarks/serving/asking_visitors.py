"""Visitors who ask while a server is broken on purpose, and what they lost of their answers."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

import httpx

PAUSE = 0.7  # seconds between two questions of a visitor
# Between two faults, visitors get ANSWERS_BETWEEN answers to their end, which can be lost, or have
# MOST_BETWEEN seconds for them.
ANSWERS_BETWEEN, MOST_BETWEEN = 3, 60.0
LOSSES = ("lost", "other text", "cut and empty")


@dataclass
class ShownAnswer:
    """An answer as its visitor saw it.

    Attributes:
        is_whole: whether the visitor saw it to its end.
        ended: a moment of the monotonic clock.
    """

    conversation: str
    secret: str
    text: str
    is_whole: bool
    ended: float


@dataclass
class AskingVisitors:
    """Visitors who ask one question after the other, each from another address.

    Attributes:
        url: the address of the server, which may change when it is started again.
        refused: how many questions got no answer, or none with a first word.
        over: is set when they are to stop.
    """

    url: Callable[[], str]
    shown: list[ShownAnswer] = field(default_factory=list)
    refused: int = 0
    numbers: count[int] = field(default_factory=count)
    over: threading.Event = field(default_factory=threading.Event)
    client: httpx.Client = field(default_factory=httpx.Client)  # a new one for each costs 30 ms

    def ask_on(self, site: str) -> None:
        """Ask on *site* as one visitor, until it is over."""
        while not self.over.wait(PAUSE):
            number = next(self.numbers)
            question = f"How many chairs has room {number % 20}, please, on day {number}?"
            try:
                self.shown.append(self._ask(site, question, number))
            except (httpx.HTTPError, KeyError, ValueError):
                self.refused += 1
                time.sleep(0.2)

    def _ask(self, site: str, question: str, number: int) -> ShownAnswer:
        start, text, is_whole, name = {}, "", False, ""
        body = {"site": site, "message": question}
        with (
            suppress(httpx.HTTPError),
            self.client.stream(
                "POST", f"{self.url()}/api/chat", json=body, headers=address(number), timeout=120
            ) as response,
        ):
            for line in response.iter_lines():
                kind, _, value = line.partition(": ")
                name = value if kind == "event" else name
                if kind == "data" and name == "start":
                    start = json.loads(value)
                elif kind == "data" and name == "token":
                    text += json.loads(value)["text"]
                is_whole = is_whole or (kind == "data" and name == "done")
        ended = time.monotonic()
        return ShownAnswer(start["conversation"], start["secret"], text, is_whole, ended)

    def whole_since(self, moment: float) -> int:
        """How many answers ended well since then."""
        return sum(1 for answer in self.shown if answer.is_whole and answer.ended >= moment)

    def wait_for_answers(self) -> None:
        """Until visitors have got some more."""
        start = time.monotonic()
        while self.whole_since(start) < ANSWERS_BETWEEN and time.monotonic() < start + MOST_BETWEEN:
            time.sleep(0.2)

    def losses(self, put_back: list[tuple[float, float]]) -> Counter[str]:
        """What is not stored as it was shown.

        Args:
            put_back: when a copy was begun, and when it took the database's place.
        """
        lost = Counter(dict.fromkeys(("answers", *LOSSES), 0))
        for number, answer in enumerate(self.shown):
            headers = address(number) | {"Authorization": f"Bearer {answer.secret}"}
            url = f"{self.url()}/api/conversation/{answer.conversation}"
            reply = self.client.get(url, headers=headers, timeout=60)
            messages = reply.json().get("messages", [])
            stored = messages[-1]["text"] if messages else ""
            lost["answers"] += 1
            is_newer = any(start <= answer.ended <= end for start, end in put_back)
            if not answer.is_whole:
                lost["cut"] += 1
                lost["cut and empty"] += bool(messages and answer.text and not stored)
            elif stored != answer.text:
                kind = "other text" if messages else "lost"
                lost["newer than the copy" if is_newer else kind] += 1
                if messages and not is_newer:
                    print(f"shown {answer.text!r}, stored {stored!r}", flush=True)
        return lost


def address(number: int) -> dict[str, str]:
    """Headers with an address of its own for question *number*."""
    place = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return {"X-Forwarded-For": place, "X-Forwarded-Proto": "http"}
