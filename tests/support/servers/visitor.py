"""A visitor's client for the real server."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from support.patience import LONG


@dataclass
class Visitor:
    """Asks the real server over HTTP, as the widget does."""

    url: str
    site: str

    def ask(
        self, message: str, *, secret: str = "", origin: str | None = None, **fields: Any
    ) -> Generator[tuple[str, dict[str, Any]], None, None]:
        """Events of one answer, as they arrive."""
        body = {"site": self.site, "message": message, **fields}
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        if origin:
            headers["Origin"] = origin
        with httpx.stream(
            "POST", f"{self.url}/api/chat", json=body, headers=headers, timeout=LONG
        ) as response:
            if response.status_code != 200:
                response.read()
                raise httpx.HTTPStatusError(
                    response.text, request=response.request, response=response
                )
            yield from events(response)

    def answer(self, message: str, **fields: Any) -> dict[str, Any]:
        """The whole of one answer: its start, its text, and how it ended."""
        whole: dict[str, Any] = {"text": ""}
        for name, data in self.ask(message, **fields):
            if name == "token":
                whole["text"] += data["text"]
            else:
                whole[name] = data
        return whole

    def refused(self, body: Any = None, **options: Any) -> httpx.Response:
        """What the server says to a request that it should refuse."""
        if body is not None:
            options["content"] = json.dumps(body)  # escapes what is no Unicode, as a script would
        response = httpx.post(f"{self.url}/api/chat", timeout=LONG, **options)
        assert 400 <= response.status_code < 500, response.text
        return response


def events(response: httpx.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    """Parse server-sent events."""
    name = ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            yield name, json.loads(line[6:])
