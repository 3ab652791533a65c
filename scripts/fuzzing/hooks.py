"""What schemathesis does before each request; it imports this with packages of its own.

Each request is another visitor's, as behind a proxy: else most would be told to come back later.
Every second one that names a conversation or an answer names a real one, asked for just before;
made-up names alone never get further than 404.
"""

from __future__ import annotations

import itertools
import json
import os
import urllib.request
from typing import Any

import schemathesis  # type: ignore[import-not-found]

NUMBERS = itertools.count()
QUESTION = "When are you open?"
# What a route calls the conversation or the answer that it is about.
NAMED = {
    "/api/chat/{message}": "message",
    "/api/conversation/{identifier}": "conversation",
    "/api/conversation/{identifier}/news": "conversation",
    "/api/feedback": "message",
}


@schemathesis.hook  # type: ignore[untyped-decorator]
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Give the request an address, and maybe what its route needs."""
    number = next(NUMBERS)
    case.headers = dict(case.headers or {}) | {"X-Forwarded-For": address(number)}
    named = NAMED.get(case.operation.path)
    if named is None or number % 2:
        return
    started = ask(number)
    case.headers["Authorization"] = f"Bearer {started['secret']}"
    if case.path_parameters:
        case.path_parameters = dict.fromkeys(case.path_parameters, started[named])
    elif isinstance(case.body, dict):
        case.body = case.body | {named: started[named]}


def address(number: int) -> str:
    """One that no other request has."""
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def ask(number: int) -> dict[str, str]:
    """Ask a question; the ids of conversation and answer, and the secret."""
    request = urllib.request.Request(  # noqa: S310 - the server under test
        f"{os.environ['FUZZED_SERVER']}/api/chat",
        json.dumps({"site": os.environ["FUZZED_SITE"], "message": QUESTION}).encode(),
        {"Content-Type": "application/json", "X-Forwarded-For": address(2**23 + number)},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - likewise
        lines = answer.read().decode().splitlines()
    data = next(line for line in lines if line.startswith("data: "))
    started: dict[str, str] = json.loads(data.removeprefix("data: "))
    return started
