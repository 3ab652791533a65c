"""What a model file is, and which engine can run it: from its header alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from chatbot_server.errors import ModelError
from chatbot_server.models.base import ModelFile
from chatbot_server.models.files.ggml import read_ggml
from chatbot_server.models.files.ggml_facts import ggml_facts
from chatbot_server.models.files.ggml_layouts import MAGICS
from chatbot_server.models.files.gguf import MAGIC, read_gguf
from chatbot_server.models.files.gguf_facts import gguf_facts
from chatbot_server.prompt.formats import pick_format


def inspect_model(path: Path) -> ModelFile:
    """The facts of the model file *path*.

    Raises:
        ModelError: no model file, or a broken one; the sentence says what and what to do.
    """
    try:
        if path.is_dir():
            raise ModelError("model_is_folder", file=path)
        if path.exists() and not path.is_file():  # a pipe would be waited for without end
            raise ModelError("model_is_no_file", file=path)
        with path.open("rb") as stream:
            magic = stream.read(4)
    except FileNotFoundError as error:
        raise ModelError("model_not_found", file=path) from error
    except OSError as error:
        raise ModelError("model_unreadable", file=path, reason=error.strerror or "") from error
    if not magic:
        raise ModelError("model_empty", file=path)
    if magic == MAGIC:
        facts = gguf_facts(read_gguf(path))
    elif magic in MAGICS:
        facts = ggml_facts(read_ggml(path))
    else:
        raise ModelError("model_format_unknown", file=path)
    name = f"{path.stem} {facts.name}"
    return replace(facts, family=pick_format(facts.architecture, facts.chat_template, name))


def inspect_if_whole(path: Path) -> ModelFile | None:
    """The facts of *path*; None if it is missing or broken (``models check`` says why)."""
    try:
        return inspect_model(path)
    except ModelError:
        return None
