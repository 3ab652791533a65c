"""The models folder: names, references, removal; and what is on offer."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chatbot_server.config.sections import EngineName
from chatbot_server.engine.registry import preferred_engine
from chatbot_server.errors import EngineError, ModelError
from chatbot_server.messages import catalogue as sentences
from chatbot_server.messages import say
from chatbot_server.models.base import Refusal, tier_by_size
from chatbot_server.models.files.inspect import inspect_model
from chatbot_server.models.store.catalogue import CatalogueEntry, catalogue
from chatbot_server.models.store.check import check_model, ensure_memory
from chatbot_server.models.store.folder import RECORD, add_file, find_model, installed, remove_model
from chatbot_server.models.store.offers import all_offers
from chatbot_server.prompt.formats import all_formats, pick_format

SMOLLM2 = "smollm2-135m-instruct"


def choose(_: object) -> tuple[EngineName, dict[EngineName, Refusal]]:
    return "ctransformers", {}


# -- finding ----------------------------------------------------------------------------


def test_an_added_file_is_found_by_name_and_stays_where_it_is(
    tiny: dict[str, Path], tmp_path: Path
) -> None:
    assert add_file(tiny["spm"], tmp_path) == "spm"
    found = find_model("spm", tmp_path)
    assert (found.path, found.title, found.tier) == (tiny["spm"], "spm", "quote")
    assert [file.name for file in tmp_path.iterdir()] == [RECORD]
    assert remove_model("spm", tmp_path) is None
    assert tiny["spm"].is_file()
    with pytest.raises(ModelError):
        find_model("spm", tmp_path)


def test_a_file_put_into_the_folder_is_a_model(tiny: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "My Model.gguf"
    path.write_bytes(tiny["spm"].read_bytes())
    assert installed(tmp_path) == {"my-model": path}
    assert find_model("my-model", tmp_path).path == path
    assert find_model(str(path), tmp_path).path == path
    assert find_model("My Model.gguf", tmp_path).path == path
    assert remove_model("my-model", tmp_path) == path
    assert not path.exists()


def test_the_file_of_an_offer_is_known_by_its_name(tiny: dict[str, Path], tmp_path: Path) -> None:
    entry = catalogue()["tinyllama-1.1b-chat"]
    path = tmp_path / str(entry.file_name)
    path.write_bytes(tiny["spm"].read_bytes())
    found = find_model(entry.name, tmp_path)
    assert (found.path, found.title, found.tier) == (path, entry.name, entry.tier)
    assert find_model(str(path), tmp_path).title == entry.name


@pytest.mark.parametrize(
    ("name", "code", "word"),
    [
        (SMOLLM2, "model_not_installed", f"pull {SMOLLM2}"),
        ("smolm2-135m", "model_name_near", SMOLLM2),
        ("models/none.gguf", "model_not_found", "none.gguf"),
    ],
)
def test_a_model_that_is_not_here_says_how_to_get_it(
    tmp_path: Path, name: str, code: str, word: str
) -> None:
    with pytest.raises(ModelError) as caught:
        find_model(name, tmp_path)
    assert caught.value.code == code
    assert caught.value.field == "engine.model"
    assert word in str(caught.value)


def test_a_broken_file_cannot_be_added(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(b"GGUF")
    with pytest.raises(ModelError):
        add_file(path, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_a_name_is_taken_once(tiny: dict[str, Path], tmp_path: Path) -> None:
    other = tmp_path / "spm.gguf"
    other.write_bytes(tiny["spm"].read_bytes())
    add_file(tiny["spm"], tmp_path / "models")
    add_file(tiny["spm"], tmp_path / "models")
    with pytest.raises(ModelError) as caught:
        add_file(other, tmp_path / "models")
    assert caught.value.code == "model_name_taken"


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 3}'])
def test_a_damaged_list_of_models_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / RECORD).write_text(text)
    with pytest.raises(ModelError) as caught:
        installed(tmp_path)
    assert str(tmp_path / RECORD) in str(caught.value)


# -- on offer ---------------------------------------------------------------------------


@pytest.mark.parametrize("entry", catalogue().values(), ids=lambda entry: entry.name)
def test_an_offer_is_complete(entry: CatalogueEntry) -> None:
    assert entry.source.startswith(("hf:", "pip:"))
    assert entry.family is None or entry.family in all_formats()
    assert entry.size > 1_000_000
    assert entry.kv > 0
    assert entry.memory_bytes(2048) >= entry.size + 2048 * entry.kv
    assert set(entry.languages) <= {"en", "fr"}
    assert entry.commercial in ("yes", "no", "terms")
    assert entry.tier in ("quote", "rephrase", "write")
    assert entry.context >= 2048
    assert entry.file_by in ("maker", "third party")
    assert entry.sha256 is None or re.fullmatch("[0-9a-f]{64}", entry.sha256)
    assert all(f"models_good_{key}" in sentences() for key in entry.good_for)


@pytest.mark.parametrize("entry", catalogue().values(), ids=lambda entry: entry.name)
def test_a_model_known_to_invent_may_only_quote(entry: CatalogueEntry) -> None:
    if entry.hallucinations and entry.hallucinations.percent > 20:
        assert entry.tier == "quote"


def test_models_of_today_go_by_machine_and_french_first() -> None:
    today = [entry for entry in catalogue().values() if entry.machine]
    assert [entry.machine for entry in today] == sorted(entry.machine or 0 for entry in today)
    assert {entry.machine for entry in today} == {2, 4, 6, 8}
    for entry in today:
        assert entry.least_memory_bytes(4096) <= (entry.machine or 0) * 10**9


@pytest.mark.parametrize(
    "family", ["alpaca", "dolly_v2", "gpt4all", "koala", "stablelm_alpha", "vicuna"]
)
def test_a_family_without_a_template_of_its_own_is_known_by_its_file(family: str) -> None:
    offers = [entry for entry in catalogue().values() if entry.family == family]
    assert offers
    for entry in offers:
        assert pick_format("", None, str(entry.file_name)) == family


def test_the_embedded_offer_is_what_its_file_is(smollm2: Path) -> None:
    entry, facts = catalogue()[SMOLLM2], inspect_model(smollm2)
    assert entry.size == facts.size
    assert entry.kv == facts.kv_bytes_per_token
    assert entry.family == facts.family
    assert entry.file_name == smollm2.name
    assert tier_by_size(facts.parameters) == entry.tier == "quote"


def test_offers_are_measured_against_the_machine(
    tiny: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot_server.models.store.offers.available_memory", lambda: 10**9)
    monkeypatch.setattr("chatbot_server.models.store.offers.free_disk", lambda _: 5 * 10**8)
    add_file(tiny["spm"], tmp_path)
    offers = {offer.name: offer for offer in all_offers(tmp_path, "spm", 2048, preferred_engine)}
    assert offers[SMOLLM2].fits
    assert not offers["mistral-7b-instruct-v0.3"].fits  # memory
    assert not offers["tinyllama-1.1b-chat"].fits  # disk
    assert not offers["tinyllama-1.1b-chat"].tight
    assert offers["qwen2.5-0.5b-instruct"].tight  # twice the file does not fit, once does
    own = offers["spm"]
    assert (own.installed, own.in_use, own.fits, own.source) == (True, True, True, str(tiny["spm"]))
    assert json.dumps([offer.as_json() for offer in offers.values()])


def test_the_model_in_use_is_marked_however_the_file_names_it(
    tiny: dict[str, Path], tmp_path: Path
) -> None:
    outside, folder = tmp_path / "outside.gguf", tmp_path / "models"
    folder.mkdir()
    for copy in (outside, folder / "inside.gguf"):
        copy.write_bytes(tiny["spm"].read_bytes())
    for used in ("inside", "inside.gguf", str(folder / "inside.gguf"), str(outside)):
        offers = all_offers(folder, used, 2048, preferred_engine)
        marked = [offer.source for offer in offers if offer.in_use]
        assert marked == [str(outside if used == str(outside) else folder / "inside.gguf")], used


# -- checking ---------------------------------------------------------------------------


def test_a_good_file_is_described(tiny: dict[str, Path]) -> None:
    loaded = []
    report = check_model(tiny["gptj"], choose, lambda *it: loaded.append(it))
    assert report.as_json("en") == {
        "ok": True, "family": "gpt4all", "architecture": "gptj", "format": "ggml",
        "engine": "ctransformers", "reason": None,
    }  # fmt: skip
    assert loaded == [(report.file, "ctransformers")]


def test_a_passed_over_engine_is_explained(tiny: dict[str, Path]) -> None:
    passed: dict[EngineName, Refusal] = {
        "ctransformers": Refusal("model_ct_architecture", {"name": "qwen2"})
    }
    report = check_model(tiny["spm"], lambda _: ("llamacpp", passed))
    record = report.as_json("fr")
    assert record["ok"] is True
    assert record["reason"] == say("model_ct_architecture", "fr", name="qwen2")


def test_a_load_that_fails_is_the_reason(tiny: dict[str, Path]) -> None:
    def probe(*_: object) -> None:
        raise EngineError("prompt_template_slow")

    record = check_model(tiny["spm"], choose, probe).as_json("en")
    assert record["ok"] is False
    assert record["format"] == "gguf"
    assert record["reason"] == say("prompt_template_slow")


def test_a_broken_file_is_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(b"GGUF\x03\0\0\0")
    record = check_model(path, choose, lambda *_: pytest.fail("loaded")).as_json("en")
    assert (record["ok"], record["format"], record["engine"]) == (False, None, None)
    assert "x.gguf" in str(record["reason"])


def test_a_model_bigger_than_memory_is_refused_before_it_is_loaded(
    tiny: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot_server.models.store.check.available_memory", lambda: 50_000_000)
    with pytest.raises(ModelError) as caught:
        ensure_memory(inspect_model(tiny["spm"]), 2048)
    assert caught.value.code == "model_too_big"
    record = check_model(tiny["spm"], choose, lambda *_: pytest.fail("loaded")).as_json("en")
    assert record["ok"] is False


def test_a_malicious_template_is_found_by_the_check(tiny: dict[str, Path], tmp_path: Path) -> None:
    from support.models.tiny_models import write_random_llama_gguf

    path = tmp_path / "evil.gguf"
    write_random_llama_gguf(path, chat_template="{{ ''.__class__.__mro__ }}")
    record = check_model(path, choose).as_json("en")
    assert record["ok"] is False
    assert "engine.family" in str(record["reason"])


def test_a_list_of_models_that_cannot_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "installed.json").mkdir()
    with pytest.raises(ModelError) as told:
        installed(tmp_path)
    assert told.value.code == "model_unreadable"
