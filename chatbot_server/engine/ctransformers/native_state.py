"""The library's memory of a conversation as bytes, through llama.cpp's C functions in it.

ctransformers 0.2.27 does not offer this, but its library exports llama.cpp's
``llama_copy_state_data`` and ``llama_set_state_data`` and keeps the context they need in
its own object, at an offset that is known for the Linux x86-64 build alone. Everything is
checked before it is believed, and a conversation is saved and restored once at the load to
see whether the model goes on with the same logits (:meth:`.decoder.CtDecoder.enable_state`).
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import sys
from importlib.metadata import version
from typing import Any

KNOWN_VERSION = "0.2.27"
# Inside the C++ class `llama_llm`, found by looking at a live object:
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
        # An upper bound, for a full context; memory that is not written is never real.
        self._capacity = int(library.llama_get_state_size(self._context))

    @classmethod
    def find(cls, llm: Any, context_length: int) -> NativeState | None:
        """The state functions of *llm*; None where anything is not as it was seen to be."""
        known = version("ctransformers") == KNOWN_VERSION
        if not (known and sys.platform == "linux" and platform.machine() == "x86_64"):
            return None
        library, base = llm._lib, llm._llm
        names = ("llama_get_state_size", "llama_copy_state_data", "llama_set_state_data")
        if not all(hasattr(library, name) for name in names):
            return None
        length = ctypes.c_int.from_address(base + CONTEXT_LENGTH_AT).value
        initialised = ctypes.c_uint8.from_address(base + INITIALISED_AT).value
        context = ctypes.c_uint64.from_address(base + CONTEXT_AT).value
        if length != context_length or initialised != 1 or context in (0, 1) or context % 8:
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
