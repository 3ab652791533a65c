"""Downloads one file: resumable, checked, and under its final name only when complete."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx

from chatbot_server.errors import ModelError
from chatbot_server.models.store.downloads.network import connection_error
from chatbot_server.models.store.write_errors import SPARE, disk_full, write_error

Progress = Callable[[int, int | None], None]
MAX_BYTES = 500_000_000_000
ATTEMPTS = 3  # as long as each of them brings something
CHUNK = 1 << 20


@dataclass(frozen=True)
class Remote:
    """A file elsewhere, and what its publisher says about it."""

    url: str
    name: str
    sha256: str | None = None
    size: int | None = None


class _PartFile:
    """A file in the making, with notes of its version: only the same may be continued."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._notes = path.with_name(path.name + ".json")

    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def resume_headers(self, url: str) -> dict[str, str]:
        """The headers that request the missing bytes; none if the version is uncertain."""
        try:
            notes = json.loads(self._notes.read_text(encoding="utf-8"))
            if notes["url"] == url and (start := self.size()):
                return {"Range": f"bytes={start}-", "If-Range": notes["version"]}
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return {}

    def note_version(self, response: httpx.Response, url: str) -> None:
        """Remember the version; a weak ETag does not promise equal bytes."""
        etag = response.headers.get("etag", "")
        version = response.headers.get("last-modified", "") if etag[:2] in ("", "W/") else etag
        if version:
            notes = json.dumps({"url": url, "version": version})
            self._notes.write_text(notes, encoding="utf-8")
        else:
            self.forget_version()

    def forget_version(self) -> None:
        self._notes.unlink(missing_ok=True)


def download(client: httpx.Client, remote: Remote, folder: Path, progress: Progress) -> Path:
    """Fetch *remote* into *folder*, from where an earlier attempt's ``.part`` file ends.

    Raises:
        ModelError: not there, not allowed, cut off, another checksum, or no room.
    """
    target = folder / remote.name
    part = _PartFile(folder / f"{remote.name}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _fetch(client, remote, part, progress)
        if remote.sha256 and (digest := file_sha256(part.path)) != remote.sha256:
            part.path.unlink()
            part.forget_version()
            raise ModelError("model_checksum", url=remote.url, expected=remote.sha256, found=digest)
        part.path.replace(target)
    except OSError as error:
        raise write_error(error, folder, remote.size or 0) from error
    part.forget_version()
    return target


def _fetch(client: httpx.Client, remote: Remote, part: _PartFile, progress: Progress) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        before = part.size()
        try:
            _request(client, remote, part, progress)
        except httpx.TooManyRedirects as error:
            raise ModelError("model_download_redirects", url=remote.url) from error
        except httpx.InvalidURL as error:
            raise ModelError("model_download_url", url=remote.url) from error
        except httpx.HTTPError as error:
            if attempt == ATTEMPTS or part.size() <= before:
                raise connection_error(error, remote.url, part.size()) from error
        else:
            return


def _request(client: httpx.Client, remote: Remote, part: _PartFile, progress: Progress) -> None:
    resume_headers = part.resume_headers(remote.url)
    start = part.size() if resume_headers else 0
    headers = {"Accept-Encoding": "identity"} | resume_headers
    with client.stream("GET", remote.url, headers=headers) as response:
        if response.status_code == 416 and start == remote.size:
            return
        hops = [response.url, *(hop.url for hop in response.history)]
        if remote.url.startswith("https:") and any(hop.scheme != "https" for hop in hops):
            raise ModelError("model_download_insecure", url=remote.url)
        if response.status_code not in (200, 206):
            raise status_error(remote.url, response.status_code)
        content_range = response.headers.get("content-range", "")
        if response.status_code != 206 or not content_range.startswith(f"bytes {start}-"):
            start = 0
        length = response.headers.get("content-length", "")
        total = start + int(length) if length.isdigit() else remote.size
        if remote.size not in (None, total):
            raise ModelError(
                "model_download_size", url=remote.url, found=total, expected=remote.size
            )
        folder = part.path.parent
        if shutil.disk_usage(folder).free < (total or 0) - start + SPARE:
            raise disk_full(folder, (total or 0) - start)
        part.note_version(response, remote.url)
        _receive(response, remote, part.path, start, total, progress)


def _receive(
    response: httpx.Response,
    remote: Remote,
    part: Path,
    start: int,
    total: int | None,
    progress: Progress,
) -> None:
    size, limit = start, total if total is not None else MAX_BYTES
    with part.open("r+b" if start else "wb") as stream:
        stream.seek(start)
        for piece in response.iter_raw():  # as it comes: a dropped connection loses nothing
            size += len(piece)
            if size > limit:
                raise ModelError("model_download_size", url=remote.url, found=size, expected=limit)
            stream.write(piece)
            progress(size, total)
    if total is not None and size < total:
        raise httpx.RemoteProtocolError("the connection ended early")


def status_error(url: str, status: int) -> ModelError:
    """The error about a response with *status* instead of the file."""
    codes = {401: "model_download_gated", 403: "model_download_gated",
             404: "model_download_missing", 410: "model_download_missing"}  # fmt: skip
    return ModelError(codes.get(status, "model_download_status"), url=url, status=status)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = sha256()
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()
