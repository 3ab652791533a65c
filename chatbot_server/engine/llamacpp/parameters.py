"""How llama.cpp's server is set up inside the engine's process."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.errors import ModelError
from chatbot_server.models.machine import available_memory

# Tokens evaluated at once. Answers in the making wait for one such piece of another
# visitor's prompt, and a visitor who leaves is noticed between two of them. 128 read a
# 1,000-token prompt as fast as llama.cpp's default of 2,048 (docs/decisions/0006).
PIECE = 128

# Prompt lookup: where the last LOOKUP_TOKENS tokens stand earlier in the prompt or the answer, up
# to DRAFT_TOKENS that follow there are verified in one step. What is written stays the same.
# Longer drafts and shorter matches cost more than they give (docs/decisions/0006).
LOOKUP_TOKENS, DRAFT_TOKENS = 4, 6

# How often a thread looks whether the others are done before it sleeps. GNU's OpenMP looks 300,000
# times, and meanwhile keeps the processor from the very thread that it waits for.
SPIN_COUNT = "2000"


def start(settings: EngineSettings, socket: Path, *, embedding: bool = False) -> tuple[Any, str]:
    """llama.cpp's server with the model loaded, and the key of its *socket*.

    The socket's folder is one that only this user can enter.

    Raises:
        ModelError: ``xllamacpp`` is not installed, or refuses the file.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)  # read once, while the library is loaded
    try:
        # Imported here: 100 MB that only the engine's process needs, and an optional extra.
        import xllamacpp  # type: ignore[import-untyped]
    except ImportError:
        raise ModelError("engine_not_installed", engine="llamacpp") from None
    key = secrets.token_urlsafe(32)
    socket.unlink(missing_ok=True)
    parameters = _parameters(xllamacpp, settings, embedding=embedding)
    # The server listens even when it is only called from Python; a socket file in a
    # private folder with a random key instead of a port that every local user can reach.
    parameters.hostnames = [str(socket)]
    parameters.api_keys = [key]
    try:
        return xllamacpp.Server(parameters), key
    except RuntimeError as error:
        raise ModelError("llamacpp_not_loaded", file=settings.path.name) from error


def _parameters(library: Any, settings: EngineSettings, *, embedding: bool) -> Any:
    parameters = library.CommonParams()
    parameters.model.path = str(settings.path)
    parameters.n_ctx = settings.context_length * settings.slots
    parameters.n_parallel = settings.slots
    parameters.n_batch = parameters.n_ubatch = min(PIECE, settings.context_length)
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = settings.threads
    parameters.cache_ram_mib = settings.state_cache_mb  # its default is 8 GiB
    # llama.cpp keeps Q4_0 and Q4_K weights a second time, in an order the processor reads
    # faster. TinyLlama Q4_0 on 2 cores: 1.24 GB and 52 tokens/s read, 19 written; without the
    # copy 0.68 GB, 32 and 15.
    is_memory_short = 0 < available_memory() < 2.5 * settings.path.stat().st_size
    parameters.no_extra_bufts = embedding or is_memory_short
    parameters.fit_params = False  # guesses by free memory; what was asked for is meant
    parameters.ui = parameters.endpoint_slots = False
    # One of its own: the file's would be run here, in native code and without a limit, while
    # the model is loaded. Prompts come written out already (chatbot_server.prompt).
    parameters.chat_template = "chatml"
    parameters.n_threads_http = 2
    parameters.verbosity = 0
    if not embedding and DRAFT_TOKENS:
        kinds, lookup = library.common_speculative_type, parameters.speculative.ngram_simple
        parameters.speculative.types = [kinds.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE]
        lookup.size_n, lookup.size_m, lookup.min_hits = LOOKUP_TOKENS, DRAFT_TOKENS, 1
    if embedding:
        parameters.embedding = True
        parameters.pooling_type = library.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
        # A text must fit in one piece.
        parameters.n_batch = parameters.n_ubatch = settings.context_length
    return parameters
