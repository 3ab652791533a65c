"""Downloads a model into the models folder, from any source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chatbot_server.errors import ModelError
from chatbot_server.models.files.inspect import inspect_if_whole, inspect_model
from chatbot_server.models.store.catalogue import catalogue
from chatbot_server.models.store.downloads.download import Progress, file_sha256
from chatbot_server.models.store.downloads.sources import (
    HUB,
    checksum,
    from_folder,
    from_net,
)
from chatbot_server.models.store.folder import close_names, installed, model_name, remember


@dataclass(frozen=True)
class PulledModel:
    """An installed model; *fresh* if it was not installed before."""

    name: str
    path: Path
    fresh: bool


def pull_model(
    model: str,
    models_dir: Path,
    progress: Progress,
    *,
    sha256: str | None = None,
    offline: Path | None = None,
    endpoint: str = HUB,
) -> PulledModel:
    """Bring *model*: a name of the catalogue, ``hf:owner/repository/file``, or an address.

    A file that turns out not to be a whole model is deleted again. *sha256* comes before
    the catalogue's.

    Raises:
        UsageError: *model* cannot be read as one of these, or *sha256* is no checksum.
        ModelError: there is no such model, it cannot be had, or is broken.
    """
    entry = catalogue().get(model)
    if entry is None and not model.startswith(("hf:", "http://", "https://")):
        close = close_names(model)
        code = "model_name_near" if close else "model_name_unknown"
        raise ModelError(code, name=model, close=close)
    if sha256 is not None:
        sha256 = checksum(sha256)
    elif entry:
        sha256 = entry.sha256
    path = installed(models_dir).get(entry.name) if entry else None
    if entry and path and path.is_file():
        has_checksum = not sha256 or file_sha256(path) == sha256
        if has_checksum and inspect_if_whole(path):
            return PulledModel(entry.name, path, fresh=False)
    source = entry.source if entry else model
    if offline:
        name = (entry.file_name if entry else source.split("#")[0].split("@")[0]) or ""
        path = from_folder(source, name.rsplit("/", 1)[-1], sha256, offline, models_dir)
    else:
        path = from_net(source, sha256, endpoint, models_dir, progress)
    try:
        inspect_model(path)
    except ModelError:
        path.unlink()
        raise
    name = entry.name if entry else model_name(path)
    remember(name, path, models_dir)
    return PulledModel(name, path, fresh=True)
