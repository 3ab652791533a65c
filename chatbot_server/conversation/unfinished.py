"""Answers that were cut short when the server ended: they say so to visitors who return."""

from __future__ import annotations

import logging

from chatbot_server.errors import ChatbotError
from chatbot_server.messages import LANGUAGES, say
from chatbot_server.storage.base import HOUR, now
from chatbot_server.storage.database import Database
from chatbot_server.storage.visitors.messages import mark_cut_answers

logger = logging.getLogger("chatbot_server")


def mend_cut_answers(database: Database, *, is_start: bool) -> None:
    """Put a sentence into each answer that no process writes any more; never fails.

    At the start of a server, that is every unfinished answer; but on PostgreSQL, another server
    may be writing those of the last hour, as this one may at any other time.
    """
    words = {language: say("answer_interrupted", language) for language in LANGUAGES}
    is_every = is_start and database.engine.dialect.name == "sqlite"
    try:
        with database.session() as session:
            count = mark_cut_answers(session, words, None if is_every else now() - HOUR)
    except ChatbotError as error:
        logger.warning("answers that were cut short are not marked: %s", error)
        return
    if count:
        logger.info("%d answers were cut short, and now say so", count)
