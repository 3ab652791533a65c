"""Compares a question with all sections of a site, word by word, unless the site is very large.

The vector of a section tells what it is about as a whole, and its words only speak for it where
they are those of the question.
:mod:`~chatbot_server.retrieval.index.encoder.late_interaction` tells how well “Dogs are welcome on
a lead” answers “Can I bring my spaniel?”.
"""

from __future__ import annotations

from collections.abc import Mapping

from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.index.tokens import load_token_index

# From this number of chunks on, a site is not compared. The tokens of 889 chunks take 25 MB of
# memory, half as much in the database, and 9 ms of a core for a question.
TOO_MANY_CHUNKS = 1000
# The languages of the questions that the comparison was fitted on. In others it is worse: it gives
# “Die Kaution beträgt 100 €” a low value for “Wie hoch ist die Kaution?”.
FITTED_LANGUAGES = frozenset({"fr", "en"})


def may_compare(query: Query, chunk_count: int) -> bool:
    """Whether the sections of a site with *chunk_count* are to be compared with *query*."""
    has_tokens = query.meanings is not None and query.meanings.tokens is not None
    return has_tokens and query.language in FITTED_LANGUAGES and chunk_count < TOO_MANY_CHUNKS


def compare_all(index: SiteIndex, query: Query) -> Mapping[int, float]:
    """The interaction of each section of the site's pages with *query*, by chunk.

    Empty if they are not to be compared, and as long as some of their tokens are not stored.
    """
    meanings = query.meanings if may_compare(query, index.chunk_count) else None
    if meanings is None or meanings.tokens is None:
        return {}
    token_index = index.memory.token_index(
        meanings.fit, lambda: load_token_index(index.unit, index.site_id, meanings.fit)
    )
    return token_index.compare(meanings.tokens) if token_index else {}
