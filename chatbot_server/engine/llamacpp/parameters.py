"""How llama.cpp's server is set up inside the engine's process."""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot_server.errors import ModelError
from chatbot_server.models.machine import available_memory

# Tokens evaluated at once. Answers in the making wait for one such piece of another
# visitor's prompt, and a visitor who leaves is noticed between two of them. 128 read a
# 1,000-token prompt as fast as llama.cpp's default of 2,048 (docs/decisions/0006).
PIECE = 128
# The system's limit for the name of a socket is 108 bytes on Linux, 104 on macOS, and the
# one for embeddings has a longer name.
LONGEST = 90


@dataclass(frozen=True)
class Setup:
    """What the server is started with.

    Attributes:
        socket: where it listens; in a folder that only this user can enter.
        context_length: of each slot, in tokens.
        cache_mb: memory for evaluated prompts that lost their slot.
        spare_memory: do not keep a second copy of the weights in the processor's own
            order; None: if memory is short.
    """

    file: Path
    socket: Path
    context_length: int
    slots: int
    threads: int
    cache_mb: int
    embedding: bool = False
    spare_memory: bool | None = None


def reachable(path: Path) -> tuple[int | None, Path]:
    """A name for the socket *path* that is short enough, by way of its open folder if need be.

    Returns:
        The open folder, to be closed after use, and the name.
    """
    if len(os.fsencode(path)) <= LONGEST or sys.platform != "linux":
        return None, path
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    return folder, Path(f"/proc/self/fd/{folder}/{path.name}")


def start(setup: Setup) -> tuple[Any, str]:
    """llama.cpp's server with the model loaded, and the key of its socket.

    Raises:
        ModelError: ``xllamacpp`` is not installed, or refuses the file.
    """
    try:
        # Imported here: 100 MB that only the engine's process needs, and an optional extra.
        import xllamacpp  # type: ignore[import-untyped]
    except ImportError:
        raise ModelError("engine_not_installed", engine="llamacpp") from None
    key = secrets.token_urlsafe(32)
    setup.socket.unlink(missing_ok=True)
    parameters = _parameters(xllamacpp, setup)
    # The server listens even when it is only called from Python; a socket file in a
    # private folder with a random key instead of a port that every local user can reach.
    parameters.hostnames = [str(setup.socket)]
    parameters.api_keys = [key]
    try:
        return xllamacpp.Server(parameters), key
    except RuntimeError as error:
        raise ModelError("llamacpp_not_loaded", file=setup.file.name) from error


def _parameters(library: Any, setup: Setup) -> Any:
    parameters = library.CommonParams()
    parameters.model.path = str(setup.file)
    parameters.n_ctx = setup.context_length * setup.slots
    parameters.n_parallel = setup.slots
    parameters.n_batch = parameters.n_ubatch = min(PIECE, setup.context_length)
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = setup.threads
    parameters.cache_ram_mib = setup.cache_mb  # its default is 8 GiB
    parameters.no_extra_bufts = _must_spare(setup)
    parameters.fit_params = False  # guesses by free memory; what was asked for is meant
    parameters.ui = parameters.endpoint_slots = False
    # One of its own: the file's would be run here, in native code and without a limit, while
    # the model is loaded. Prompts come written out already (chatbot_server.prompt).
    parameters.chat_template = "chatml"
    parameters.n_threads_http = 2
    parameters.verbosity = 0
    if setup.embedding:
        parameters.embedding = True
        parameters.pooling_type = library.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
        # A text must fit in one piece.
        parameters.n_batch = parameters.n_ubatch = setup.context_length
    return parameters


def _must_spare(setup: Setup) -> bool:
    """Whether there is no room for the weights twice.

    llama.cpp keeps Q4_0 and Q4_K weights a second time, in an order the processor reads
    faster. TinyLlama Q4_0 on 2 cores: 1.24 GB and 52 tokens/s read, 19 written; without the
    copy 0.68 GB, 32 and 15.
    """
    if setup.spare_memory is not None:
        return setup.spare_memory
    available = available_memory()
    return 0 < available < 2.5 * setup.file.stat().st_size
