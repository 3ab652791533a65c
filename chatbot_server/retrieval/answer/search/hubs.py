"""Hubness: chunks that are near to every question, whatever it asks.

Vectors of one model lie in a narrow cone: a short chunk that says little (“Ask us!”) is nearer to
most questions than the section that answers. The similarity of a chunk to the *mean* of many
questions measures this. Most of it is subtracted from its similarity to the question.
"""

from __future__ import annotations

import base64
from functools import cache

import numpy as np

from chatbot_server.resources import read_yaml
from chatbot_server.retrieval.index.vectors import Vector


@cache
def mean_question(model: str) -> Vector | None:
    """The mean of the vectors of many questions; None if it is not known for *model*."""
    content = read_yaml("chatbot_server.retrieval.answer.search", "mean_question.yaml")
    if content["model"] != model:
        return None
    numbers = np.frombuffer(base64.b64decode(content["vector"]), dtype="<f2")
    return numbers.astype(np.float32)
