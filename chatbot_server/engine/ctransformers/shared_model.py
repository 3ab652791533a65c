"""Several conversations over one copy of the model in memory, through llama.cpp's C functions.

Why: each instance of ctransformers maps the model file into memory again. A token touches all
pages of the file, so with four instances in turns the processor's page tables leave its cache:
a token takes 4.2 % longer, against 1.2 to 1.9 % with four contexts over one mapping (and a slot
24 MB instead of 52).

How: llama.cpp keeps weights (the model) and a conversation's state (a context) apart. The model
is loaded once here, with one context for each slot; the one ctransformers object is pointed at
the context whose turn it is, by writing that context's address into the field that
:mod:`~chatbot_server.engine.ctransformers.native_state` found. Only one thread may do so.

What keeps it safe: the parameters are passed to C as a structure, declared below; the library
must give its known default values in it, or its layout is another. Every new context must give
the same logits as the object's own, bit by bit
(:meth:`~chatbot_server.engine.ctransformers.decoder.CtDecoder.share`).
"""

from __future__ import annotations

import ctypes
from typing import Any

from chatbot_server.engine.ctransformers.native_state import CONTEXT_AT

FUNCTIONS = (
    "llama_context_default_params",
    "llama_load_model_from_file",
    "llama_new_context_with_model",
)
# What the library answers if the parameters lie in memory as they are declared here.
DEFAULTS = {
    "n_ctx": 512,
    "n_batch": 512,
    "rope_freq_base": 10000.0,
    "rope_freq_scale": 1.0,
    "f16_kv": True,
    "use_mmap": True,
    "embedding": False,
}
_FLAGS = "low_vram mul_mat_q f16_kv logits_all vocab_only use_mmap use_mlock embedding"


class _Params(ctypes.Structure):
    """``llama_context_params`` of September 2023."""

    _fields_ = (
        ("seed", ctypes.c_uint32),
        *((name, ctypes.c_int32) for name in ("n_ctx", "n_batch", "n_gpu_layers", "main_gpu")),
        ("tensor_split", ctypes.c_void_p),
        *((name, ctypes.c_float) for name in ("rope_freq_base", "rope_freq_scale")),
        *((name, ctypes.c_void_p) for name in ("progress", "progress_data")),
        *((name, ctypes.c_bool) for name in _FLAGS.split()),
    )


class SharedModel:
    """A model and its contexts. They live as long as the process."""

    def __init__(self, llm: Any, path: str, context_length: int, params: _Params) -> None:
        self._library = llm._lib
        self._slot = ctypes.c_uint64.from_address(llm._llm + CONTEXT_AT)
        self._own = self._slot.value
        params.n_ctx, params.embedding = context_length, True
        self._params = params
        self._model = self._library.llama_load_model_from_file(path.encode(), params)

    @classmethod
    def over(cls, llm: Any, path: str, context_length: int) -> SharedModel | None:
        """*path* mapped once; None where a function is missing or anything lies elsewhere.

        The caller has found the instance as :class:`.native_state.NativeState` expects it.
        """
        library = llm._lib
        if not all(hasattr(library, name) for name in FUNCTIONS):
            return None
        default, load, make = (getattr(library, name) for name in FUNCTIONS)
        default.restype = _Params
        load.restype, load.argtypes = ctypes.c_void_p, [ctypes.c_char_p, _Params]
        make.restype, make.argtypes = ctypes.c_void_p, [ctypes.c_void_p, _Params]
        params = default()
        if any(getattr(params, name) != value for name, value in DEFAULTS.items()):
            return None
        model = cls(llm, path, context_length, params)
        return model if model._model else None

    def context(self) -> int:
        """The address of a new context; 0 if there is no memory for it."""
        make = self._library.llama_new_context_with_model
        return int(make(self._model, self._params) or 0)

    def turn(self, context: int) -> None:
        """Make the instance use *context* from now on."""
        self._slot.value = context

    def give_back(self) -> None:
        """Make the instance use its own context again."""
        self._slot.value = self._own
