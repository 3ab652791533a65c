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
from itertools import pairwise
from pathlib import Path
from typing import Any

from chatbot_server.errors import BadRequest, EngineError, TooLarge
from chatbot_server.prompt.base import Segment

SECONDS = 30
# Turns of a conversation come again with every question; 1 ms each way to the socket.
CACHED_TEXTS = 2048
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
            text = json.dumps(body)
            while self._free:
                # The server hangs up after five quiet seconds; then a new connection is made.
                with contextlib.suppress(OSError, http.client.HTTPException):
                    return self._exchange(self._free.pop(), method, route, text)
            return self._exchange(_SocketFile(self._path), method, route, text)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EngineError("llamacpp_no_tokenizer", why=type(error).__name__) from error

    def _exchange(self, connection: _SocketFile, method: str, route: str, body: str) -> Any:
        try:
            connection.request(method, route, body, self._headers)
            response = connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        self._free.append(connection)
        if response.status != 200:
            raise ValueError(f"status {response.status}")
        return json.loads(data)

    def close(self) -> None:
        """Close the connection."""
        while self._free:
            self._free.popleft().close()


class Tokens:
    """The model's vocabulary."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._lock = threading.Lock()
        # Text of a control token → its id, and whether it swallows the white space after it.
        self._controls: dict[str, tuple[int, bool]] = {}
        self._plain_ids = lru_cache(maxsize=CACHED_TEXTS)(self._tokenize_plain)
        self._controls_in = lru_cache(maxsize=CACHED_TEXTS)(self._find_controls)
        self.bos = tuple(self._tokenize("", begin=True))
        models = routes.ask("GET", "/v1/models")["data"]
        self.vocabulary_size = int(models[0]["meta"]["n_vocab"])

    def count(self, text: str) -> int:
        """Tokens of untrusted *text*."""
        return len(self._plain_ids(text))

    def encode(self, segments: Sequence[Segment], begin: bool | None) -> list[int]:
        """Token ids of *segments*, equal to those of their joined text as long as no
        untrusted segment holds the text of a control token.

        Text is cut where *trusted* text has control tokens, nowhere else: many
        vocabularies put a space before whatever they are given, so cutting at every
        border of a segment would give other tokens.

        Args:
            begin: put the BOS token first; None: if the model file says so.
        """
        ids = list(self._bos(segments, begin))
        text = ""
        for piece in self._pieces(segments):
            if isinstance(piece, str):
                text += piece
            else:
                ids += [*self._plain_ids(text), piece]
                text = ""
        return [*ids, *self._plain_ids(text)]

    def _bos(self, segments: Sequence[Segment], begin: bool | None) -> tuple[int, ...]:
        if begin is False:
            return ()
        bos = self.bos
        if begin and not bos:  # the vocabulary would not add it of itself
            name = str(self._routes.ask("GET", "/props").get("bos_token") or "")
            ids = self._tokenize(name, special=True)
            bos = tuple(ids) if len(ids) == 1 else ()
        first = next(iter(self._pieces(segments[:1])), None)
        return () if bos and first == bos[0] else bos  # a template that writes it itself

    def _pieces(self, segments: Iterable[Segment]) -> Iterable[str | int]:
        """Plain text, and the ids of control tokens in trusted text between."""
        strip = False
        for segment in segments:
            if not segment.trusted:
                strip = strip and not segment.text
                yield segment.text
                continue
            parts = [segment.text]
            if controls := self._controls_in(segment.text):
                pattern = "|".join(re.escape(control) for control in controls)
                parts = [part for part in re.split(f"({pattern})", segment.text) if part]
            for part in parts:
                if part in self._controls:
                    token, strip = self._controls[part]
                    yield token
                else:
                    text = part.lstrip() if strip else part
                    strip = strip and not text
                    yield text

    def _find_controls(self, trusted: str) -> tuple[str, ...]:
        """Texts of the control tokens in *trusted*, longest first."""
        body = {"content": trusted, "add_special": False, "parse_special": True}
        tokens = self._routes.ask("POST", "/tokenize", body | {"with_pieces": True})["tokens"]
        # A piece that is not valid UTF-8 comes as a list of bytes: never a control token.
        texts = {
            token["piece"]
            for token in tokens
            if isinstance(token["piece"], str) and self._is_control(token["id"], token["piece"])
        }
        return tuple(sorted(texts, key=len, reverse=True))

    def _is_control(self, token: int, text: str) -> bool:
        if not text:
            return False
        if text in self._controls:
            return True
        if self._tokenize(text, special=True) != [token]:
            return False
        if self._tokenize(text) == [token] and not MARKER.fullmatch(text):
            return False
        # Some tokens include the white space after them (“rstrip” in the vocabulary).
        strips = self._tokenize(f"{text}\n", special=True) == [token]
        with self._lock:
            self._controls[text] = (token, strips)
        return True

    def _tokenize_plain(self, text: str) -> tuple[int, ...]:
        """Ids of *text*, cut inside each marker that would be one token even in plain text."""
        markers = MARKER.finditer(text)
        cuts = [m.start() + 1 for m in markers if len(self._tokenize(m.group())) == 1]
        parts = [text[a:b] for a, b in pairwise([0, *cuts, len(text)])]
        return tuple(token for part in parts if part for token in self._tokenize(part))

    def _tokenize(self, text: str, *, special: bool = False, begin: bool = False) -> list[int]:
        if len(text) > MAX_CHARS:
            raise TooLarge("llamacpp_text_too_long", limit=MAX_CHARS)
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise BadRequest("engine_text_invalid")
        body = {"content": text, "add_special": begin, "parse_special": special}
        return [int(token) for token in self._routes.ask("POST", "/tokenize", body)["tokens"]]
