"""Small files of the models folder: written whole, so that a reader never sees half of one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from chatbot_server.models.store.write_errors import write_error


def write_record(models_dir: Path, name: str, record: Mapping[str, Any]) -> None:
    """Replace the file *name* of the models folder by *record*, as JSON.

    Raises:
        ModelError: the folder cannot be written to.
    """
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(
            "w", dir=models_dir, prefix=".record-", delete=False, encoding="utf-8"
        ) as stream:
            part = Path(stream.name)
            try:
                json.dump(record, stream, indent=2, ensure_ascii=False)
                stream.flush()
                part.replace(models_dir / name)
            except OSError:
                part.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise write_error(error, models_dir) from error
