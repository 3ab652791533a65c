"""Answers that were cut short because the server ended: they say so to the visitor who returns."""

from __future__ import annotations

import logging

from chatbot_server.errors import ChatbotError
from chatbot_server.messages import LANGUAGES, say
from chatbot_server.storage.conversations import mark_cut_answers
from chatbot_server.storage.database import Database

logger = logging.getLogger("chatbot_server")


def mend_cut_answers(database: Database) -> None:
    """Put a sentence into each answer that nobody writes any more; no error stops a start."""
    words = {language: say("answer_interrupted", language) for language in LANGUAGES}
    try:
        with database.session() as session:
            count = mark_cut_answers(session, words)
    except ChatbotError as error:
        logger.warning("answers that were cut short are not marked: %s", error)
        return
    if count:
        logger.info("%d answers were cut short when the server ended, and now say so", count)
