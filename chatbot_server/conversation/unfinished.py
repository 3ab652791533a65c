"""Answers that were cut short when the server ended: they say so to visitors who return."""

from __future__ import annotations

import logging

from chatbot_server.errors import ChatbotError
from chatbot_server.messages import LANGUAGES, say
from chatbot_server.storage.database import Database
from chatbot_server.storage.visitors.messages import mark_cut_answers

logger = logging.getLogger("chatbot_server")


def mend_cut_answers(database: Database, *, is_start: bool) -> None:
    """Put a sentence into each answer that no process writes any more; never fails.

    At the start of a server, that is every unfinished answer.
    """
    words = {language: say("answer_interrupted", language) for language in LANGUAGES}
    try:
        with database.session() as session:
            count = mark_cut_answers(session, words, is_start=is_start)
    except ChatbotError as error:
        logger.warning("answers that were cut short are not marked: %s", error)
        return
    if count:
        logger.info("%d answers were cut short, and now say so", count)
