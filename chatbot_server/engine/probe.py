"""Tries a model file in a process of its own, with limits on everything it uses."""

from __future__ import annotations

import os
from dataclasses import dataclass

from chatbot_server.config.sections import EngineName
from chatbot_server.engine.backend import EngineSettings
from chatbot_server.engine.base import Sampling
from chatbot_server.engine.process.supervisor import local_engine
from chatbot_server.engine.registry import ENGINES
from chatbot_server.errors import EngineError, ModelError
from chatbot_server.models.base import ModelFile
from chatbot_server.prompt.base import Prompt, Segment
from chatbot_server.temporary import temporary_folder

CONTEXT = 512
SECONDS = 180
# Address space, not memory: Python, a library and its threads' stacks reserve 1.1 GB.
BASE_BYTES = 2_000_000_000
BYTES_A_PROCESSOR = 150_000_000  # a stack and an arena of the C library, for each thread
# The file as mapped, as read or prepared, and its weights reordered for the processor.
FILE_COPIES = 3


@dataclass(frozen=True)
class Ceiling:
    """What loading a file may use: bytes of address space, and seconds of time and processor."""

    memory: int
    seconds: int = SECONDS

    @classmethod
    def of(cls, file: ModelFile) -> Ceiling:
        """Far more than *file* needs, if its header is right."""
        without_model = BASE_BYTES + BYTES_A_PROCESSOR * (os.cpu_count() or 1)
        return cls(without_model + FILE_COPIES * file.memory_bytes(CONTEXT))


def probe(file: ModelFile, engine: EngineName, ceiling: Ceiling | None = None) -> None:
    """Load *file* and evaluate a word with it.

    Raises:
        ModelError: the library refuses it, crashes, or does not come to an end.
    """
    ceiling = ceiling or Ceiling.of(file)
    with temporary_folder("prepared") as cache:
        settings = EngineSettings(
            path=file.path.absolute(),
            kind=engine,
            cache_dir=cache,
            family=file.family,
            context_length=CONTEXT,
            threads=1,  # so that a second of processor time is a second
            slots=1,
            state_cache_mb=0,
            max_restarts=0,
            answer_seconds=ceiling.seconds,
            memory_limit=ceiling.memory,
            cpu_limit=ceiling.seconds,
        )
        try:
            with local_engine(settings, ceiling.seconds) as local:
                prompt = Prompt(segments=(Segment("Hello"),))
                for _ in local.generate(prompt, Sampling(max_tokens=1)):
                    pass
        except EngineError as error:
            raise _error_about_file(error, file, engine, ceiling) from error


def _error_about_file(
    error: EngineError, file: ModelFile, engine: EngineName, ceiling: Ceiling
) -> EngineError | ModelError:
    """*error* as an error about the file: no engine was serving that could be “restarted”."""
    how = str(error.values.get("how", ""))
    megabytes = ceiling.memory // 1_000_000
    if error.code == "engine_starting" or how == "SIGXCPU":
        return ModelError("probe_endless", file=file.path, seconds=ceiling.seconds)
    if error.code in ("engine_keeps_dying", "engine_crashed"):
        return ModelError("probe_died", file=file.path, how=how, memory=megabytes)
    if code := ENGINES[engine].probe_errors.get(error.code):
        return ModelError(code, file=file.path)
    if error.code == "engine_no_memory":
        return ModelError("probe_no_memory", file=file.path, memory=megabytes)
    return error
