"""The models folder: what is in it, what it refers to, and how a model is found by name.

Files that were downloaded lie in the folder. A file that was added stays where it is and is
referred to, with no second copy of gigabytes and no link that a backup could follow: its
path is in ``installed.json`` beside them.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from chatbot_server.config.home import in_home
from chatbot_server.errors import ModelError
from chatbot_server.models.base import Tier, tier_by_size
from chatbot_server.models.files.inspect import inspect_model
from chatbot_server.models.files.prepare import forget_prepared
from chatbot_server.models.store.catalogue import CatalogueEntry, catalogue
from chatbot_server.models.store.records import write_record
from chatbot_server.models.store.scores import score_of

RECORD = "installed.json"
PREPARED = "prepared"
SUFFIXES = (".gguf", ".bin")


@dataclass(frozen=True)
class InstalledModel:
    """An installed model: its file, its name, and what it may be trusted with."""

    path: Path
    title: str = ""
    tier: Tier = "quote"

    def __str__(self) -> str:
        return f"{self.title} ({self.path})"


def find_model(name: str, models_dir: Path) -> InstalledModel:
    """The model called *name* (of the catalogue or the folder), or at that path.

    Raises:
        ModelError: there is none; says how to get it.
    """
    path = path_of_model(name, models_dir)
    if path is None:
        raise _absent(name)
    entry = catalogue().get(name) or _entry_of(path)
    score = score_of(path, models_dir)
    if entry:
        return InstalledModel(path, entry.name, score.tier if score else entry.tier)
    tier = score.tier if score else tier_by_size(inspect_model(path).parameters)
    return InstalledModel(path, path.stem, tier)


def path_of_model(name: str, models_dir: Path) -> Path | None:
    """The file of the model called *name*, or at that path; None: it is not here."""
    entry = catalogue().get(name)
    paths = [in_home(Path(name)), models_dir / name]
    if entry and entry.file_name:
        paths = [models_dir / entry.file_name]
    if recorded_path := installed(models_dir).get(name):
        paths.insert(0, recorded_path)
    return next(filter(os.path.isfile, paths), None)  # False of a name too long for a file


def _entry_of(path: Path) -> CatalogueEntry | None:
    return next((entry for entry in catalogue().values() if entry.file_name == path.name), None)


def _absent(name: str) -> ModelError:
    if name in catalogue():
        return ModelError("model_not_installed", field="engine.model", name=name)
    if "://" in name:
        return ModelError("model_is_address", field="engine.model", address=name)
    is_folder = os.path.isdir(in_home(Path(name)))  # noqa: PTH112 (no error where it is too long)
    if name.strip() and is_folder:
        return ModelError("model_is_folder", field="engine.model", file=name)
    if name.lower().endswith(SUFFIXES) or os.sep in name:
        return ModelError("model_not_found", field="engine.model", file=name)
    close = close_names(name)
    code = "model_name_near" if close else "model_name_unknown"
    return ModelError(code, field="engine.model", name=name, close=close)


def close_names(name: str) -> str:
    """Names of the catalogue that *name* may have meant; empty if there are none."""
    name = name.lower().strip()
    longer = [entry for entry in catalogue() if name and entry.startswith(name)]
    return ", ".join(longer[:3] or get_close_matches(name, catalogue()))


def installed(models_dir: Path) -> dict[str, Path]:
    """Every model that is here, by name: recorded ones, and other files in the folder."""
    paths = {name: models_dir / path for name, path in _record(models_dir).items()}
    recorded_paths = set(paths.values())
    files = sorted(models_dir.iterdir()) if models_dir.is_dir() else []
    for file in files:
        if file.suffix.lower() in SUFFIXES and file not in recorded_paths:
            entry = _entry_of(file)
            paths.setdefault(entry.name if entry else model_name(file), file)
    return paths


def model_name(path: Path) -> str:
    """The default name of a model file."""
    return path.stem.lower().replace(" ", "-")


def remember(name: str, path: Path, models_dir: Path) -> None:
    """Record that the model *name* is the file *path* (kept relative inside the folder).

    Raises:
        ModelError: the folder cannot be written to.
    """
    inside = path.parent == models_dir
    record = _record(models_dir) | {name: path.name if inside else str(path.absolute())}
    write_record(models_dir, RECORD, record)


def add_file(path: Path, models_dir: Path) -> str:
    """Refer to the model file *path* from now on; its name.

    Raises:
        ModelError: no model file, a broken one, or a name that is taken.
    """
    inspect_model(path)
    name = model_name(path)
    present = installed(models_dir).get(name)
    if name in catalogue() or (present is not None and present != path.absolute()):
        raise ModelError("model_name_taken", name=name, file=path)
    remember(name, path, models_dir)
    return name


def remove_model(name: str, models_dir: Path) -> Path | None:
    """Forget a model; its file is deleted only if it lies in the folder, and then returned.

    Raises:
        ModelError: no such model here.
    """
    models = installed(models_dir)
    path = models.get(name)
    if path is None:
        raise ModelError("model_not_here", name=name, names=", ".join(models) or "–")
    record = _record(models_dir)
    if record.pop(name, None) is not None:
        write_record(models_dir, RECORD, record)
    forget_prepared(path, models_dir / PREPARED)
    if path.parent != models_dir:
        return None
    path.unlink(missing_ok=True)
    return path


def _record(models_dir: Path) -> dict[str, str]:
    file = models_dir / RECORD
    try:
        record: Any = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ModelError("model_unreadable", file=file, reason=error.strerror) from error
    except ValueError as error:
        raise ModelError("model_record", file=file) from error
    if not isinstance(record, dict) or not all(isinstance(path, str) for path in record.values()):
        raise ModelError("model_record", file=file)
    return record
