"""The answer test with the real embedded model."""

from __future__ import annotations

import pytest

from chatbot_server.conversation.model.faithfulness import all_questions, ask_all
from chatbot_server.engine.base import Sampling
from chatbot_server.engine.process.client import SocketEngine

pytestmark = pytest.mark.xdist_group("live")


def test_a_real_model_answers_and_is_judged(smol: SocketEngine) -> None:
    (answer,) = ask_all(smol, Sampling(), lambda _done, _all: None, all_questions()[:1])
    assert answer.text.strip()
    assert answer.is_right <= (not answer.is_stopped)
