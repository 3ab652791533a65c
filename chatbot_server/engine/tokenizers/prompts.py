"""A prompt's segments to ids: control tokens from trusted text, exact ids for own answers."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from threading import Lock

from chatbot_server.engine.tokenizers.base import Tokenizer
from chatbot_server.prompt.base import Prompt, Segment

ANSWERS_KEPT = 1000


class PromptEncoder:
    """Thread-safe. Neighbouring plain texts are tokenised as one.

    So “USER: ” and a visitor's “Hello” give the same ids as “USER: Hello”, which is what
    models were trained on. Control tokens were taken out of each trusted segment before,
    so that text of two segments can never form one.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._answers = Answers(tokenizer)
        # Longest first: `<|end|>` must not be found inside `<|endoftext|>`.
        names = sorted(tokenizer.controls, key=len, reverse=True)
        self._control = re.compile("(" + "|".join(map(re.escape, names)) + ")") if names else None

    def encode(self, prompt: Prompt) -> list[int]:
        """Ids of the whole *prompt*, BOS included where it belongs."""
        ids = self._bos(prompt)
        plain, first = "", True
        for part in self._parts(prompt.segments):
            if isinstance(part, str):
                plain += part
                continue
            kept, answer = part
            plain = plain[: len(plain) - kept]
            ids += self._tokenizer.encode(plain, first=first) if plain else []
            ids += answer
            plain, first = "", answer[-1] in self._tokenizer.controls.values()
        ids += self._tokenizer.encode(plain, first=first) if plain else []
        return self._one_bos(ids)

    def remember(self, ids: Sequence[int]) -> None:
        """Keep the ids of a completion that was just made."""
        self._answers.add(ids)

    def _bos(self, prompt: Prompt) -> list[int]:
        data = self._tokenizer.data
        wanted = data.add_bos if prompt.bos is None else prompt.bos
        return [data.bos_id] if wanted and data.bos_id >= 0 else []

    def _one_bos(self, ids: list[int]) -> list[int]:
        """A template may spell BOS that the file adds, too; twice confuses models."""
        bos = self._tokenizer.data.bos_id
        return ids[1:] if len(ids) > 1 and ids[0] == ids[1] == bos else ids

    def _parts(self, segments: Sequence[Segment]) -> Iterator[str | tuple[int, list[int]]]:
        """Plain texts, and ids with the number of characters they take from the text before."""
        before = ""
        for segment in segments:
            if segment.trusted and self._control:
                for place, text in enumerate(self._control.split(segment.text)):
                    if place % 2:
                        yield 0, [self._tokenizer.controls[text]]
                    elif text:
                        yield text
                before = segment.text
                continue
            known = None if segment.trusted else self._answers.find(segment.text, before)
            yield known if known else segment.text
            before = segment.text


class Answers:
    """From the text of a completion to the ids that were generated.

    A model may spell a word in other tokens than its tokeniser would. Were an old answer
    tokenised anew, its ids could differ from the evaluated ones, and the whole rest of the
    conversation would have to be read again.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._ids: OrderedDict[str, tuple[int, ...]] = OrderedDict()
        self._lock = Lock()

    def add(self, ids: Sequence[int]) -> None:
        text = self._text(ids).strip()
        if text:
            with self._lock:
                self._ids[text] = tuple(ids)
                self._ids.move_to_end(text)
                if len(self._ids) > ANSWERS_KEPT:
                    self._ids.popitem(last=False)

    def find(self, text: str, before: str) -> tuple[int, list[int]] | None:
        """Ids for *text*, and how many characters at the end of *before* they cover.

        Rooms strip answers: “ASSISTANT: ” + “Hello” was generated as “ASSISTANT:” + “ Hello”.
        """
        with self._lock:
            ids = self._ids.get(text.strip())
        if ids is None:
            return None
        raw = self._text(ids)
        start = raw.find(text.strip()) - (len(text) - len(text.lstrip()))
        lead = raw[: max(start, 0)]
        if start < 0 or not before.endswith(lead):
            return None
        end = self._cut(ids, lead + text)
        return None if end is None else (len(lead), list(ids[:end]))

    def _cut(self, ids: tuple[int, ...], text: str) -> int | None:
        """How many of *ids* spell exactly *text*; None where it ends inside a token."""
        wanted = len(text.encode())
        length = 0
        for number, token in enumerate(ids, 1):
            length += len(self._tokenizer.piece(token))
            if length >= wanted:
                same = self._text(ids[:number]) == text
                return number if length == wanted and same else None
        return None

    def _text(self, ids: Sequence[int]) -> str:
        return b"".join(map(self._tokenizer.piece, ids)).decode("utf-8", "replace")
