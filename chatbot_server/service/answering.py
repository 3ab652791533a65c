"""The engine as the processes of a running server use it, and how its answers are sampled."""

from __future__ import annotations

import time

from chatbot_server.config import Config
from chatbot_server.engine.base import Engine, Sampling
from chatbot_server.engine.process.client import SocketEngine

KNOWN_SECONDS = 30.0  # in which a new process learns what the engine can do


def build_engine(config: Config) -> Engine:
    """The engine over a socket or over HTTP, never in the process that uses it."""
    if config.engine.kind == "openai":
        # Imported here: that takes a tenth of a second, and most servers run a model of their own.
        from chatbot_server.engine.openai.engine import OpenAIEngine

        return OpenAIEngine(config.engine)
    return SocketEngine(config.run_dir)


def sampling(config: Config) -> Sampling:
    """How answers to visitors are sampled."""
    engine = config.engine
    return Sampling(
        max_tokens=min(engine.max_tokens, engine.context_length // 2),
        temperature=engine.temperature,
        top_p=engine.top_p,
        top_k=engine.top_k,
        repetition_penalty=engine.repetition_penalty,
    )


def is_loaded(engine: Engine) -> bool:
    """Wait until it is known what *engine* can do; False: it is still being loaded then.

    Of a server over HTTP, a new process does not know that for the first moments.
    """
    deadline = time.monotonic() + KNOWN_SECONDS
    while engine.status().state in ("starting", "restarting"):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.1)
    return True
