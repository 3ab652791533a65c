"""The widget's files: the loader ``/widget.js`` and its hashed parts under ``/widget/``.

They are built by ``widget/build.mjs`` into ``widget/dist``, which is ``web/widget_dist`` here (a
link in a checkout, real files in a wheel). Parts of earlier versions are kept in the data folder:
caches still hold their loaders, and open pages still load parts on demand.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
from pathlib import Path

from flask import Blueprint, Response, request

from chatbot_server.errors import NotFound

LOG = logging.getLogger(__name__)
DIST = Path(__file__).parents[1] / "widget_dist"
LOADER = "widget.js"
TYPES = {".js": "text/javascript; charset=utf-8", ".json": "application/json; charset=utf-8"}
# The name of a part contains the hash of its bytes, so it never changes; a loader names the parts
# of its version. Some caches serve a loader for much longer than they are told.
FOR_EVER = "public, max-age=31536000, immutable"
SHORTLY = "public, max-age=300"
PART = re.compile(r"[a-z]{2,10}-[0-9A-Za-z]{10}\.(js|json)")
# How many versions are kept, including the current one.
VERSIONS = 4


def widget_blueprint(folder: Path | None = None) -> Blueprint:
    """Routes of the widget's files, which are read once at the start.

    Args:
        folder: where the parts of earlier versions are kept.
    """
    bp = Blueprint("widget", __name__)
    files = {file.name: file.read_bytes() for file in DIST.iterdir() if file.suffix in TYPES}
    files = (_earlier_parts(folder, files) if folder else {}) | files

    @bp.get("/widget.js")
    def loader() -> Response:
        return _serve(files, LOADER, SHORTLY)

    @bp.get("/widget/<name>")
    def part(name: str) -> Response:
        return _serve(files, name, FOR_EVER if "-" in name else SHORTLY)

    return bp


def loader_integrity() -> str:
    """The ``integrity`` attribute of a tag that pins this version of the loader."""
    table: dict[str, str] = json.loads((DIST / "integrity.json").read_text(encoding="utf-8"))
    return table[LOADER]


def _earlier_parts(folder: Path, files: dict[str, bytes]) -> dict[str, bytes]:
    """Add the parts in *files* to *folder*, drop the oldest version, and return all parts.

    If the folder cannot be written, only the parts of earlier versions are missing.
    """
    own = folder / hashlib.sha256(files[LOADER]).hexdigest()[:10]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not own.is_dir():
            _store({name: body for name, body in files.items() if PART.fullmatch(name)}, own)
        os.utime(own)
        versions = sorted(
            folder.iterdir(), key=lambda version: version.stat().st_mtime, reverse=True
        )
        for old in versions[VERSIONS:]:
            shutil.rmtree(old, ignore_errors=True)
        parts = [part for version in versions[:VERSIONS] for part in version.iterdir()]
        return {part.name: part.read_bytes() for part in parts if PART.fullmatch(part.name)}
    except OSError as error:
        LOG.warning("The widget's parts are not kept for the next version: %s", error)
        return {}


def _store(parts: dict[str, bytes], target: Path) -> None:
    """Write *parts* as the folder *target* in one step; another process may do the same."""
    with tempfile.TemporaryDirectory(dir=target.parent.parent, ignore_cleanup_errors=True) as name:
        copy = Path(name) / target.name
        copy.mkdir(mode=0o700)
        for part, body in parts.items():
            (copy / part).write_bytes(body)
        try:
            copy.rename(target)
        except OSError:
            if not target.is_dir():
                raise


def _serve(files: dict[str, bytes], name: str, cache: str) -> Response:
    if name not in files:
        raise NotFound("widget_file_unknown", name=name[:80])
    body = files[name]
    response = Response(body, content_type=TYPES[Path(name).suffix])
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.headers["Cache-Control"] = cache
    # Any page may load these files, which are the same for everybody.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.make_conditional(request)
    return response
