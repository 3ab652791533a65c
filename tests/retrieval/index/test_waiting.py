"""The processes that read files and make vectors, of a server with very many open files."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.patience import wait_for

from chatbot_server.processes.json_line_child import ChildFailed
from chatbot_server.retrieval.index.embedder import ChildEmbedder, make_embedder
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


def test_a_process_that_fails_is_tried_again_after_a_second_then_less_and_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment, tries = 0.0, []

    class Failing:
        is_running = False

        def ask(self, _request: object, _seconds: float) -> None:
            tries.append(moment)
            if moment != 7.0:
                raise ChildFailed

    embedder = ChildEmbedder()
    embedder._child = Failing()  # type: ignore[assignment]
    clock = SimpleNamespace(monotonic=lambda: moment)
    monkeypatch.setattr("chatbot_server.retrieval.index.embedder.time", clock)
    for seconds in (0.0, 0.9, 1.0, 2.9, 3.0, 6.9, 7.0, 7.1, 8.0, 8.2):
        moment = seconds
        embedder.count(["hello"], query=False)
    # It loads and answers at 7; what fails after that is tried again a second later.
    assert tries == [0.0, 1.0, 3.0, 7.0, 7.0, 7.1, 8.2]


def test_questions_that_wait_are_computed_together() -> None:
    embedder = ChildEmbedder()
    texts = ["opening hours", "parking", "prices", "lost property"]
    alone = [embedder.query(text) for text in texts]
    sizes: list[int] = []
    ask = embedder._child.ask

    def noting_ask(request: dict[str, Any], seconds: float) -> Any:
        sizes.append(len(request["questions"]))
        return ask(request, seconds)

    embedder._child.ask = noting_ask  # type: ignore[method-assign]
    with ThreadPoolExecutor(len(texts)) as visitors:
        with embedder._lock:  # it computes for others
            answers = [visitors.submit(embedder.query, text) for text in texts]
            wait_for(lambda: len(embedder._waiting) == len(texts))
        together = [answer.result() for answer in answers]
    embedder.close()
    assert sizes == [len(texts)]
    for one, other in zip(alone, together, strict=True):
        assert one is not None
        assert other is not None
        assert np.allclose(one.whole, other.whole, atol=1e-5)
        assert one.words.keys() == other.words.keys()
