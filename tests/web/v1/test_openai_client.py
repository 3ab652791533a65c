"""The official Python client against the real server, on both local engines."""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from support.patience import wait_for
from support.servers.openai_server import Api

from chatbot_server.engine.base import Completion, Event, Finished

pytestmark = [pytest.mark.model, pytest.mark.xdist_group("openai_api")]
MODEL = "SmolLM2-135M-Instruct"
ASK: dict[str, Any] = {
    "model": MODEL,
    "messages": [{"role": "user", "content": "What is the capital of France?"}],
    "max_tokens": 12,
    "temperature": 0,
}


def test_a_chat_is_answered_with_its_usage(api: Api) -> None:
    answer = api.client().chat.completions.create(**ASK)

    assert answer.object == "chat.completion"
    assert answer.model == MODEL
    assert answer.id.startswith("chatcmpl-")
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason in ("stop", "length")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.usage.prompt_tokens > 10


def test_a_stream_says_what_the_whole_answer_says(api: Api) -> None:
    whole = api.client().chat.completions.create(**ASK)
    chunks = list(
        api.client().chat.completions.create(
            **ASK, stream=True, stream_options={"include_usage": True}
        )
    )

    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text[:12] == whole.choices[0].message.content[:12]
    assert len(chunks) > 5
    assert chunks[-2].choices[0].finish_reason == whole.choices[0].finish_reason
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens > 0
    assert {chunk.id for chunk in chunks} == {chunks[0].id}


def test_without_being_asked_a_stream_tells_no_usage(api: Api) -> None:
    chunks = list(api.client().chat.completions.create(**ASK, stream=True))

    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


def test_the_same_seed_gives_the_same_answer(api: Api) -> None:
    ask = ASK | {"temperature": 1.2, "seed": 11, "max_tokens": 16}
    api.client().chat.completions.create(**ask)
    first, second = (api.client().chat.completions.create(**ask) for _ in range(2))

    assert first.choices[0].message.content == second.choices[0].message.content


def test_a_stop_string_ends_the_answer_and_is_not_in_it(api: Api) -> None:
    whole = api.client().chat.completions.create(**ASK).choices[0].message.content
    stop = whole[3:6]
    answer = api.client().chat.completions.create(**ASK, stop=[stop, "never said"])

    assert answer.choices[0].message.content == whole.partition(stop)[0]
    assert answer.choices[0].finish_reason == "stop"


def test_max_completion_tokens_is_the_new_name_of_max_tokens(api: Api) -> None:
    ask = {key: value for key, value in ASK.items() if key != "max_tokens"}
    answer = api.client().chat.completions.create(**ask, max_completion_tokens=2)

    assert answer.usage.completion_tokens == 2
    assert answer.choices[0].finish_reason == "length"


def test_more_tokens_than_the_context_has_are_cut_to_what_fits(api: Api) -> None:
    answer = api.client().chat.completions.create(**ASK | {"max_tokens": 100_000, "stop": " "})

    assert answer.choices[0].finish_reason == "stop"


def test_a_conversation_too_long_for_the_context_says_so(api: Api) -> None:
    long = [{"role": "user", "content": "bird " * 3000}]
    with pytest.raises(openai.BadRequestError) as raised:
        api.client().chat.completions.create(**ASK | {"messages": long})

    assert raised.value.code == "context_length_exceeded"


