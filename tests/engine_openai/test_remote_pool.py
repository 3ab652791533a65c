"""Which endpoint is asked, and who waits."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AnyHttpUrl
from support.patience import wait_for

from chatbot_server.config.sections import EndpointSection
from chatbot_server.engine.openai.endpoints import EndpointPool, RemoteEndpoint, is_local
from chatbot_server.engine.openai.request import CONTROL, escape_control
from chatbot_server.engine.slot_queue import SlotQueue
from chatbot_server.errors import EngineBusy


def make_pool(count: int, slots: int = 2) -> EndpointPool:
    urls = [f"http://127.0.0.1:{port}/v1" for port in range(1, count + 1)]
    pool = EndpointPool(
        [RemoteEndpoint(EndpointSection(url=AnyHttpUrl(url))) for url in urls], slots=slots
    )
    pool.close()  # nothing listens there: no checks
    return pool


def home(pool: EndpointPool, name: str) -> str:
    return pool.in_order(name)[0].url


def test_a_conversation_stays_with_its_endpoint_and_all_endpoints_have_some() -> None:
    pool = make_pool(3)
    homes = {name: home(pool, name) for name in map(str, range(60))}

    assert len(set(homes.values())) == 3
    assert homes == {name: home(pool, name) for name in homes}


def test_where_an_endpoint_is_lost_only_its_conversations_move() -> None:
    three, two = make_pool(3), make_pool(2)

    for name in map(str, range(60)):
        if not home(three, name).startswith("http://127.0.0.1:3/"):
            assert home(two, name) == home(three, name)


def test_a_busy_home_is_left_for_the_least_busy() -> None:
    pool = make_pool(3, slots=2)
    first = pool.in_order("x")[0]
    first.count_answer(2)
    others = [server for server in pool if server is not first]
    others[0].count_answer(1)

    assert pool.in_order("x")[0] is others[1]


def test_who_rests_comes_last_and_is_well_again_after_an_answer() -> None:
    pool = make_pool(2)
    first = pool.in_order("x")[0]
    first.mark_failed("broken")

    assert pool.in_order("x")[-1] is first
    assert "broken" in str(pool.unavailable_error())
    first.mark_well()
    assert pool.in_order("x")[0] is first


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("[::1]", True),
        ("0.0.0.0", True),
        ("192.168.1.9", False),
        ("10.0.0.3", False),
        ("fd00::9", False),
        ("93.184.215.14", False),
        ("no-such-host.invalid", False),
    ],
)
def test_an_endpoint_is_local_only_on_this_machine(host: str, local: bool) -> None:
    assert is_local(host) == local


def test_people_in_the_queue_hear_their_position_and_move_up() -> None:
    queue = SlotQueue(slots=1, queue=2)
    heard: list[list[int]] = [[], []]
    first = queue.wait(lambda: False)
    assert next(first) == 0

    def wait(number: int) -> None:
        for position in queue.wait(lambda: False):
            heard[number].append(position)
        queue.release()

    threads = []
    for number in range(2):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        wait_for(partial(heard.__getitem__, number))
    with pytest.raises(EngineBusy):
        next(queue.wait(lambda: False))
    queue.release()
    for thread in threads:
        thread.join()

    assert heard[0] == [1, 0]
    assert heard[1] in ([2, 1, 0], [2, 0])
    assert queue.workload() == (0, 0)


def test_who_leaves_the_queue_is_not_counted_any_more() -> None:
    queue = SlotQueue(slots=1, queue=1)
    next(queue.wait(lambda: False))
    leaver = queue.wait(lambda: False)
    assert next(leaver) == 1
    leaver.close()

    assert queue.workload() == (1, 0)


@given(st.text(alphabet="<|>/[]sINTu_｜ \n", max_size=40))
def test_no_control_string_is_left_and_nothing_is_taken_away(text: str) -> None:
    changed = escape_control(text)

    assert not CONTROL.search(changed)
    assert changed.replace(" ", "") == text.replace(" ", "")


CONTROLS = """
<|im_start|> <|eot_id|> <|start_header_id|> <|user|> <|end|> <|prompter|> <|endoftext|> <|USER|>
<s> </s> [INST] [/INST] <<SYS>> <</SYS>> [SYSTEM_PROMPT] <start_of_turn> <end_of_turn> <bos>
<|turn> <turn|> <｜User｜> <｜end▁of▁sentence｜> [gMASK] <sop> <think> <tool_call> <unused12>
"""


@pytest.mark.parametrize("control", CONTROLS.split())
def test_control_strings_of_every_known_family_are_broken(control: str) -> None:
    assert escape_control(f"a{control}b") == f"a{control[0]} {control[1:]}b"


@pytest.mark.parametrize(
    "text",
    ["<b>bold</b>", "a < b | c > d", "array[0] [x]", "if (a<b) {}", "été 😀 [voir]", "<!-- -->"],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert escape_control(text) == text
