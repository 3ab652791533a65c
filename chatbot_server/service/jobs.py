"""The jobs of a server, each run at low priority in a process of its own."""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path

from sqlalchemy.orm import Session

from chatbot_server.backup.rehearsal import rehearse_when_due
from chatbot_server.backup.restoring import delete_unfinished, erase_as_beside
from chatbot_server.backup.service import SUFFIX, back_up, default_name
from chatbot_server.config import Config, find_config
from chatbot_server.conversation.unfinished import mend_cut_answers
from chatbot_server.engine.process.state import chosen_model
from chatbot_server.errors import ChatbotError
from chatbot_server.mail.delivery import send_due, send_warning
from chatbot_server.models.store.downloads.background import pull_wanted
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.first_questions.topics import renew_topics
from chatbot_server.retrieval.curate.imports.files import Uploads
from chatbot_server.retrieval.curate.jobs import crawl_due, embed_waiting
from chatbot_server.retrieval.curate.learning.unanswered import ask_again
from chatbot_server.retrieval.curate.quality.golden_runs import (
    run_golden_questions,
    run_when_due,
    seconds_until_run,
)
from chatbot_server.retrieval.curate.quality.requested_runs import forget_request, requested_runs
from chatbot_server.retrieval.index.embedder import make_embedder
from chatbot_server.service.answering import build_engine, is_loaded, sampling
from chatbot_server.service.children import call_job
from chatbot_server.service.prepare import prepare_change
from chatbot_server.storage.base import DAY, HOUR, now
from chatbot_server.storage.database import Database
from chatbot_server.storage.owners.audit import erase_old_entries
from chatbot_server.storage.shrinking import shrink
from chatbot_server.storage.site.sites import all_sites
from chatbot_server.storage.soundness import check_every_page
from chatbot_server.storage.visitors.erasure import erase_expired
from chatbot_server.storage.visitors.erasures import forget_old_erasures
from chatbot_server.storage.visitors.feedback import erase_contact_requests
from chatbot_server.webhooks.delivery import deliver_due

DAILY = "daily-"
LOADING_SECONDS = 60.0  # after which a model that was chosen answers, mostly
logger = logging.getLogger(__name__)


def erase(config: Config, database: Database) -> None:
    """Erase what has outlived its retention, and check and back up what is kept."""

    def erase_old(session: Session) -> int:
        before = now() - config.privacy.contact_days * DAY
        erase_old_entries(session)
        forget_old_erasures(session)
        return erase_contact_requests(session, before)

    delete_unfinished(database, config.backups_dir)
    erase_as_beside(database, config.backups_dir)
    counts = erase_expired(database)
    shrink(database.engine)
    # This forgets also what could not be forgotten when it was erased.
    request_count = database.erase(erase_old)
    if counts.conversations or request_count:
        logger.info(
            "erased %d conversations (%d messages) and %d messages to a person",
            *counts,
            request_count,
        )
    mend_cut_answers(database, is_start=False)
    try:
        check_every_page(database, config.run_dir)
    except ChatbotError as error:
        logger.error("%s", error)
    folder = config.backups_dir
    erase_old_backups(folder, config.privacy.retention_days)
    back_up_daily(config, database, folder)
    rehearsal = rehearse_when_due(folder, config.run_dir)
    if rehearsal and rehearsal.code and config.mail.host:
        try:
            is_untried = rehearsal.outcome == "untried"
            subject = "email_rehearsal_untried" if is_untried else "email_rehearsal_failed"
            send_warning(database, config, subject, rehearsal.code, rehearsal.values)
        except ChatbotError as error:
            logger.error("nobody was told of it by e-mail: %s", error)


def read(config: Config, database: Database) -> None:
    """Read the owner's sites again.

    Vectors are another job's: they take minutes, in which a new site would not be read.
    """
    if crawl_due(database, config.retrieval, config.run_dir):
        call_job(config.run_dir, "embed")


def embed(config: Config, database: Database) -> None:
    """Embed what was just read or pushed.

    Then look for topics, ask the unanswered questions again, and have the golden ones asked.
    """
    model = chosen_model(config.run_dir, config.engine.model) or ""
    with open_knowledge(config, database) as base:
        embed_waiting(base)
        renew_topics(base)
        wait = seconds_until_run(base, model)
        ask_again(base)
    if wait is not None:
        call_job(config.run_dir, "golden", wait)


