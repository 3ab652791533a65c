"""Tables for spreadsheets: CSV in which no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from flask import Response

from chatbot_server.retrieval.curate.imports.faq_file import without_formula


def csv_lines(
    columns: Sequence[str], rows: Iterable[Sequence[object]], language: str
) -> Iterator[str]:
    """*rows* as CSV (RFC 4180), with a byte order mark so that spreadsheets read UTF-8.

    French spreadsheets expect a semicolon between cells, and a comma as the decimal point.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";" if language == "fr" else ",")
    buffer.write("\ufeff")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([without_formula(str(cell)) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def download(lines: Iterable[str], name: str) -> Response:
    """*lines* as a file called *name*, never kept by a cache."""
    media_type = "text/csv" if name.endswith(".csv") else "application/jsonl"
    response = Response(lines, mimetype=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
