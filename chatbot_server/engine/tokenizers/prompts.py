"""A prompt's segments to ids: control tokens from trusted text, exact ids for own answers."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from threading import Lock

from chatbot_server.engine.tokenizers.base import Tokenizer
from chatbot_server.prompt.base import Prompt, Segment

MAX_ANSWERS = 1000


class PromptEncoder:
    """Encodes prompts. Thread-safe; adjacent plain texts are tokenised as one.

    So “USER: ” and a visitor's “Hello” give the same ids as “USER: Hello”, which is what
    models were trained on. Control tokens were taken out of each trusted segment before,
    so that text of two segments can never form one.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._answers = AnswerIds(tokenizer)
        # Longest first: `<|end|>` must not be found inside `<|endoftext|>`.
        names = sorted(tokenizer.controls, key=len, reverse=True)
        self._control = re.compile("(" + "|".join(map(re.escape, names)) + ")") if names else None

    def encode(self, prompt: Prompt) -> list[int]:
        """Ids of the whole *prompt*, BOS included where it belongs."""
        data = self._tokenizer.data
        wants_bos = data.add_bos if prompt.bos is None else prompt.bos
        ids = [data.bos_id] if wants_bos and data.bos_id >= 0 else []
        plain, first = "", True
        for part in self._parts(prompt.segments):
            if isinstance(part, str):
                plain += part
                continue
            overlap, part_ids = part
            plain = plain[: len(plain) - overlap]
            ids += self._tokenizer.encode(plain, first=first) if plain else []
            ids += part_ids
            plain, first = "", part_ids[-1] in self._tokenizer.controls.values()
        ids += self._tokenizer.encode(plain, first=first) if plain else []
        # A template may spell BOS that the file adds, too; twice confuses models.
        return ids[1:] if len(ids) > 1 and ids[0] == ids[1] == data.bos_id else ids

    def remember(self, ids: Sequence[int]) -> None:
        """Remember the ids of a completion."""
        self._answers.add(ids)

    def _parts(self, segments: Sequence[Segment]) -> Iterator[str | tuple[int, list[int]]]:
        """Plain texts, and ids with the number of characters they take from the text before."""
        before = ""
        for segment in segments:
            if segment.trusted and self._control:
                for index, text in enumerate(self._control.split(segment.text)):
                    if index % 2:
                        yield 0, [self._tokenizer.controls[text]]
                    elif text:
                        yield text
                before = segment.text
                continue
            answer = None if segment.trusted else self._answers.find(segment.text, before)
            yield answer or segment.text
            before = segment.text


class AnswerIds:
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
                if len(self._ids) > MAX_ANSWERS:
                    self._ids.popitem(last=False)

    def find(self, text: str, before: str) -> tuple[int, list[int]] | None:
        """Ids for *text*, and how many characters at the end of *before* they cover.

        Answers are stored stripped: “ASSISTANT: ” + “Hello” was generated as “ASSISTANT:” +
        “ Hello”.
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
        byte_counts = list(accumulate(len(self._tokenizer.piece(token)) for token in ids))
        try:
            count = byte_counts.index(len((lead + text).encode())) + 1
        except ValueError:  # the text ends inside a token
            return None
        spells_it = self._text(ids[:count]) == lead + text
        return (len(lead), list(ids[:count])) if spells_it else None

    def _text(self, ids: Sequence[int]) -> str:
        return b"".join(map(self._tokenizer.piece, ids)).decode("utf-8", "replace")
