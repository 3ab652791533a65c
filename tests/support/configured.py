"""Settings of a server under test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chatbot_server.config import Config


def make_config(folder: Path, **sections: dict[str, Any]) -> Config:
    """Settings as ``config.yaml`` states them; unless *sections* say so, no model finds pages."""
    retrieval = {"semantic": "off"} | sections.pop("retrieval", {})
    return Config.model_validate({"data_dir": folder, "retrieval": retrieval, **sections})
