"""The quality of answers: golden questions, their runs, and random samples."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, request

from chatbot_server.engine.base import may_write
from chatbot_server.engine.process.state import chosen_model
from chatbot_server.errors import ChatbotError
from chatbot_server.retrieval.curate.quality.golden_runs import (
    compare_runs,
    margin_of_error,
    run_golden_questions,
)
from chatbot_server.retrieval.curate.quality.requested_runs import is_requested, request_run
from chatbot_server.storage.site.sites import find_site
from chatbot_server.storage.visitors.learning import (
    LONGEST_EXPECT,
    LONGEST_QUESTION,
    golden_questions,
    put_golden,
    remove_golden,
)
from chatbot_server.storage.visitors.quality import (
    draw_answers,
    find_run,
    review_answer,
    review_counts,
    runs_of,
    worse_now,
)
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.pages import AdminParts, go, load_site, problem_of, render, typed

SAMPLE = 10


def add_quality(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of golden questions."""

    def show(key: str, *, status: int = 200, **values: Any) -> Response:
        with parts.database.session() as session:
            site, sites = load_site(session, key)
            golden, runs = golden_questions(session, site.id), runs_of(session, site.id)
            last_run, worse = worse_now(session, site.id)
            total, right = review_counts(session, site.id)
        return render(
            "answers/quality",
            status=status,
            site=site,
            sites=sites,
            golden=golden,
            runs=runs,
            last_run=last_run,
            worse=worse,
            is_asking=is_requested(parts.config.run_dir, site.id),
            share=(total, right, margin_of_error(right, total)),
            **{"draft": {"question": "", "expect": ""}} | values,
        )

    @bp.get(f"{PATH}/<key>/quality")
    def quality(key: str) -> Response:
        return show(key)

    @bp.post(f"{PATH}/<key>/quality")
    def change_golden(key: str) -> Response:
        try:
            with parts.database.session() as session:
                site_id = find_site(session, key).id
                if (number := request.form.get("remove", type=int)) is not None:
                    remove_golden(session, site_id, number)
                else:
                    question = typed("question", LONGEST_QUESTION)
                    put_golden(session, site_id, question, typed("expect", LONGEST_EXPECT))
        except ChatbotError as error:
            draft = {name: request.form.get(name, "")[:2000] for name in ("question", "expect")}
            return show(key, status=error.status, problem=problem_of(error), draft=draft)
        return go("quality", key=key, done="saved")


def add_runs(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of runs: asking all golden questions, and comparing two runs."""

    @bp.post(f"{PATH}/<key>/quality/runs")
    def run_quality(key: str) -> Response:
        with parts.database.session() as session:
            site_id = find_site(session, key).id
        run_dir = parts.config.run_dir
        if may_write(parts.engine):  # which takes longer than a reader waits for a page
            request_run(run_dir, site_id, g.account.name)
            parts.call_job("golden")
            return go("quality", key=key)
        model = chosen_model(run_dir, parts.config.engine.model) or ""
        run = run_golden_questions(parts.knowledge, site_id, who=g.account.name, model=model)
        return go("quality_run", key=key, number=run.id)

    @bp.get(f"{PATH}/<key>/quality/runs/<int:number>")
    def quality_run(key: str, number: int) -> Response:
        with parts.database.session() as session:
            site, sites = load_site(session, key)
            run, runs = find_run(session, site.id, number), runs_of(session, site.id, 100)
            others = [other for other in runs if other.id < run.id]
            number_before = request.args.get("before", type=int)
            former = (
                find_run(session, site.id, number_before)
                if number_before
                else next(iter(others), None)
            )
        differences = compare_runs(former, run) if former is not None else []
        return render(
            "answers/run", site=site, sites=sites, run=run, earlier=others, former=former,
            differences=differences,
        )  # fmt: skip


def add_sample(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of random samples of answers, which a person reviews."""

    @bp.get(f"{PATH}/<key>/quality/sample")
    def sample(key: str) -> Response:
        with parts.database.session() as session:
            site, sites = load_site(session, key)
            exchanges = draw_answers(session, site.id, SAMPLE)
            total, right = review_counts(session, site.id)
        share = (total, right, margin_of_error(right, total))
        return render("answers/sample", site=site, sites=sites, exchanges=exchanges, share=share)

    @bp.post(f"{PATH}/<key>/quality/sample")
    def judge_sample(key: str) -> Response:
        with parts.database.session() as session:
            site_id = find_site(session, key).id
            for message in request.form.getlist("message")[:SAMPLE]:
                value = request.form.get(f"value-{message}")
                if value in ("up", "down"):
                    reason = typed(f"reason-{message}", 200)
                    review_answer(session, site_id, message, right=value == "up", reason=reason)
        return go("sample", key=key, done="saved")
