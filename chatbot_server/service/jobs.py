"""Chores that are due every hour, at low priority and in a process of their own."""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy.orm import Session

from chatbot_server.backup.rehearsal import rehearse_when_due
from chatbot_server.backup.service import SUFFIX, back_up, default_name
from chatbot_server.config import Config
from chatbot_server.conversation.unfinished import mend_cut_answers
from chatbot_server.errors import ChatbotError
from chatbot_server.mail.delivery import send_due, send_warning
from chatbot_server.models.store.background import pull_wanted
from chatbot_server.retrieval.curate.files import Uploads
from chatbot_server.retrieval.curate.jobs import crawl_and_embed_due, embed_waiting
from chatbot_server.retrieval.curate.learning.quality import run_nightly
from chatbot_server.retrieval.curate.learning.unanswered import look_again
from chatbot_server.service.children import CHORE_NAMES, call_chore
from chatbot_server.service.prepare import prepare_change
from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.owners.audit import erase_old_entries
from chatbot_server.storage.soundness import check_every_page
from chatbot_server.storage.visitors.conversations import DAY, HOUR, erase_expired
from chatbot_server.storage.visitors.feedback import erase_contact_requests
from chatbot_server.webhooks.delivery import deliver_due

DAILY = "daily-"
logger = logging.getLogger(__name__)


def erase(config: Config, database: Database) -> None:
    """Erase what has outlived its time, and look after what is kept."""

    def erase_due(session: Session) -> tuple[int, int, int]:
        before = now() - config.privacy.contact_days * DAY
        erase_old_entries(session)
        return *erase_expired(session), erase_contact_requests(session, before)

    # This forgets also what could not be forgotten when it was erased.
    conversations, messages, requests = database.erase(erase_due)
    if conversations or requests:
        logger.info(
            "erased %d conversations (%d messages) and %d messages to a person",
            conversations,
            messages,
            requests,
        )
    mend_cut_answers(database, is_start=False)
    try:
        check_every_page(database, config.run_dir)
    except ChatbotError as error:
        logger.error("%s", error)
    folder = config.data_dir / "backups"
    erase_old_backups(folder, config.privacy.retention_days)
    back_up_daily(config, database, folder)
    rehearsal = rehearse_when_due(folder, config.run_dir)
    if rehearsal and rehearsal.code and config.mail.host:
        try:
            send_warning(database, config, "letter_rehearsal", rehearsal.code, rehearsal.values)
        except ChatbotError as error:
            logger.error("nobody was told of it by e-mail: %s", error)


def read(config: Config, database: Database) -> None:
    """Read again what the owner's sites say, and look whether they answer as well as before."""
    crawl_and_embed_due(database, config.retrieval, config.run_dir)
    run_nightly(database, config.retrieval)
    look_again(database, config.retrieval)


def embed(config: Config, database: Database) -> None:
    """Make what was just pushed searchable by meaning, also while a site is being read."""
    embed_waiting(database, config.retrieval)
    look_again(database, config.retrieval)


def pull(config: Config, database: Database) -> None:  # noqa: ARG001 - as all chores are called
    """Bring the model that a page asked for, or go on with it."""
    pull_wanted(config.models_dir)


def mail(config: Config, database: Database) -> None:
    """Send messages to a person by e-mail, and come again when the next is due."""
    moment = send_due(database, config)
    if moment is not None:
        call_chore(config.run_dir, "mail", max(1, moment - now()))


def model(config: Config, database: Database) -> None:
    """Have the running server answer with the model that was just chosen."""
    prepare_change(config, database)


def webhooks(config: Config, database: Database) -> None:
    """Tell webhooks what happened, and come again when the next is due."""
    moment = deliver_due(database, config)
    if moment is not None:
        call_chore(config.run_dir, "webhooks", max(1, moment - now()))


def files(config: Config, database: Database) -> None:
    """Read the files that were given in a browser; their vectors follow, when others had theirs."""
    uploads = Uploads(database, config.uploads_dir, config.retrieval.page_bytes)
    if uploads.read_all(config.run_dir):
        call_chore(config.run_dir, "embed")


WORK = (erase, read, embed, pull, mail, model, webhooks, files)
CHORES = dict(zip(CHORE_NAMES, WORK, strict=True))


def back_up_daily(config: Config, database: Database, folder: Path) -> None:
    """A copy a day, as many as wanted; without what visitors wrote, which they may delete."""
    if not config.backup.keep:
        return
    copies = sorted(folder.glob(f"{DAILY}*{SUFFIX}"))
    if copies and now() - copies[-1].stat().st_mtime < DAY - HOUR:
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        back_up(database, folder / f"{DAILY}{default_name()}", visitors=False)
        copies = sorted(folder.glob(f"{DAILY}*{SUFFIX}"))
    except (OSError, ChatbotError) as error:  # a full disk, say; it is tried again in an hour
        logger.error("no backup could be made: %s", error)
    for file in copies[: -config.backup.keep]:
        file.unlink(missing_ok=True)


def erase_old_backups(folder: Path, retention_days: int) -> None:
    """Copies made before upgrades hold conversations, so they go when those would have gone."""
    limit = now() - max(1, retention_days) * DAY
    for file in folder.glob("*"):
        try:
            if file.is_file() and file.stat().st_mtime < limit:
                file.unlink()
                logger.info("erased the old backup %s", file.name)
        except OSError:  # noqa: PERF203 - the other files can be erased all the same
            logger.exception("the old backup %s could not be erased", file.name)
