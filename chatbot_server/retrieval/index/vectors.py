"""The vectors of a site, held in memory for SQLite; PostgreSQL compares them itself."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot_server.storage.base import UnitOfWork
from chatbot_server.storage.knowledge.vectors import vector_ids, vectors_after

Vector = NDArray[np.float32]
# Rows of capacity for each that is needed, so that a crawl's pages one by one are not a copy each.
CAPACITY = 1.2


@dataclass(frozen=True)
class QuestionVectors:
    """What a question means, in vectors of length 1.

    Attributes:
        words: what each of its words means there, as it stands between blanks.
    """

    whole: Vector
    words: Mapping[str, Vector] = field(default_factory=dict)


@dataclass(frozen=True)
class VectorTable:
    """The vectors of one site.

    Attributes:
        version: of the site's index.
        size: number of vectors; the arrays have capacity for more.
        owners: per vector its id, its document's, and its chunk's or -1 for the vector of a
            title or wording; by id.
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
        """Each vector's document."""
        return self.owners[: self.size, 1]

    @property
    def chunks(self) -> NDArray[np.int64]:
        """Each vector's chunk, -1 for a title's or wording's."""
        return self.owners[: self.size, 2]

    def compare(self, vectors: Vector) -> Vector:
        """Cosine similarity of each row with each column of *vectors*."""
        cosines: Vector = self.matrix[: self.size] @ vectors
        return cosines

    def only(self, ids: NDArray[np.int64]) -> VectorTable:
        """Without the vectors that are not among *ids*; itself where there are none."""
        mask = np.isin(self.ids, ids, assume_unique=True)
        if mask.all():
            return self
        owners, matrix = self.owners[: self.size][mask], self.matrix[: self.size][mask]
        return replace(self, size=len(owners), owners=owners, matrix=matrix)

    def extended(self, rows: Sequence[Any], capacity: int) -> VectorTable:
        """With *rows* of id, document, chunk and float16 vector at the end.

        Where the arrays have capacity, both tables share them: no reader of this one looks
        beyond its size, and there the new rows are written. So only the newest table of a
        site may be extended, by one thread at a time. Else the rows are copied to new arrays
        of that *capacity*.
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
    """The tables of all sites, each read again when its index has changed.

    Brute force is exact and, at 100,000 chunks of 384 numbers, takes about 20 ms and 200 MB.
    Only rows that are new are read from the database.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._lock = threading.Lock()
        self._tables: dict[int, VectorTable] = {}

    def of(self, unit: UnitOfWork, site_id: int, current: int) -> VectorTable:
        """The site's table of the *current* version of its index, or of a newer one."""
        table = self._tables.get(site_id)
        if table is not None and table.version == current:
            return table
        with self._lock:
            table = self._tables.get(site_id)
            if table is None or table.version != current:
                table = self._brought_up_to_date(unit, site_id, current, table)
                self._tables[site_id] = table
            return table

    def _brought_up_to_date(
        self, unit: UnitOfWork, site_id: int, current: int, former: VectorTable | None
    ) -> VectorTable:
        ids = vector_ids(unit, site_id, self._model)
        if former is None:  # it may never change: no capacity beyond what is needed
            owners, matrix = np.empty((0, 3), dtype=np.int64), np.empty((0, 0), dtype=np.float32)
            table, capacity = VectorTable(current, 0, owners, matrix), len(ids)
        else:
            table = replace(former.only(ids), version=current)
            capacity = int(len(ids) * CAPACITY)
        last = int(table.ids[-1]) if table.size else 0
        for rows in vectors_after(unit, site_id, self._model, last):
            table = table.extended(rows, capacity)
        return table
