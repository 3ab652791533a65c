"""llama.cpp as a local engine: what it cannot run, and how it loads the rest."""

from __future__ import annotations

from pathlib import Path

from chatbot_server.engine.backend import Backend, EngineSettings, LocalEngine
from chatbot_server.models.base import ModelFile, Refusal


def refuses(file: ModelFile) -> Refusal | None:
    """Why llama.cpp cannot run *file*, as far as the header tells."""
    if file.format != "gguf":
        return Refusal("model_llamacpp_legacy")
    if file.version == 1:
        return Refusal("model_llamacpp_version")
    if file.architecture == "gptj":
        return Refusal("model_llamacpp_architecture", {"name": file.architecture})
    return None


def load(_file: ModelFile, settings: EngineSettings, run_dir: Path) -> Backend:
    """Load the model of *settings* into this process."""
    # Imported by the process that runs it, and by no other.
    from chatbot_server.engine.llamacpp.backend import LlamaCppBackend

    return LlamaCppBackend(settings, run_dir)


LLAMACPP = LocalEngine(
    "xllamacpp", refuses, load, probe_errors={"llamacpp_not_loaded": "probe_not_loaded"}
)
