"""Sends waiting messages, at once or those of a day together, and retries failures."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from chatbot_server.config import Config
from chatbot_server.mail.emails import EmailWriter, email_writer_of, language_of_emails
from chatbot_server.mail.smtp import (
    MailRefused,
    open_server,
    problem_as_json,
    refusal_of,
    send,
)
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import Site, all_sites
from chatbot_server.storage.visitors.feedback import ContactRequest
from chatbot_server.storage.visitors.outbox import (
    mark_failed,
    mark_sent,
    next_due,
    take_due,
    try_again,
)

MOST_AT_ONCE = 500
# Who floods the form does not flood the mailbox: more than this come in one e-mail.
MOST_SINGLE = 10
MOST_TOGETHER = 50
logger = logging.getLogger(__name__)


def send_due(database: Database, config: Config) -> int | None:
    """Send what is due; returns when the next message is due, None if none waits."""
    with database.session() as session:
        messages = take_due(session, MOST_AT_ONCE)
        sites = {message.site_id: session.get_one(Site, message.site_id) for message in messages}
    for site_id, site in sites.items():
        mine = [message for message in messages if message.site_id == site_id]
        if site.contact_mail == "off":
            with database.session() as session:
                mark_sent(session, mine)
        else:
            _send_of_site(database, config, site, mine)
    with database.session() as session:
        return next_due(session)


def send_test(database: Database, config: Config, site: Site) -> str:
    """Send a test e-mail; returns its recipient.

    What could not be sent before is due again.

    Raises:
        MailRefused: as it is shown to the owner.
    """
    writer = _email_writer(database, config, site)
    with open_server(config.mail) as server:
        send(server, writer.test_email())
    with database.session() as session:
        try_again(session)
    return writer.recipient


def send_warning(
    database: Database, config: Config, subject: str, code: str, values: dict[str, Any]
) -> None:
    """Tell the people of all sites, each address once, what is wrong with the server.

    *subject* and *code* are keys of sentences; *values* fill the second one.

    Raises:
        MailRefused: no e-mail could be sent.
    """
    with database.session() as session:
        sites = [site for site in all_sites(session) if not site.demo]
    writers: dict[str, EmailWriter] = {}
    for site in sites:
        with suppress(MailRefused):  # nobody to write to
            writer = _email_writer(database, config, site)
            writers.setdefault(writer.recipient, writer)
    with open_server(config.mail) as server:
        for writer in writers.values():
            send(server, writer.warning(subject, code, values))


def _send_of_site(
    database: Database, config: Config, site: Site, messages: Sequence[ContactRequest]
) -> None:
    waiting = list(messages)
    try:
        writer = _email_writer(database, config, site)
        with open_server(config.mail) as server:
            for batch in _batches(site, messages):
                try:
                    send(server, writer.email_of(batch))
                except (OSError, UnicodeError, ValueError) as error:
                    server.rset()  # raises where the connection is gone: the rest waits, too
                    _fail(database, batch, refusal_of(error, config.mail))
                else:
                    with database.session() as session:
                        mark_sent(session, batch)
                waiting = waiting[len(batch) :]
    except MailRefused as refusal:
        _fail(database, waiting, refusal)


def _email_writer(database: Database, config: Config, site: Site) -> EmailWriter:
    with database.session() as session:
        language = language_of_emails(session, site)
    return email_writer_of(config, site, language)


def _batches(site: Site, messages: Sequence[ContactRequest]) -> Iterator[Sequence[ContactRequest]]:
    """*messages* as they are put into e-mails."""
    is_single = site.contact_mail == "each" and len(messages) <= MOST_SINGLE
    size = 1 if is_single else MOST_TOGETHER
    for start in range(0, len(messages), size):
        yield messages[start : start + size]


def _fail(database: Database, messages: Sequence[ContactRequest], refusal: MailRefused) -> None:
    logger.warning("%d messages were not sent by e-mail: %s", len(messages), refusal)
    with database.session() as session:
        mark_failed(session, messages, problem_as_json(refusal))
