"""The engine's process: ``python -m chatbot_server.engine.process.worker``.

It reads its settings as one line from standard input, which then stays open: when it closes, the
supervisor has ended, and so does this process. Standard output carries one JSON object per line
to the supervisor: ``{"ready": true}``, ``{"error": …}``, or a heart beat ``{"stalled": seconds,
"idle": seconds}``. Native code prints to standard error.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from chatbot_server.engine.backend import Backend, EngineSettings, Warmable, Watched
from chatbot_server.engine.process import protocol
from chatbot_server.engine.process.address import SOCKET, listen
from chatbot_server.engine.process.host import Host
from chatbot_server.engine.process.load import load_backend
from chatbot_server.errors import ChatbotError, EngineError
from chatbot_server.processes.parent import end_with_parent
from chatbot_server.prompt.base import Prompt

logger = logging.getLogger("chatbot_server.engine")

BEAT_SECONDS = 2.0
OPEN_FILES = 256  # about ten are used


def main() -> None:
    """Load the model, then serve until the supervisor ends this process."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    # The pipe to the supervisor; whatever is printed later goes to standard error.
    control = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to handle
    end_with_parent(signal.SIGKILL)
    record = json.loads(sys.stdin.buffer.readline())
    settings, run_dir = EngineSettings.from_json(record["settings"]), Path(record["run_dir"])
    limit_process(settings.memory_limit, settings.cpu_limit)
    threading.Thread(target=_end_with_life_line, daemon=True).start()
    try:
        backend, info = load_backend(settings, run_dir)
        listener = listen(run_dir / SOCKET)
    except Exception as error:  # a hostile file may cause any error
        refusal: ChatbotError = EngineError("engine_load_refused", file=settings.path.name)
        if isinstance(error, ChatbotError):
            refusal = error
        elif isinstance(error, MemoryError):
            refusal = EngineError("engine_no_memory")
        else:
            logger.exception("the model could not be loaded")
        _send(control, {"error": protocol.error_record(refusal)})
        sys.exit(1)
    # One for every running and waiting answer, and some for other requests.
    host = Host(backend, info, connections=backend.slots + settings.queue + 64)
    beats = threading.Thread(target=_send_heart_beats, args=(control, backend, host), daemon=True)
    beats.start()
    _send(control, {"ready": True})
    if isinstance(backend, Warmable):
        read_in_advance(backend, settings.warm)
    host.serve(listener)


def read_in_advance(backend: Warmable, prompts: Sequence[Prompt]) -> threading.Thread:
    """Evaluate *prompts* in the background, which takes longer than the rest of a start.

    Questions are answered meanwhile; the first waits for one prompt at most.
    """

    def read_all() -> None:
        try:
            for prompt in prompts:
                backend.warm(prompt)
        except ChatbotError as error:
            logger.warning("the instructions could not be read in advance: %s", error)

    reading = threading.Thread(target=read_all, name="warm", daemon=True)
    reading.start()
    return reading


def limit_process(memory: int, cpu_seconds: int) -> None:
    """Limit this process for the rest of its life.

    No core file is ever written, since it would hold what visitors typed.

    Args:
        memory: bytes of address space; also limits open files. 0: no limit.
        cpu_seconds: processor time after which it is killed (SIGXCPU); 0: no limit.
    """
    _set_limit(resource.RLIMIT_CORE, 0)
    if memory:
        _set_limit(resource.RLIMIT_NOFILE, OPEN_FILES)
        _set_limit(resource.RLIMIT_AS, memory)
    if cpu_seconds:
        _set_limit(resource.RLIMIT_CPU, cpu_seconds, grace=5)


def _set_limit(kind: int, value: int, grace: int = 0) -> None:
    _, ceiling = resource.getrlimit(kind)
    hard = value + grace
    if ceiling != resource.RLIM_INFINITY:
        hard = min(hard, ceiling)
    # On systems without this limit, the supervisor's time limits remain.
    with suppress(ValueError, OSError):
        resource.setrlimit(kind, (min(value, hard), hard))


def _end_with_life_line() -> None:
    while os.read(0, 1024):
        pass
    os._exit(0)


def _send_heart_beats(control: IO[str], backend: Backend, host: Host) -> None:
    while True:
        seconds = backend.stalled_seconds() if isinstance(backend, Watched) else 0.0
        _send(control, {"stalled": seconds, "idle": host.idle_seconds()})
        time.sleep(BEAT_SECONDS)


def _send(control: IO[str], record: dict[str, Any]) -> None:
    try:
        control.write(json.dumps(record) + "\n")
        control.flush()
    except OSError:
        os._exit(1)  # the supervisor is gone


if __name__ == "__main__":
    main()