def golden(config: Config, database: Database) -> None:
    """Ask the golden questions that are due, or were asked for in the browser.

    Where a model writes, that takes minutes, in which what was read would not be embedded.
    """
    # Imported here: no other job needs what writes answers.
    from chatbot_server.conversation.model.golden import GoldenWriter

    engine, run_dir = build_engine(config), config.run_dir
    if not is_loaded(engine):
        engine.close()
        call_job(run_dir, "golden", LOADING_SECONDS)
        return
    writing = GoldenWriter(database, engine, sampling(config))
    model = chosen_model(run_dir, config.engine.model) or ""
    with open_knowledge(config, database) as base:
        with database.session() as session:
            site_ids = {site.id for site in all_sites(session)}
        for site_id, who in requested_runs(run_dir).items():
            if site_id in site_ids:
                run_golden_questions(base, site_id, who=who, model=model, writing=writing)
            forget_request(run_dir, site_id)
        wait = run_when_due(base, model, writing)
    engine.close()
    if wait is not None:
        call_job(run_dir, "golden", wait)


def again(config: Config, database: Database) -> None:
    """Ask the questions of conversations once more, as somebody asked for in the browser."""
    # Imported here: no other job but that of golden questions needs what writes answers.
    from chatbot_server.conversation.model.golden import GoldenWriter
    from chatbot_server.conversation.model.todays_answers import answer_requests

    engine = build_engine(config)
    if is_loaded(engine):
        writer = GoldenWriter(database, engine, sampling(config))
        with open_knowledge(config, database) as base:
            answer_requests(config.run_dir, database, base, writer.write)
    else:
        call_job(config.run_dir, "again", LOADING_SECONDS)
    engine.close()


def open_knowledge(config: Config, database: Database) -> closing[KnowledgeBase]:
    """The owner's pages; the process that makes vectors, if one was needed, ends with it."""
    embedder = make_embedder(config.retrieval.semantic, config.encoder_dir)
    return closing(KnowledgeBase(database, embedder))


def pull(config: Config, database: Database) -> None:  # noqa: ARG001 - as all jobs are called
    """Download the model that was chosen in the browser, or continue the download."""
    pull_wanted(config.models_dir)


def mail(config: Config, database: Database) -> None:
    """Send messages to a person by e-mail, and schedule the next run."""
    moment = send_due(database, config)
    if moment is not None:
        call_job(config.run_dir, "mail", max(1, moment - now()))


def model(config: Config, database: Database) -> None:
    """Let the running server answer with the model that was just chosen."""
    prepare_change(config, database)
    call_job(config.run_dir, "embed", LOADING_SECONDS)


def webhooks(config: Config, database: Database) -> None:
    """Deliver events to webhooks, and schedule the next run."""
    moment = deliver_due(database, config)
    if moment is not None:
        call_job(config.run_dir, "webhooks", max(1, moment - now()))


def files(config: Config, database: Database) -> None:
    """Read the files that were uploaded in a browser, then embed what waits."""
    uploads = Uploads(database, config.uploads_dir, config.retrieval.page_bytes)
    if uploads.read_all(config.run_dir):
        call_job(config.run_dir, "embed")


# By the names in JOB_NAMES.
JOBS = {
    job.__name__: job
    for job in (erase, read, embed, golden, again, pull, mail, model, webhooks, files)
}


def back_up_daily(config: Config, database: Database, folder: Path) -> None:
    """Make a backup a day, without what visitors wrote, which they may erase."""
    if not config.backup.keep:
        return
    copies = sorted(folder.glob(f"{DAILY}*{SUFFIX}"))
    if copies and now() - copies[-1].stat().st_mtime < DAY - HOUR:
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        back_up(database, folder / f"{DAILY}{default_name()}", find_config(), visitors=False)
        copies = sorted(folder.glob(f"{DAILY}*{SUFFIX}"))
    except (OSError, ChatbotError) as error:  # a full disk, say; it is tried again in an hour
        logger.error("no backup could be made: %s", error)
    for file in copies[: -config.backup.keep]:
        file.unlink(missing_ok=True)


def erase_old_backups(folder: Path, retention_days: int) -> None:
    """Delete backups made before upgrades once the conversations in them would have expired."""
    limit = now() - max(1, retention_days) * DAY
    for file in folder.glob("*"):
        try:
            if file.is_file() and file.stat().st_mtime < limit:
                file.unlink()
                logger.info("erased the old backup %s", file.name)
        except OSError:  # noqa: PERF203 - the other files can be erased all the same
            logger.exception("the old backup %s could not be erased", file.name)
