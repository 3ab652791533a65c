"""The index on PostgreSQL: ``tsvector`` finds the words, BM25 ranks them, pgvector the vectors.

PostgreSQL's own ``ts_rank`` knows no rarity of words. The scores here are those of SQLite's
FTS5 (same k1, b and inverse document frequency, counted within the site), because what they
decide was fitted on that scale.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from chatbot_server.storage.base import UnitOfWork
from chatbot_server.storage.knowledge.tables import HalfVector

# A tsvector keeps no positions beyond this one; further words are found, repeated or not.
LAST_POSITION = 16_383
# Rows whose words are counted one by one, for each row asked for.
POOL = 4
LEAST_RARITY = 1e-6  # as in FTS5, for words that stand in more than half of the rows


def index_chunks(
    session: Session, site_id: int, chunks: Iterable[tuple[int, Sequence[str]]]
) -> None:
    """See :func:`chatbot_server.storage.knowledge.index.search_index.index_chunks`."""
    rows = []
    for chunk, stems in chunks:
        tsvector = " ".join(
            f"'{stem}':{min(at, LAST_POSITION)}" for at, stem in enumerate(stems, 1)
        )
        rows.append({"chunk": chunk, "site": site_id, "size": len(stems), "terms": tsvector})
    if rows:
        statement = (
            "INSERT INTO knowledge_terms (chunk_id, site_id, size, terms)"
            " VALUES (:chunk, :site, :size, CAST(:terms AS tsvector))"
        )
        session.execute(text(statement), rows)


def known_terms(unit: UnitOfWork, site_id: int, terms: Sequence[str]) -> dict[str, int]:
    """The number of the site's chunks with each of *terms*, which are of letters and digits."""
    if not terms:
        return {}
    counts = ", ".join(
        f"count(*) FILTER (WHERE terms @@ CAST(:t{at} AS tsquery))" for at in range(len(terms))
    )
    row = unit.execute(
        text(
            f"SELECT {counts} FROM knowledge_terms"  # noqa: S608 - only our own placeholders
            " WHERE site_id = :site AND terms @@ CAST(:any AS tsquery)"
        ),
        {"site": site_id, "any": _any_of(terms), **_term_values(terms)},
    ).one()
    return dict(zip(terms, row, strict=True))


def match(
    unit: UnitOfWork, site_id: int, terms: Sequence[str], limit: int
) -> list[tuple[int, float]]:
    """See :func:`.search_index.match`; *terms* are letters and digits.

    Which rows are worth a closer look is decided by which terms they hold; how often, which
    is slow to find out, is looked up for those alone.
    """
    total, mean = unit.execute(
        text("SELECT count(*), coalesce(avg(size), 1) FROM knowledge_terms WHERE site_id = :site"),
        {"site": site_id},
    ).one()
    rarity = {
        term: max(math.log((total - count + 0.5) / (count + 0.5)), LEAST_RARITY)
        for term, count in known_terms(unit, site_id, terms).items()
        if count
    }
    if not rarity:
        return []
    present = list(rarity)
    rough = " + ".join(
        f"(terms @@ CAST(:t{at} AS tsquery))::int * CAST(:w{at} AS float8)"
        for at in range(len(present))
    )
    rows = unit.execute(
        text(_MATCH.format(rough=rough)),
        {
            "site": site_id,
            "any": _any_of(present),
            "mean": float(mean) or 1.0,
            "terms": present,
            "rarity": list(rarity.values()),
            "limit": limit,
            "pool": POOL * limit,
            **_term_values(present),
            **{f"w{at}": rarity[term] for at, term in enumerate(present)},
        },
    )
    return [(chunk, float(score)) for chunk, score in rows]


_MATCH = """
WITH pool AS (
    SELECT chunk_id, terms, 1.2 * (0.25 + 0.75 * size / :mean) AS length
    FROM knowledge_terms WHERE site_id = :site AND terms @@ CAST(:any AS tsquery)
    ORDER BY ({rough}) / (1 + 1.2 * (0.25 + 0.75 * size / :mean)) DESC, chunk_id LIMIT :pool
)
SELECT chunk_id, sum(rarity * 2.2 * times / (times + length)) AS score
FROM pool
CROSS JOIN LATERAL (SELECT lexeme, cardinality(positions) AS times FROM unnest(terms)) AS word
JOIN unnest(CAST(:terms AS text[]), CAST(:rarity AS float8[])) AS query (term, rarity)
    ON term = lexeme
GROUP BY chunk_id ORDER BY score DESC, chunk_id LIMIT :limit
"""


def nearest_vectors(
    unit: UnitOfWork, site_id: int, model: str, vectors: NDArray[np.float32], limit: int
) -> list[tuple[int, int, float, float]]:
    """The vectors nearest to the first of two *vectors*, best first.

    Rows are ``(document id, chunk id or -1, cosine, cosine with the second vector)``.
    """
    question, other = vectors
    rows = unit.execute(
        text(
            "SELECT document_id, coalesce(chunk_id, -1), 1 - (vector <=> :question) AS cosine,"
            " -(vector <#> :other) AS other"
            " FROM knowledge_vector WHERE site_id = :site AND model = :model"
            " ORDER BY vector <=> :question LIMIT :limit"
        ).bindparams(
            bindparam("question", type_=HalfVector()), bindparam("other", type_=HalfVector())
        ),
        {"question": question, "other": other, "site": site_id, "model": model, "limit": limit},
    )
    return [(document, chunk, float(near), float(far)) for document, chunk, near, far in rows]


def _any_of(terms: Sequence[str]) -> str:
    return " | ".join(f"'{term}'" for term in terms)


def _term_values(terms: Sequence[str]) -> dict[str, str]:
    return {f"t{at}": f"'{term}'" for at, term in enumerate(terms)}
