"""``chatbot-server bench``: how fast this model is on this machine."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import click

from chatbot_server.bench.measure import read_speed, run, second_turns, together, write_speed
from chatbot_server.bench.memory import engine_process, pss_mb
from chatbot_server.bench.questions import Questions, long_question
from chatbot_server.bench.report import Row
from chatbot_server.cli.context import Context
from chatbot_server.cli.options import JSON, print_json
from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.base import Engine
from chatbot_server.engine.openai.engine import OpenAIEngine
from chatbot_server.engine.process.supervisor import local_engine
from chatbot_server.errors import EngineError
from chatbot_server.service.prepare import plan_engine

FASTER_ROUNDS = 3
MUCH_FASTER = 1.25  # times the speed of the engine in use
VISITORS = (1, 2, 4, 8)
VISITOR_ROWS = ("bench_visitors", "bench_spread")


@click.command(help="help_bench")
@click.option(
    "--rounds", type=click.IntRange(1, 20), metavar="NUMBER", default=3, help="help_bench_rounds"
)
@JSON
@click.pass_obj
def bench(context: Context, /, rounds: int, as_json: bool) -> None:
    """Measure in an engine of its own, so that visitors of a running server are not counted."""
    if context.config.engine.kind == "openai":
        engine = OpenAIEngine(context.config.engine)
        rows = _speed_rows(context, engine, rounds, as_json)
        engine.close()
    else:
        rows = _local_rows(context, rounds, as_json)
    if as_json:
        print_json({row.name: row.to_json() for row in rows})


def _local_rows(context: Context, rounds: int, as_json: bool) -> list[Row]:
    plan = plan_engine(context.config)
    if plan is None:
        raise EngineError("engine_none")
    settings = replace(plan.settings, queue=max(plan.settings.queue, max(VISITORS)))
    with local_engine(settings) as engine:
        rows = _speed_rows(context, engine, rounds, as_json)
        slots, full = engine.info().slots, _engine_memory()
    if full is None:
        return rows
    memory_rows = [Row("bench_memory", full, "MB")]
    if slots > 1:
        with local_engine(replace(settings, slots=1)) as engine:
            questions = Questions()
            run(engine, questions.first_turn(long_question(engine, questions)), 8)
            one_slot = _engine_memory() or 0.0
        memory_rows.append(Row("bench_memory_slot", (full - one_slot) / (slots - 1), "MB"))
    _show(context, memory_rows, as_json)
    rows += memory_rows
    if plan.faster:
        rows += _faster_rows(context, replace(settings, kind=plan.faster), rows, as_json)
    return rows


def _faster_rows(
    context: Context, settings: EngineSettings, rows: list[Row], as_json: bool
) -> list[Row]:
    """Ask the same questions on llama.cpp, and say what to change if it is much faster."""
    with local_engine(settings) as engine:
        questions = Questions()
        words = long_question(engine, questions)
        run(engine, questions.first_turn(8), 4)
        reading = [read_speed(engine, questions, words) for _ in range(FASTER_ROUNDS)]
        writing = [write_speed(engine, questions, 64) for _ in range(FASTER_ROUNDS)]
    faster_rows = [
        _median_speed("bench_read_llamacpp", reading),
        _median_speed("bench_write_llamacpp", writing),
    ]
    _show(context, faster_rows, as_json)
    read, write = (
        other.value / own.value for other, own in zip(faster_rows, rows[:2], strict=True)
    )
    if not as_json and max(read, write) >= MUCH_FASTER:
        click.echo(context.say("bench_faster", read=f"{read:.1f}", write=f"{write:.1f}"))
    return faster_rows


def _speed_rows(context: Context, engine: Engine, rounds: int, as_json: bool) -> list[Row]:
    questions = Questions()
    words = long_question(engine, questions)
    run(engine, questions.first_turn(8), 4)  # the first answer after a start is slower
    all_rows: list[Row] = []

    def show(*rows: Row) -> None:
        all_rows.extend(rows)
        _show(context, rows, as_json)

    show(_median_speed("bench_read", [read_speed(engine, questions, words) for _ in range(rounds)]))
    show(_median_speed("bench_write", [write_speed(engine, questions, 64) for _ in range(rounds)]))
    turns = [second_turns(engine, questions, 1, words) for _ in range(rounds)]
    warm, cold = median(t[0][0] for t in turns), median(t[1][0] for t in turns)
    show(Row("bench_first_cold", cold, "s"), Row("bench_first_warm", warm, "s"))
    show(Row("bench_first_ratio", warm / cold, "", 0.3, most=True))
    for visitors in VISITORS:
        runs = [together(engine, questions, visitors, 48) for _ in range(max(1, rounds // 2))]
        speed = median(result.speed for result in runs)
        spread = median(result.spread for result in runs)
        show(
            Row(f"{VISITOR_ROWS[0]}_{visitors}", speed, "tokens/s"),
            Row(f"{VISITOR_ROWS[1]}_{visitors}", spread),
        )
    return all_rows


def _median_speed(name: str, speeds: list[float]) -> Row:
    return Row(name, median(speeds), "tokens/s")


def _engine_memory() -> float | None:
    pid = engine_process()
    return pss_mb(pid) if pid else None


def _show(context: Context, rows: list[Row] | tuple[Row, ...], as_json: bool) -> None:
    for row in () if as_json else rows:
        key, _, number = row.name.rpartition("_")
        name = context.say(key, number=number) if number.isdigit() else context.say(row.name)
        click.echo(row.line(44, name))
