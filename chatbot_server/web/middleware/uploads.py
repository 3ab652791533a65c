"""Uploads of large files: stored in a folder that the view names, and admitted by a ticket.

A page hands out the ticket to whoever may upload, so that strangers can neither occupy a thread nor
fill the disk.
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

# A file may take the free disk divided by this number: it is copied to its place, and unpacked.
SHARE = 4
TICKET = "upload"  # the name of the ticket in a query
TICKET_SECONDS = 1800  # in which an upload must begin


class UploadTickets:
    """Signed tickets that are valid for a while, for one path, and for this process only."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def new(self, path: str) -> str:
        """A ticket for a browser that is allowed to upload to *path*."""
        end = str(int(time.time()) + TICKET_SECONDS)
        return f"{end}.{self._sign(end, path)}"

    def admits(self, ticket: str, path: str) -> bool:
        """Whether *ticket* was issued by this process for *path*, and has not expired."""
        end, _, signature = ticket[:100].partition(".")
        is_own = hmac.compare_digest(signature.encode(), self._sign(end, path).encode())
        return is_own and int(end) > time.time()

    def admits_request(self, head: Any) -> bool:
        """Whether the query of gunicorn's request *head* has a valid ticket for its path."""
        tickets = parse_qs(head.query).get(TICKET, ())[:1]
        return any(self.admits(ticket, head.path) for ticket in tickets)

    def _sign(self, end: str, path: str) -> str:
        return hmac.new(self._secret, f"{end} {path}".encode(), hashlib.sha256).hexdigest()


class UploadRequest(Request):
    """A request whose files are kept in a folder, if :meth:`keep_files_in` was called."""

    _folder: Path | None = None

    def keep_files_in(self, folder: Path) -> None:
        """Accept files as large as the disk of *folder* allows, and keep them there."""
        self._folder = folder
        self.max_content_length = largest_file(folder)

    def _get_file_stream(self, *args: Any, **values: Any) -> IO[bytes]:
        if self._folder is None:
            return super()._get_file_stream(*args, **values)
        return TemporaryFile("rb+", dir=self._folder)  # deleted when it is closed


def largest_file(folder: Path) -> int:
    """The size in bytes of the largest file that is accepted into *folder*."""
    return shutil.disk_usage(folder).free // SHARE
