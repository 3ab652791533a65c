"""Slots over one mapping of the model: each thinks what an instance of its own would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.models.tiny_models import write_random_llama_gguf

from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.ctransformers import shared_model
from chatbot_server.engine.ctransformers.decoder import CtDecoder
from chatbot_server.engine.ctransformers.threads import ThreadGovernor
from chatbot_server.models.base import PreparedModel
from chatbot_server.models.files.inspect import inspect_model

IDS = list(range(10, 60))


Load = Callable[[], CtDecoder]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    file = write_random_llama_gguf(tmp_path / "tiny.gguf", context_length=512)
    model = PreparedModel(file, None, inspect_model(file))
    settings = EngineSettings(file, "ctransformers", tmp_path, context_length=256, threads=1)
    return lambda: CtDecoder(model, settings, ThreadGovernor(1))


@pytest.fixture
def slots(load: Load) -> list[CtDecoder]:
    shared = load().share(3)
    assert len(shared) == 3
    return shared


def alone(load: Load, *pieces: list[int]) -> list[float]:
    decoder = load()
    for piece in pieces:
        decoder.evaluate(piece)
    return decoder.logits()


def test_slots_that_take_turns_do_not_disturb_each_other(
    load: Load, slots: list[CtDecoder]
) -> None:
    talks = [IDS[:20], IDS[20:45], IDS[::-1]]
    for slot, talk in zip(slots, talks, strict=True):
        slot.evaluate(talk)
    for token in (7, 8, 9):
        for slot in slots:
            slot.evaluate([token])

    for slot, talk in zip(slots, talks, strict=True):
        assert slot.logits() == alone(load, talk, [7], [8], [9])
        assert slot.tokens == [*talk, 7, 8, 9]


def test_a_state_goes_from_one_slot_to_another(load: Load, slots: list[CtDecoder]) -> None:
    first, second, _ = slots
    assert all(slot.enable_state(check=slot is first) for slot in slots)
    first.evaluate(IDS)
    state = first.save()
    second.evaluate(IDS[::-1])
    assert state
    second.restore(state, IDS)
    second.evaluate([7])
    first.rewind(10)

    assert second.logits() == alone(load, IDS, [7])
    assert len(first.tokens) == 10


@pytest.mark.parametrize("change", [{"n_ctx": 4096}, {"rope_freq_base": 1.0}])
def test_parameters_that_lie_elsewhere_leave_each_slot_its_own_instance(
    load: Load, monkeypatch: pytest.MonkeyPatch, change: dict[str, float]
) -> None:
    monkeypatch.setattr(shared_model, "DEFAULTS", shared_model.DEFAULTS | change)
    decoder = load()

    assert decoder.share(2) == []
    decoder.evaluate(IDS)
    assert decoder.logits() == alone(load, IDS)


def test_a_context_that_thinks_otherwise_is_not_used(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = load()
    thoughts = iter([[1.0], [1.0], [2.0]])
    with monkeypatch.context() as patch:
        patch.setattr(CtDecoder, "_trial_logits", lambda self: next(thoughts))
        assert decoder.share(2) == []
    decoder.evaluate(IDS)

    assert decoder.logits() == alone(load, IDS)


class NeverAsked(ThreadGovernor):
    """Fails where more than one thread could be chosen."""

    def threads(self) -> int:
        raise AssertionError("a trial of the start must take one thread")


def test_what_is_tried_at_a_start_takes_one_thread(load: Load) -> None:
    decoder = load()
    decoder._governor = NeverAsked(2)
    slots = decoder.share(2)
    assert len(slots) == 2
    assert all(slot.enable_state(check=True) for slot in slots)
