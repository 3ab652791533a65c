"""``chatbot-server models``: see, get, add, check, choose and remove models."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime, timezone
from functools import partial
from itertools import groupby
from pathlib import Path

import click

from chatbot_server.cli.context import Context
from chatbot_server.cli.options import FILE, JSON, print_json, show_progress
from chatbot_server.config.edit import set_setting
from chatbot_server.config.home import in_home
from chatbot_server.errors import UsageError
from chatbot_server.messages.numbers import file_size
from chatbot_server.models.machine import available_memory, free_disk
from chatbot_server.models.store.check import check_model
from chatbot_server.models.store.downloads.download import file_sha256
from chatbot_server.models.store.downloads.pull import pull_model
from chatbot_server.models.store.downloads.sources import HUB
from chatbot_server.models.store.folder import add_file, find_model, remove_model
from chatbot_server.models.store.offers import Offer, all_offers
from chatbot_server.models.store.scores import AnswerScore, remember_score
from chatbot_server.service.children import call_job

MEGABYTE = 1_000_000
# Name, size, memory, context, languages, tier, state, hallucinations, what else is to be said.
ROW = "{:24} {:>5} {:>7} {:>8}  {:7} {:8} {:13} {:>7}  {}"
TIER_SENTENCES = {
    "write": "models_may_write",
    "rephrase": "models_may_rephrase",
    "quote": "models_may_quote",
}
# By whether a model is in use, and whether it is installed.
STATES = {
    (True, True): "models_in_use",
    (True, False): "models_missing",
    (False, True): "models_installed",
}


@click.group(help="help_models")
def models() -> None:
    """See the sentence ``help_models``."""


@models.command("list", help="help_models_list")
@JSON
@click.pass_obj
def list_models(context: Context, as_json: bool) -> None:
    """Show available and installed models, compared with this machine."""
    from chatbot_server.engine.registry import preferred_engine

    config = context.config
    engine = config.engine
    offers = all_offers(config.models_dir, engine.model, engine.context_length, preferred_engine)
    if as_json:
        print_json([offer.as_json() for offer in offers], indent=2)
        return
    free = {"memory": available_memory(), "disk": free_disk(config.models_dir)}
    sizes = {name: file_size(count, context.language) for name, count in free.items()}
    click.echo(context.say("models_free", **sizes))
    click.echo(context.say("models_without"))
    for heading, group in groupby(offers, partial(_heading, context)):
        click.echo("\n" + heading)
        click.echo(ROW.format(*context.say("models_columns").split("|")).rstrip())
        for offer in group:
            click.echo(ROW.format(*_cells(context, offer)).rstrip())
    click.echo("\n" + context.say("models_legend"))


def _heading(context: Context, offer: Offer) -> str:
    if offer.machine:
        return context.say("models_for_machine", memory=offer.machine)
    return context.say("models_older" if offer.older else "models_own")


def _percent(context: Context, value: float) -> str:
    whole, tenth = divmod(round(value * 10), 10)
    return context.say("models_percent", whole=whole, tenth=tenth)


def _cells(context: Context, offer: Offer) -> tuple[object, ...]:
    fitness = "models_tight" if offer.tight else "models_too_big"
    fitness = "models_fits" if offer.fits else fitness
    rate = offer.hallucinations
    licence = f"{offer.licence} ({context.say(f'models_commercial_{offer.commercial}')})"
    test = [rate.test] if rate else []
    if score := offer.score:
        share = _percent(context, 100 * score.right)
        test.append(context.say("models_own_test", right=share, day=score.day))
    good = [context.say(f"models_good_{key}") for key in offer.good_for]
    return (
        offer.name,
        offer.size // MEGABYTE,
        offer.least_memory // MEGABYTE,
        offer.context or "?",
        ",".join(offer.languages),
        offer.tier,
        context.say(STATES.get((offer.in_use, offer.installed), fitness)),
        _percent(context, rate.percent) if rate else "?",
        " · ".join([*good, *test, offer.licence if offer.commercial == "yes" else licence]),
    )


class _Progress:
    """Show the progress: on one line of a terminal, elsewhere on a line for each tenth."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tenth = -1
        self._text = ""

    def __call__(self, done: int, total: int | None) -> None:
        percent = 100 * done // total if total else 0
        megabytes = {"done": done // MEGABYTE, "total": (total or 0) // MEGABYTE}
        text = f"{percent:3} %  {self._context.say('models_megabytes', **megabytes)}"
        if text == self._text:
            return
        self._text = text
        show_progress(text, is_last=done == total)
        if percent // 10 > self._tenth and not sys.stderr.isatty():
            self._tenth = percent // 10
            click.echo(text, err=True)


@models.command(help="help_models_pull")
@click.argument("model", metavar="NAME|hf:REPO/FILE|URL")
@click.option("--sha256", metavar="HEX", help="help_models_sha256")
@click.option("--offline", type=FILE, metavar="FOLDER", help="help_models_offline")
@click.option(
    "--endpoint", metavar="URL", envvar="HF_ENDPOINT", default=HUB, help="help_models_endpoint"
)
@click.pass_obj
def pull(
    context: Context, model: str, sha256: str | None, offline: Path | None, endpoint: str
) -> None:
    """Download a model into the models folder."""
    model_file = pull_model(
        model,
        context.config.models_dir,
        _Progress(context),
        sha256=sha256,
        offline=offline,
        endpoint=endpoint,
    )
    key = "models_pulled" if model_file.fresh else "models_present"
    click.echo(context.say(key, name=model_file.name, file=model_file.path))


@models.command(help="help_models_add")
@click.argument("file", type=FILE)
@click.pass_obj
def add(context: Context, file: Path) -> None:
    """Add a file that stays where it is."""
    name = add_file(in_home(file), context.config.models_dir)
    click.echo(context.say("models_added", name=name, file=file))


@models.command(help="help_models_check")
@click.argument("file", type=FILE)
@click.option("--no-load", is_flag=True, help="help_models_no_load")
@click.option("--answers", is_flag=True, help="help_models_answers")
@JSON
@click.pass_obj
def check(context: Context, file: Path, no_load: bool, answers: bool, as_json: bool) -> None:
    """Inspect a file, then try it in a process of its own."""
    from chatbot_server.engine.probe import probe
    from chatbot_server.engine.registry import choose_engine

    if no_load and answers:
        raise UsageError("models_answers_no_load", field="--answers")
    report = check_model(in_home(file), choose_engine, None if no_load else probe)
    record = report.as_json(context.language)
    if answers and report.error is None:
        score = _run_answer_test(context, in_home(file))
        record["answers"] = asdict(score) | {"tier": score.tier}
        if not as_json:
            click.echo(
                context.say(
                    "models_answered",
                    right=_percent(context, 100 * score.right),
                    stopped=_percent(context, 100 * score.stopped),
                    questions=score.questions,
                    may=context.say(TIER_SENTENCES[score.tier]),
                )
            )
    if as_json:
        print_json(record)
    elif report.error is None:
        click.echo(context.say("models_checked", file=file, **record))
        if record["reason"]:
            why = record["reason"]
            click.echo(context.say("engine_chosen", engine=report.engine, why=why))
    if report.error and not as_json:
        raise report.error
    if report.error:
        sys.exit(report.error.exit_code)


def _run_answer_test(context: Context, file: Path) -> AnswerScore:
    """The score of the model in *file*, which is stored: it decides what the model may do."""
    from chatbot_server.conversation.model.faithfulness import ask_all
    from chatbot_server.engine.process.supervisor import local_engine
    from chatbot_server.service.answering import sampling
    from chatbot_server.service.prepare import plan_engine

    config = context.config
    engine = config.engine.model_copy(update={"model": str(file.absolute()), "kind": "auto"})
    plan = plan_engine(config.model_copy(update={"engine": engine}))
    if plan is None:
        raise RuntimeError("a model was named")

    def show_count(done: int, total: int) -> None:
        show_progress(f"{done} / {total}", is_last=done == total)

    with local_engine(plan.settings) as local:
        answers = ask_all(local, sampling(config), show_count)
    score = AnswerScore(
        right=round(sum(answer.is_right for answer in answers) / len(answers), 3),
        stopped=round(sum(answer.is_stopped for answer in answers) / len(answers), 3),
        questions=len(answers),
        day=datetime.now(timezone.utc).date().isoformat(),
        digest=file_sha256(file),
    )
    remember_score(file, config.models_dir, score)
    return score


@models.command(help="help_models_use")
@click.argument("model", metavar="NAME|PATH|none")
@click.pass_obj
def use(context: Context, model: str) -> None:
    """Write the model into the configuration."""
    if model == "none":
        _use(context, None)
        click.echo(context.say("models_used_none", file=context.config_file))
        return
    model_file = find_model(model, context.config.models_dir)
    path = in_home(Path(model))
    value = str(path.absolute()) if path.is_file() and path == model_file.path else model
    _use(context, value)
    click.echo(context.say("models_used", name=model_file.title, file=context.config_file))


def _use(context: Context, model: str | None) -> None:
    set_setting(context.config_file, "engine", "model", model)
    call_job(context.config.run_dir, "model")


@models.command(help="help_models_remove")
@click.argument("name")
@click.pass_obj
def remove(context: Context, name: str) -> None:
    """Forget a model, and delete its file if it lies in the models folder."""
    if name == context.config.engine.model:
        raise UsageError("models_in_use_now", name=name)
    file = remove_model(name, context.config.models_dir)
    key = "models_deleted" if file else "models_forgotten"
    click.echo(context.say(key, name=name, file=file))
