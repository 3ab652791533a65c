"""Ratios with their goals, each side measured in turns with the other.

*model*: a GGUF file. ``--threads 0``: one per core. ``--answers N``: that many in a row, for
memory. ``--json FILE``: write the figures there too.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any, Literal

from benchmarks.libraries import LibraryProcess
from benchmarks.quoting import quoting_speed
from benchmarks.serving.web_server import WebServer, web_server
from chatbot_server.bench.measure import ConcurrentSpeed, read_speed, run, second_turns, together
from chatbot_server.bench.memory import engine_process, family, pss_mb
from chatbot_server.bench.questions import ASK, SYSTEM, Questions, written
from chatbot_server.bench.report import Row
from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.base import Engine
from chatbot_server.engine.machine import thread_count
from chatbot_server.engine.process.client import SocketEngine
from chatbot_server.engine.process.supervisor import local_engine
from chatbot_server.prompt.base import Message

VISITORS = (1, 2, 4, 8)
SLOTS = 4
FULL_SOON_MB = 16
WORDS = 200
TOKENS = 64
ROLES = {"engine.process": "engine", "gunicorn": "web", "jobs": "jobs", "serve": "parent"}

Local = Literal["ctransformers", "llamacpp"]


@dataclass(frozen=True)
class Options:
    """What to measure with, and how often."""

    model: Path
    rounds: int = 3
    threads: int = 0
    answers: int = 0


def main() -> None:
    """Measure, print each figure as it is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--rounds", type=int, default=Options.rounds)
    parser.add_argument("--threads", type=int, default=Options.threads)
    parser.add_argument("--answers", type=int, default=Options.answers)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--json", type=Path)
    arguments = vars(parser.parse_args())
    parts, file = arguments.pop("parts"), arguments.pop("json")
    rows = []
    for name in parts.split(","):
        print(f"\n{name}", flush=True)
        for row in PARTS[name](Options(**arguments)):
            rows.append(row)
            print(f"  {row.line(58)}", flush=True)
    if file:
        file.write_text(json.dumps({row.name: row.to_json() for row in rows}, indent=1))


def over_http(options: Options) -> Iterator[Row]:
    """A whole server against its own engine, asked directly."""
    questions = Questions(2)
    settings = {
        "model": str(options.model.resolve()),
        "threads": options.threads,
        "max_tokens": TOKENS,
        "temperature": 0.0,
        "top_k": 1,
        "repetition_penalty": 1.0,
    }
    with tempfile.TemporaryDirectory() as folder, web_server(Path(folder), settings) as server:
        yield Row("start until ready", server.start_seconds, "s")
        engine = SocketEngine(server.run_dir)
        through, direct = [], []
        for _ in range(2 * options.rounds + 1):
            words = ASK + questions.words(8)
            through.append(server.ask(words).write_speed)
            turns = [Message("system", SYSTEM), Message("user", words)]
            direct.append(run(engine, turns, TOKENS).write_speed)
        ratio = median(a / b for a, b in zip(through, direct, strict=True))
        yield Row("writing, over HTTP", median(through), "tokens/s")
        yield Row("writing, engine directly", median(direct), "tokens/s")
        yield Row("over HTTP ÷ directly", ratio, "", 0.97)
        yield from _turns_over_http(server, questions, options.rounds)
        for pid, command in family(server.pid).items():
            yield Row(f"PSS of {_role(command)}", pss_mb(pid) or 0.0, "MB")


def _turns_over_http(server: WebServer, questions: Questions, rounds: int) -> Iterator[Row]:
    cold, second, anew = [], [], []
    for _ in range(rounds):
        opening, more = questions.words(WORDS), questions.words(12)
        before = server.ask(opening)
        cold.append(before.first)
        second.append(server.ask(more, before).first)
        # As long as the second turn's prompt, and all of it unknown.
        anew.append(server.ask(questions.words(WORDS + before.tokens + 16)).first)
    yield Row("first token, cold", median(cold), "s")
    yield Row("first token, second turn", median(second), "s")
    ratio = median(a / b for a, b in zip(second, anew, strict=True))
    yield Row("second turn ÷ everything read anew", ratio, "", 0.3, most=True)


def _role(command: str) -> str:
    return next((role for word, role in ROLES.items() if word in command), command[:30])


def on_ctransformers(options: Options) -> Iterator[Row]:
    """The engine on ctransformers against the library alone."""
    with _engine(options, "ctransformers") as engine:
        questions = Questions(3)
        yield from against_library(engine, questions, options, "ctransformers", "the library alone")
        yield from against_llama_cpp_python(engine, questions, options)
        yield from _scaling(engine, questions, options.rounds)
        yield from _interleaved(engine, questions, options.rounds)
        yield from _engine_memory()
    yield from _growth(options, "ctransformers")


