"""Tiny models of every format, and what to do to them."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.models import tiny_models
from support.models.model_hub import Hub, serving

from chatbot_server.models.store.downloads import network


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file of every kind, by name; not to be changed."""
    folder = tmp_path_factory.mktemp("tiny")
    files = {
        kind: tiny_models.write_legacy(folder / f"{kind}.bin", kind)
        for kind in tiny_models.LEGACY_KINDS
    }
    for tokenizer in ("spm", "bpe"):
        path = folder / f"{tokenizer}.gguf"
        files[tokenizer] = tiny_models.write_random_llama_gguf(path, tokenizer=tokenizer)
    return files


@pytest.fixture(scope="session")
def trusted() -> ssl.SSLContext:
    """The certificates that a download trusts on this machine."""
    return network.trust()


@pytest.fixture(autouse=True)
def trust(trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip is asked once for those it trusts, not for each download."""
    monkeypatch.setattr(network, "trust", lambda: trusted)


@pytest.fixture
def hub(tiny: dict[str, Path]) -> Iterator[Hub]:
    """A model hub on this machine with one small model."""
    with serving() as server:
        server.files["tiny-Q4_K_M.gguf"] = tiny["spm"].read_bytes()
        yield server
