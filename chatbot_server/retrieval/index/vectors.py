"""The vectors of a site in memory, for SQLite; PostgreSQL compares vectors itself."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot_server.storage.base import UnitOfWork
from chatbot_server.storage.knowledge.index.vectors import vector_ids, vectors_after

Vector = NDArray[np.float32]
# A row for each token of a section, see :mod:`.encoder.late_interaction`.
Tokens = NDArray[np.float16]
# Rows to make room for, per row needed: so the arrays are not copied for each page of a crawl.
CAPACITY = 1.2


@dataclass(frozen=True)
class QuestionVectors:
    """The vectors of a question, of length 1.

    Attributes:
        whole: of the whole question.
        words: of each word in its context, by the word as it is written.
        tokens: a row for each of its tokens, see :mod:`.encoder.late_interaction`; None if they are
            not compared.
    """

    whole: Vector
    words: Mapping[str, Vector] = field(default_factory=dict)
    tokens: Vector | None = None


@dataclass(frozen=True)
class VectorTable:
    """The vectors of one site.

    Attributes:
        version: the version of the site's index.
        size: the number of vectors; the arrays may have room for more.
        owners: one row per vector, ordered by id: its id, its document, and its chunk, or -1 for
            the vector of a title or wording.
        matrix: one vector of length 1 per row.
    """

    version: int
    size: int
    owners: NDArray[np.int64]
    matrix: Vector

    @property
    def ids(self) -> NDArray[np.int64]:
        """Ids of the vectors."""
        return self.owners[: self.size, 0]

    @property
    def documents(self) -> NDArray[np.int64]:
        """The document of each vector."""
        return self.owners[: self.size, 1]

    @property
    def chunks(self) -> NDArray[np.int64]:
        """The chunk of each vector; -1 for a title or wording."""
        return self.owners[: self.size, 2]

    def compare(self, vectors: Vector) -> Vector:
        """Cosine similarity of each row with each column of *vectors*."""
        cosines: Vector = self.matrix[: self.size] @ vectors
        return cosines

    def only(self, ids: NDArray[np.int64]) -> VectorTable:
        """The table with the vectors *ids* only; itself if it has no others."""
        mask = np.isin(self.ids, ids, assume_unique=True)
        if mask.all():
            return self
        owners, matrix = self.owners[: self.size][mask], self.matrix[: self.size][mask]
        return replace(self, size=len(owners), owners=owners, matrix=matrix)

    def extended(self, rows: Sequence[Any], capacity: int) -> VectorTable:
        """The table with *rows* of id, document, chunk and float16 vector appended.

        If the arrays have room, both tables share them: new rows are written beyond the size of
        this table, where its readers do not look. Therefore only the newest table of a site may be
        extended, by one thread at a time. Otherwise the rows are copied to arrays of *capacity*.
        """
        vectors = np.frombuffer(b"".join(row[3] for row in rows), dtype="<f2").reshape(
            len(rows), -1
        )
        end = self.size + len(rows)
        owners, matrix = self.owners, self.matrix
        if end > len(owners):
            capacity = max(capacity, end)
            owners = np.empty((capacity, 3), dtype=np.int64)
            owners[: self.size] = self.owners[: self.size]
            matrix = np.empty((capacity, vectors.shape[1]), dtype=np.float32)
            if self.size:
                matrix[: self.size] = self.matrix[: self.size]
        owners[self.size : end] = [(row[0], row[1], row[2]) for row in rows]
        matrix[self.size : end] = vectors
        return replace(self, size=end, owners=owners, matrix=matrix)


class VectorTables:
    """The tables of all sites; new rows are read when the index of a site has changed.

    Comparing all vectors is exact and, for 100,000 chunks of 384 numbers, takes about 20 ms and
    200 MB.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._lock = threading.Lock()
        self._tables: dict[int, VectorTable] = {}

    def of(self, unit: UnitOfWork, site_id: int, current: int) -> VectorTable:
        """The site's table at the *current* version of its index, or at a newer one."""
        table = self._tables.get(site_id)
        if table is not None and table.version == current:
            return table
        with self._lock:
            table = self._tables.get(site_id)
            if table is None or table.version != current:
                table = self._update(unit, site_id, current, table)
                self._tables[site_id] = table
            return table

    def _update(
        self, unit: UnitOfWork, site_id: int, current: int, former: VectorTable | None
    ) -> VectorTable:
        """The table of the *current* version, from the *former* one and the rows added since."""
        ids = vector_ids(unit, site_id, self._model)
        if former is None:  # no spare capacity: the site may never change
            owners, matrix = np.empty((0, 3), dtype=np.int64), np.empty((0, 0), dtype=np.float32)
            table, capacity = VectorTable(current, 0, owners, matrix), len(ids)
        else:
            table = replace(former.only(ids), version=current)
            capacity = int(len(ids) * CAPACITY)
        last = int(table.ids[-1]) if table.size else 0
        for rows in vectors_after(unit, site_id, self._model, last):
            table = table.extended(rows, capacity)
        return table
