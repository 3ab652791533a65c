"""Files longer than memory: on the disk that a view names, and of who was let in by a page before.

Without a ticket nobody keeps a thread of the server, or fills its disk.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import shutil
import time
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import parse_qs

from flask import Request

# Of the free disk; a file is copied once to its place, and what it holds is written again.
SHARE = 4
TICKET = "upload"  # its name in a query
TICKET_SECONDS = 6 * 3600


class UploadTickets:
    """Good for a while, and as long as this process lives."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def new(self) -> str:
        """A ticket for whoever has shown that they may send."""
        end = str(int(time.time()) + TICKET_SECONDS)
        return f"{end}.{self._sign(end)}"

    def admits(self, ticket: str) -> bool:
        """Whether it was given here, and not too long ago."""
        end, _, signature = ticket[:100].partition(".")
        is_own = hmac.compare_digest(signature.encode(), self._sign(end).encode())
        return is_own and int(end) > time.time()

    def admits_request(self, head: Any) -> bool:
        """Whether gunicorn's *head* has one in its query."""
        return any(map(self.admits, parse_qs(head.query).get(TICKET, ())[:1]))

    def _sign(self, end: str) -> str:
        return hmac.new(self._secret, end.encode(), hashlib.sha256).hexdigest()


class UploadRequest(Request):
    """A request; where :meth:`keep_files_in` was called, its files are on that disk."""

    _folder: Path | None = None

    def keep_files_in(self, folder: Path) -> None:
        """Take files as large as the disk of *folder* has room for, and keep them there."""
        self._folder = folder
        self.max_content_length = largest_file(folder)

    def _get_file_stream(self, *args: Any, **values: Any) -> IO[bytes]:
        if self._folder is None:
            return super()._get_file_stream(*args, **values)
        return TemporaryFile("rb+", dir=self._folder)  # gone when it is closed


def largest_file(folder: Path) -> int:
    """Bytes of a file that is taken into *folder*."""
    return shutil.disk_usage(folder).free // SHARE
