"""Text to token ids with llama.cpp's own tokenizer, control tokens from trusted text only.

``xllamacpp`` has no function for tokens, but the server inside it has a route.
It listens on a socket file in a private folder, so nothing of it is on a network.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from chatbot_server.errors import BadRequest, EngineError, TooLarge
from chatbot_server.prompt.base import Segment

SECONDS = 30
# Turns of a conversation come again with every question; 1 ms each way to the socket.
REMEMBERED = 2048
MAX_CHARS = 1_000_000  # about 250,000 tokens, read in 0.3 s
# What chat formats use. Where a model file calls such a token “user defined” and not
# “control”, llama.cpp recognises it in every text, whatever it is asked.
MARKER = re.compile(r"<\|[^|<>\s]{1,60}\|>|</?[A-Za-z_]{1,40}>|\[/?[A-Z_]{1,40}\]")


class _SocketFile(http.client.HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(SECONDS)
        self.sock.connect(self._path)


class Routes:
    """The few routes of llama.cpp's server that have no function in ``xllamacpp``."""

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._free: deque[_SocketFile] = deque(maxlen=8)

    def ask(self, method: str, route: str, body: object = None) -> Any:
        """The JSON answer of *route*.

        Raises:
            EngineError: it did not answer, or with an error.
        """
        try:
            return self._ask(method, route, json.dumps(body))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EngineError("llamacpp_no_tokenizer", why=type(error).__name__) from error

    def _ask(self, method: str, route: str, body: str) -> Any:
        while self._free:
            # The server hangs up after five quiet seconds; then a new connection is made.
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self._exchange(self._free.pop(), method, route, body)
        return self._exchange(_SocketFile(self._path), method, route, body)

    def _exchange(self, connection: _SocketFile, method: str, route: str, body: str) -> Any:
        try:
            connection.request(method, route, body, self._headers)
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        self._free.append(connection)
        if answer.status != 200:
            raise ValueError(f"status {answer.status}")
        return json.loads(data)

    def close(self) -> None:
        """Hang up."""
        while self._free:
            self._free.popleft().close()


class Tokens:
    """The model's vocabulary."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._lock = threading.Lock()
        self._controls: dict[str, tuple[int, bool]] = {}
        self._plain = lru_cache(maxsize=REMEMBERED)(self._plain_now)
        self._strings_of = lru_cache(maxsize=REMEMBERED)(self._strings_now)
        self.bos = tuple(self._tokenize("", special=False, begin=True))

    def count(self, text: str) -> int:
        """Tokens of untrusted *text*."""
        return len(self._plain(text))

    def read(self, segments: Sequence[Segment], begin: bool | None) -> list[int]:
        """Token ids of *segments*, equal to those of their joined text as long as no
        untrusted segment holds the text of a control token.

        Text is cut where *trusted* text has control tokens, nowhere else: many
        vocabularies put a space before whatever they are given, so cutting at every
        border of a segment would give other tokens.

        Args:
            begin: put the BOS token first; None: if the model file says so.
        """
        ids = list(self._bos(segments, begin))
        plain = ""
        for piece in self._pieces(segments):
            if isinstance(piece, str):
                plain += piece
            else:
                ids += [*self._plain(plain), piece]
                plain = ""
        return ids + list(self._plain(plain))

    def _bos(self, segments: Sequence[Segment], begin: bool | None) -> tuple[int, ...]:
        if begin is False:
            return ()
        bos = self.bos or (self._named_bos() if begin else ())
        first = next((piece for piece in self._pieces(segments[:1])), None)
        return () if bos and first == bos[0] else bos  # a template that writes it itself

    def _named_bos(self) -> tuple[int, ...]:
        name = str(self._routes.ask("GET", "/props").get("bos_token") or "")
        ids = self._tokenize(name, special=True)
        return tuple(ids) if len(ids) == 1 else ()

    def _pieces(self, segments: Iterable[Segment]) -> Iterable[str | int]:
        strip = False
        for segment in segments:
            if not segment.trusted:
                strip = strip and not segment.text
                yield segment.text
                continue
            for part in self._split(segment.text):
                if part in self._controls:
                    token, strip = self._controls[part]
                    yield token
                else:
                    text = part.lstrip() if strip else part
                    strip = strip and not text
                    yield text

    def _split(self, trusted: str) -> list[str]:
        controls = self._strings_of(trusted)
        if not controls:
            return [trusted]
        pattern = "|".join(re.escape(control) for control in controls)
        return [part for part in re.split(f"({pattern})", trusted) if part]

    def _strings_now(self, trusted: str) -> tuple[str, ...]:
        """Texts of the control tokens in *trusted*, longest first."""
        parsed = self._tokenize_pieces(trusted)
        found = {text for token, text in parsed if self._is_control(token, text)}
        return tuple(sorted(found, key=len, reverse=True))

    def _is_control(self, token: int, text: str) -> bool:
        if not text:
            return False
        if text in self._controls:
            return True
        if self._tokenize(text, special=True) != [token]:
            return False
        if self._tokenize(text, special=False) == [token] and not MARKER.fullmatch(text):
            return False
        # Some tokens swallow the white space after them (“rstrip” in the vocabulary).
        strips = self._tokenize(f"{text}\n", special=True) == [token]
        with self._lock:
            self._controls[text] = (token, strips)
        return True

    def _plain_now(self, text: str) -> tuple[int, ...]:
        parts = self._cut(text)
        return tuple(token for part in parts for token in self._tokenize(part, special=False))

    def _cut(self, text: str) -> list[str]:
        """*text*, cut inside each marker that would be one token even in plain text."""
        found = MARKER.finditer(text)
        cuts = [m.start() + 1 for m in found if len(self._tokenize(m.group(), special=False)) == 1]
        borders = [0, *cuts]
        return [text[a:b] for a, b in zip(borders, [*borders[1:], len(text)], strict=True) if a < b]

    def _tokenize(self, text: str, *, special: bool, begin: bool = False) -> list[int]:
        if len(text) > MAX_CHARS:
            raise TooLarge("llamacpp_text_too_long", limit=MAX_CHARS)
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise BadRequest("engine_text_invalid")
        body = {"content": text, "add_special": begin, "parse_special": special}
        return [int(token) for token in self._routes.ask("POST", "/tokenize", body)["tokens"]]

    def _tokenize_pieces(self, text: str) -> list[tuple[int, str]]:
        body = {"content": text, "add_special": False, "parse_special": True, "with_pieces": True}
        found = self._routes.ask("POST", "/tokenize", body)["tokens"]
        # A piece that is not valid UTF-8 comes as a list of bytes: never a control token.
        return [(item["id"], item["piece"]) for item in found if isinstance(item["piece"], str)]
