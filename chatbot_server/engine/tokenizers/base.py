"""What every tokeniser shares: the vocabulary, its control tokens, the bytes of a token."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator

from chatbot_server.models.base import TokenizerData, TokenType

# Legacy files carry no token types; these are the control tokens of their families. StarCoder's
# (tokenizer_config.json of bigcode/starcoder) and SantaCoder's have no bars.
LEGACY_CONTROL = re.compile(
    rb"<\|[^<>|]{1,40}\|>|</?s>|<unk>|<pad>|### (?:End|Instruction:|Response:\n?)"
    rb"|<(?:fim|issue|jupyter|commit)[_-][a-z]{1,20}>|<(?:filename|gh_stars|reponame|empty_output)>"
)
# Ends of an answer by name (llama.cpp, llama-vocab.cpp, special_eog_ids).
END_NAMES = (
    "<|im_end|>",
    "<|eot_id|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<end_of_turn>",
    "<|end|>",
    "</s>",
    "### End",
)


class Tokenizer(ABC):
    """Turns text into ids and ids into bytes.

    Attributes:
        controls: the id of each control token, by its text. Only trusted text may become one.
        end_ids: ids that end a completion.
    """

    def __init__(self, data: TokenizerData) -> None:
        self.data = data
        self._types = data.types or [
            TokenType.CONTROL if LEGACY_CONTROL.fullmatch(token) else TokenType.NORMAL
            for token in data.tokens
        ]
        spelt_out = (TokenType.CONTROL, TokenType.USER_DEFINED, TokenType.UNKNOWN)
        self.controls = {
            data.tokens[token].decode("utf-8", "replace"): token
            for token, kind in enumerate(self._types)
            if kind in spelt_out and data.tokens[token].strip()
        }
        ends_by_name = {self.controls[name] for name in END_NAMES if name in self.controls}
        self.end_ids = frozenset({*data.eog_ids, data.eos_id, *ends_by_name} - {-1})
        self._pieces = [self._bytes_of(token) for token in range(len(data.tokens))]

    @abstractmethod
    def encode(self, text: str, *, first: bool = True) -> list[int]:
        """Ids of plain *text*; never a control token, whatever the text spells.

        *first*: the text begins the prompt or follows a control token (where
        SentencePiece puts its dummy space).
        """

    @abstractmethod
    def _bytes_of(self, token: int) -> bytes:
        """The bytes of *token*, computed once for each; nothing for a control token."""

    def piece(self, token: int) -> bytes:
        """The bytes *token* adds to a completion; nothing for a control token."""
        return self._pieces[token]

    def count(self, text: str) -> int:
        """Number of tokens of plain *text*."""
        return len(self.encode(text)) if text else 0

    def _plain_tokens(self) -> Iterator[tuple[int, bytes]]:
        """Id and text of the tokens that plain text may become."""
        for token, text in enumerate(self.data.tokens):
            kind = self._types[token]
            # A run of spaces is often “user defined” and harmless; `<|user|>` may be so, too.
            is_blank = kind == TokenType.USER_DEFINED and not text.strip()
            if kind in (TokenType.NORMAL, TokenType.BYTE) or is_blank:
                yield token, text

    def _is_hidden(self, token: int) -> bool:
        """Whether *token* adds no text to a completion."""
        return self._types[token] in (TokenType.CONTROL, TokenType.UNKNOWN)
