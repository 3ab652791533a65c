"""Text to token ids and back, in Python: the model library's own tokeniser can be crashed.

ctransformers 0.2.27 writes past its buffer on an emoji, and its older tokenisers recurse on
long runs; so text is tokenised here and only ids reach the library.
"""

from __future__ import annotations

from chatbot_server.engine.tokenizers.base import Tokenizer
from chatbot_server.engine.tokenizers.bpe import BpeTokenizer
from chatbot_server.engine.tokenizers.ranked import RankedTokenizer
from chatbot_server.engine.tokenizers.spm import SpmTokenizer
from chatbot_server.errors import ModelError
from chatbot_server.models.base import TokenizerData

KINDS: dict[str, type[Tokenizer]] = {
    "bpe": BpeTokenizer,
    "spm": SpmTokenizer,
    "legacy": RankedTokenizer,
}


def make_tokenizer(data: TokenizerData) -> Tokenizer:
    """The tokeniser of a model's vocabulary.

    Raises:
        ModelError: a kind, or a pre-tokeniser, that is not known here.
    """
    if data.kind not in KINDS:
        raise ModelError("engine_tokenizer_unknown", name=data.kind)
    return KINDS[data.kind](data)
