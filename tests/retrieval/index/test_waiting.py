"""The processes that read files and make vectors, of a server with very many open files."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator

import pytest

from chatbot_server.retrieval.index.embedder import make_embedder
from chatbot_server.retrieval.read.extractor import Extractor

pytestmark = pytest.mark.xdist_group("live")
BEYOND_SELECT = 1100


@pytest.fixture(autouse=True)
def many_files() -> Iterator[None]:
    """Files up to a number that ``select`` does not know are open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(BEYOND_SELECT)]
    yield
    for file in held:
        os.close(file)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_file_is_read() -> None:
    extractor = Extractor()
    read = extractor.read(b"We open at nine.", "text", "hours.txt", "file:hours.txt")
    extractor.close()
    assert read.drafts[0].text == "We open at nine."


def test_each_question_gets_its_own_vector() -> None:
    embedder = make_embedder("on")
    assert embedder is not None
    found = [embedder.query(text) for text in ("opening hours", "parking", "opening hours")]
    embedder.close()
    first, other, again = (vectors.whole.tolist() for vectors in found)
    assert first == again
    assert first != other
