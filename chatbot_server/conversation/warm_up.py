"""Makes what first questions need while nobody asks yet: patterns are compiled on first use."""

from __future__ import annotations

import logging
import time

from chatbot_server.conversation.small_talk.remarks import split_message
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.language.languages import LANGUAGES
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import sites_in_order

# The rest of the server starts meanwhile. Its priority is no lower than that of visitors, as they
# would wait whenever it has Python’s lock and no processor; so it pauses.
START_SECONDS, PAUSE_SECONDS = 3.0, 0.1
logger = logging.getLogger(__name__)


def warm_up(database: Database, start: float = START_SECONDS, pause: float = PAUSE_SECONDS) -> None:
    """Ask a typical question in every language, by words alone, of one site; nothing is stored.

    Args:
        start: seconds until it begins.
        pause: seconds between two steps.
    """
    time.sleep(start)
    knowledge = KnowledgeBase(database)  # no vectors are made: the first visitor may need them now
    try:
        with database.session() as session:
            sites = [site.id for site in sites_in_order(session)]
        for code, language in LANGUAGES.items():
            time.sleep(pause)
            split_message(language.typical_question)
            for site in sites[:1]:
                time.sleep(pause)
                knowledge.ground(site, language.typical_question, locale=code)
    except Exception:  # whoever asks is told
        logger.info("nothing could be made in advance", exc_info=True)