def on_llamacpp(options: Options) -> Iterator[Row]:
    """The engine on llama.cpp against llama.cpp's own server, asked in its process."""
    with _engine(options, "llamacpp") as engine:
        questions = Questions(4)
        library = LibraryProcess("xllamacpp", options.model, thread_count(options.threads), SLOTS)
        for visitors in VISITORS:
            ours: list[ConcurrentSpeed] = []
            theirs: list[float] = []
            for _ in range(options.rounds):
                ours.append(together(engine, questions, visitors, TOKENS))
                prompts = [written(engine, questions.first_turn(30)) for _ in range(visitors)]
                texts = ["".join(part.text for part in prompt.segments) for prompt in prompts]
                theirs.append(library.ask(texts=texts, tokens=TOKENS)["speed"])
            ratio = median(a.speed / b for a, b in zip(ours, theirs, strict=True))
            yield Row(f"{visitors} at once, together", median(a.speed for a in ours), "tokens/s")
            yield Row(f"{visitors} at once ÷ llama.cpp's own server", ratio, "", 0.95)
            yield _spread(visitors, ours)
        library.close()
        yield from against_llama_cpp_python(engine, questions, options)
        yield from _interleaved(engine, questions, options.rounds)
        yield from _engine_memory()
    yield from _growth(options, "llamacpp")


def against_library(
    engine: Engine, questions: Questions, options: Options, library: str, name: str
) -> Iterator[Row]:
    """One visitor's speeds against those of *library* in a bare process."""
    process = LibraryProcess(library, options.model, thread_count(options.threads), 1)
    reading, writing = [], []
    for _ in range(options.rounds):
        turns = questions.first_turn(WORDS, fresh=True)
        ours = read_speed(engine, questions, WORDS)
        theirs = process.ask(prompt=written(engine, turns).to_json(), tokens=1)
        reading.append(ours / theirs["read_speed"])
        turns = questions.first_turn(8)
        ours = run(engine, turns, TOKENS).write_speed
        theirs = process.ask(prompt=written(engine, turns).to_json(), tokens=TOKENS)
        writing.append(ours / theirs["write_speed"])
    process.close()
    yield Row(f"reading ÷ {name}", median(reading))
    yield Row(f"writing ÷ {name}", median(writing))


def against_llama_cpp_python(
    engine: Engine, questions: Questions, options: Options
) -> Iterator[Row]:
    """The same against llama-cpp-python, where it is installed."""
    if find_spec("llama_cpp"):  # no dependency: it has to be compiled
        yield from against_library(engine, questions, options, "llama_cpp", "llama-cpp-python")


def _engine(options: Options, kind: Local, **settings: Any) -> AbstractContextManager[Engine]:
    cache = Path(tempfile.gettempdir()) / "chatbot-bench"
    model, threads = options.model.resolve(), options.threads
    return local_engine(
        EngineSettings(model, kind, cache, slots=SLOTS, queue=16, threads=threads, **settings)
    )


def _scaling(engine: Engine, questions: Questions, rounds: int) -> Iterator[Row]:
    runs: dict[int, list[ConcurrentSpeed]] = {visitors: [] for visitors in VISITORS}
    for _ in range(rounds):
        for visitors in VISITORS:
            runs[visitors].append(together(engine, questions, visitors, TOKENS))
    for visitors in VISITORS:
        speed = median(result.speed for result in runs[visitors])
        yield Row(f"{visitors} at once, together", speed, "tokens/s")
        if visitors > 1:
            ratios = [a.speed / b.speed for a, b in zip(runs[visitors], runs[1], strict=True)]
            yield Row(f"{visitors} at once ÷ one alone", median(ratios), "", 0.95)
            yield _spread(visitors, runs[visitors])


def _spread(visitors: int, runs: list[ConcurrentSpeed]) -> Row:
    spread = median(result.spread for result in runs)
    return Row(f"{visitors} at once, slowest first token ÷ median", spread, "", 2, most=True)


def _interleaved(engine: Engine, questions: Questions, rounds: int) -> Iterator[Row]:
    ratios = []
    for _ in range(rounds):
        warm, cold = second_turns(engine, questions, SLOTS, WORDS)
        ratios += [a / b for a, b in zip(warm, cold, strict=True)]
    name = f"second turn among {SLOTS} conversations ÷ read anew"
    yield Row(name, median(ratios), "", 0.3, most=True)


def _engine_memory() -> Iterator[Row]:
    pid = engine_process()
    if pid is not None:
        yield Row("PSS of the engine", pss_mb(pid) or 0.0, "MB")


def _growth(options: Options, kind: Local) -> Iterator[Row]:
    """What answers leave behind. The cache of states is small: it has to be full before."""
    if not options.answers:
        return
    questions, sizes = Questions(5), []
    with _engine(options, kind, state_cache_mb=FULL_SOON_MB) as engine:
        pid = engine_process()
        for _ in range(options.answers if pid else 0):
            run(engine, questions.first_turn(20), 8)
            sizes.append(pss_mb(pid or 0) or 0.0)
    if sizes:
        early = sizes[options.answers // 6 :][:20]
        growth = median(sizes[-20:]) / median(early) - 1
        yield Row(f"growth over {options.answers} answers", growth, "", 0.02, most=True)


PARTS: dict[str, Callable[[Options], Iterator[Row]]] = {
    "http": over_http,
    "ctransformers": on_ctransformers,
    "llamacpp": on_llamacpp,
    "quoting": lambda options: quoting_speed(options.model, thread_count(options.threads)),
}

if __name__ == "__main__":
    main()
