"""Saves and restores what an instance of ctransformers has evaluated, as bytes.

Why: a conversation that lost its slot would be read again from its first token. Restoring its
state takes milliseconds.

How: ctransformers 0.2.27 has no function for this, but its compiled library contains llama.cpp
and exports two of its C functions, ``llama_copy_state_data`` and ``llama_set_state_data``. They
want a pointer to llama.cpp's context. ctransformers holds that pointer in a field of its C++
object ``llama_llm``; where in the object the field lies was found by looking at a live one, and
holds for the Linux x86-64 build of that version alone.

What keeps it safe: :meth:`NativeState.find` gives None, and the server does without saved states,
unless version, system, function names and the object's neighbouring fields are all as expected
and the context confirms its own length. Then
:meth:`~chatbot_server.engine.ctransformers.decoder.CtDecoder.enable_state` saves and restores
once when the model is loaded, and compares the logits that follow.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import sys
from importlib.metadata import version
from typing import Any

KNOWN_VERSION = "0.2.27"
# Bytes from the beginning of a `llama_llm` object to three of its fields.
CONTEXT_LENGTH_AT, INITIALISED_AT, CONTEXT_AT = 40, 224, 232


class NativeState:
    """Saves and restores the state of one instance."""

    def __init__(self, library: Any, context: int) -> None:
        self._library = library
        self._context = ctypes.c_void_p(context)
        library.llama_get_state_size.restype = ctypes.c_size_t
        library.llama_get_state_size.argtypes = [ctypes.c_void_p]
        for name in ("llama_copy_state_data", "llama_set_state_data"):
            function = getattr(library, name)
            function.restype = ctypes.c_size_t
            function.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        # An upper bound, for a full context. Memory that is not written takes no space.
        self._capacity = int(library.llama_get_state_size(self._context))

    @classmethod
    def find(cls, llm: Any, context_length: int) -> NativeState | None:
        """The state functions of *llm*; None if anything differs from what was tested."""
        is_known_version = version("ctransformers") == KNOWN_VERSION
        if not (is_known_version and sys.platform == "linux" and platform.machine() == "x86_64"):
            return None
        library, base = llm._lib, llm._llm
        names = ("llama_get_state_size", "llama_copy_state_data", "llama_set_state_data")
        if not all(hasattr(library, name) for name in names):
            return None
        length = ctypes.c_int.from_address(base + CONTEXT_LENGTH_AT).value
        is_initialised = ctypes.c_uint8.from_address(base + INITIALISED_AT).value
        context = ctypes.c_uint64.from_address(base + CONTEXT_AT).value
        if length != context_length or is_initialised != 1 or context in (0, 1) or context % 8:
            return None
        library.llama_n_ctx.argtypes = [ctypes.c_void_p]
        if library.llama_n_ctx(ctypes.c_void_p(context)) != context_length:
            return None
        return cls(library, context)

    def save(self) -> bytes:
        """What the instance has evaluated; 23.5 KB a token for SmolLM2-135M."""
        with mmap.mmap(-1, self._capacity) as buffer:
            target = ctypes.c_uint8.from_buffer(buffer)
            length = self._library.llama_copy_state_data(self._context, ctypes.byref(target))
            del target  # or the buffer could not be closed
            return buffer[:length]

    def restore(self, state: bytes) -> bool:
        """Take *state* back; False if the library read another length than was saved."""
        return bool(self._library.llama_set_state_data(self._context, state) == len(state))
