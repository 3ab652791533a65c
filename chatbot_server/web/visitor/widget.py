"""The widget's files: the loader ``/widget.js`` and its hashed parts under ``/widget/``.

They are built by ``widget/build.mjs`` into ``widget/dist``, which is ``web/widget_dist``
(a link in a checkout, real files in a wheel).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from flask import Blueprint, Response, request

from chatbot_server.errors import NotFound

DIST = Path(__file__).parents[1] / "widget_dist"
LOADER = "widget.js"
TYPES = {".js": "text/javascript; charset=utf-8", ".json": "application/json; charset=utf-8"}
# The name of a part is the hash of its bytes, so it never changes; the loader names the parts
# of its version. It is not served stale: yesterday's would name parts that are gone.
FOR_EVER = "public, max-age=31536000, immutable"
SHORTLY = "public, max-age=300"


def widget_blueprint() -> Blueprint:
    """Routes of the widget's files. What is not in the folder at the start does not exist."""
    bp = Blueprint("widget", __name__)
    files = {file.name: file.read_bytes() for file in DIST.iterdir() if file.suffix in TYPES}

    @bp.get("/widget.js")
    def loader() -> Response:
        return _serve(files, LOADER, SHORTLY)

    @bp.get("/widget/<name>")
    def part(name: str) -> Response:
        return _serve(files, name, FOR_EVER if "-" in name else SHORTLY)

    return bp


def loader_integrity() -> str:
    """The ``integrity`` of the loader for a tag that pins this very version."""
    table: dict[str, str] = json.loads((DIST / "integrity.json").read_text(encoding="utf-8"))
    return table[LOADER]


def _serve(files: dict[str, bytes], name: str, cache: str) -> Response:
    if name not in files:
        raise NotFound("widget_file_unknown", name=name[:80])
    body = files[name]
    response = Response(body, content_type=TYPES[Path(name).suffix])
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.headers["Cache-Control"] = cache
    # Any page may load these: they are the same for everyone and hold nothing of anyone.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.make_conditional(request)
    return response