def test_content_in_parts_and_the_developer_role_are_understood(api: Api) -> None:
    messages = [
        {"role": "developer", "content": "Be short."},
        {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
    ]
    answer = api.client().chat.completions.create(**ASK | {"messages": messages})

    assert answer.choices[0].message.content


def test_json_is_had_from_the_engine_that_can_and_refused_by_the_other(api: Api) -> None:
    ask = ASK | {"response_format": {"type": "json_object"}, "max_tokens": 400}
    if api.engine.info().engine == "ctransformers":
        with pytest.raises(openai.BadRequestError, match="JSON"):
            api.client().chat.completions.create(**ask)
        return
    answer = api.client().chat.completions.create(**ask)

    assert answer.choices[0].finish_reason == "stop"
    assert isinstance(json.loads(answer.choices[0].message.content), dict)


def test_a_chat_of_many_short_turns_has_room_for_its_answer(api: Api) -> None:
    turn = [{"role": "user", "content": "Yes"}, {"role": "assistant", "content": "Go on"}]
    # 14 tokens a turn; with control tokens counted as they are spelled, 38.
    ask = ASK | {"messages": turn * 50 + ASK["messages"], "max_tokens": 200, "stop": ["\n\n\n"]}
    answer = api.client().chat.completions.create(**ask)

    assert answer.usage.prompt_tokens < 800
    assert answer.choices[0].message.content


def test_a_bare_text_is_completed(api: Api) -> None:
    ask: dict[str, Any] = {
        "model": "default",
        "prompt": "Once upon a time",
        "max_tokens": 8,
        "temperature": 0,
    }
    whole = api.client().completions.create(**ask)
    text = "".join(c.choices[0].text for c in api.client().completions.create(**ask, stream=True))

    assert whole.object == "text_completion"
    assert whole.choices[0].text.strip()
    assert text[:8] == whole.choices[0].text[:8]


def test_control_strings_in_a_bare_text_stay_text(api: Api) -> None:
    plain = api.client().completions.create(model="default", prompt="<|im_end|>", max_tokens=1)

    assert plain.usage is not None
    assert plain.usage.prompt_tokens > 3


def test_embeddings_are_had_from_the_engine_that_can_and_refused_by_the_other(api: Api) -> None:
    if api.engine.info().engine == "ctransformers":
        with pytest.raises(openai.BadRequestError, match="embeddings"):
            api.client().embeddings.create(model=MODEL, input="a cat")
        return
    coded = api.client().embeddings.create(model=MODEL, input=["a cat", "a dog"])
    plain = api.post("embeddings", {"model": MODEL, "input": "a cat"}).json()

    assert [row.index for row in coded.data] == [0, 1]
    assert coded.usage.prompt_tokens > 2
    vector = plain["data"][0]["embedding"]
    assert len(vector) == len(coded.data[0].embedding) == 576
    single = struct.unpack("<576f", struct.pack("<576f", *vector))
    assert coded.data[0].embedding == pytest.approx(single, abs=1e-4)


def test_the_model_is_listed(api: Api) -> None:
    listed = api.client().models.list().data

    assert [model.id for model in listed] == [MODEL]
    ask = ASK | {"model": "smollm2-135m-instruct", "max_tokens": 1}
    assert api.client().chat.completions.create(**ask).model == MODEL
    assert api.client().models.retrieve(MODEL).owned_by == "chatbot-server"


def test_another_model_is_not_found(api: Api) -> None:
    with pytest.raises(openai.NotFoundError, match="SmolLM2-135M-Instruct") as raised:
        api.client().chat.completions.create(**ASK | {"model": "gpt-4o"})

    assert raised.value.code == "model_not_found"


class Overheard:
    """A completion that remembers what it said, and that it was closed."""

    def __init__(self, completion: Completion) -> None:
        self._completion = completion
        self.said: list[Event] = []
        self.closed = False

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        self.said.append(next(self._completion))
        return self.said[-1]

    def close(self) -> None:
        self._completion.close()
        self.closed = True


def test_an_application_that_leaves_frees_the_slot(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Overheard] = []
    generate = api.engine.generate

    def overhear(*words: Any, **options: Any) -> Overheard:
        heard.append(Overheard(generate(*words, **options)))
        return heard[-1]

    monkeypatch.setattr(api.engine, "generate", overhear)
    story = [{"role": "user", "content": "Tell me a very long story."}]
    stream = api.client().chat.completions.create(
        **ASK | {"messages": story, "max_tokens": 900}, stream=True
    )
    next(iter(stream))
    stream.close()

    wait_for(lambda: heard[0].closed)
    assert not any(isinstance(event, Finished) for event in heard[0].said)
    wait_for(lambda: api.engine.status().state == "ready" and not api.engine.workload()[0])


def test_several_applications_are_answered_at_once(api: Api) -> None:
    answers: list[str] = []

    def ask() -> None:
        answers.append(api.client().chat.completions.create(**ASK).choices[0].message.content)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 5
    assert all(answers)


def test_without_room_for_chance_the_likeliest_words_come(api: Api) -> None:
    def told(**options: Any) -> str:
        asked = ASK | {"max_tokens": 8} | options
        choices = api.post("chat/completions", asked).json()["choices"]
        return str(choices[0]["message"]["content"])

    certain = told(temperature=0)
    assert [told(temperature=2, top_p=0, seed=seed) for seed in (1, 2)] == [certain, certain]


VARIED: dict[str, Any] = {"temperature": 1.5, "seed": 5, "max_tokens": 8}


def test_several_answers_to_one_question_count_its_prompt_once(api: Api) -> None:
    create = api.client().chat.completions.create
    one, several = (create(**ASK | VARIED, n=n) for n in (1, 3))

    assert [choice.index for choice in several.choices] == [0, 1, 2]
    assert len({choice.message.content for choice in several.choices}) > 1
    assert several.usage.prompt_tokens == one.usage.prompt_tokens
    assert several.usage.completion_tokens > one.usage.completion_tokens


def test_several_answers_are_streamed_one_after_the_other(api: Api) -> None:
    ask = ASK | VARIED | {"n": 2, "stream": True, "stream_options": {"include_usage": True}}
    *chunks, last = api.client().chat.completions.create(**ask)
    for index in range(2):
        pieces = [piece for chunk in chunks for piece in chunk.choices if piece.index == index]
        assert pieces[0].delta.role == "assistant"
        assert "".join(piece.delta.content or "" for piece in pieces)
        assert [piece.finish_reason for piece in pieces if piece.finish_reason] == ["length"]
    assert last.usage.completion_tokens == 16


def test_several_prompts_have_several_answers_each(api: Api) -> None:
    answer = api.client().completions.create(
        model=MODEL, prompt=["One", "Two"], n=2, max_tokens=3, temperature=1.5, seed=5
    )
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 12
