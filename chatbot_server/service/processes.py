"""The parent of a running server: it starts the processes, watches them and stops them.

It loads neither the web application nor the model, so that it stays small and outlives both::

    chatbot-server serve ─┬─ gunicorn ── web worker       answers HTTP
                          ├─ engine                       the model, supervised in a thread
                          └─ chatbot-server jobs …        erase, read, embed …: hourly, or called
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from chatbot_server.config import Config
from chatbot_server.config.load import FILE_VARIABLE
from chatbot_server.engine.process.state import read_state
from chatbot_server.errors import Unavailable
from chatbot_server.logs import set_up_logging
from chatbot_server.messages import say
from chatbot_server.processes.identity import VARIABLE, announce
from chatbot_server.processes.native_libraries import FOR_WEB
from chatbot_server.processes.parent import PARENT
from chatbot_server.service import early_web
from chatbot_server.service.background import BackgroundWork
from chatbot_server.service.children import (
    FIRST_JOBS_AFTER,
    JOB_NAMES,
    JOBS_APART,
    ChildProcess,
    Job,
    end_process,
)
from chatbot_server.service.engine_keeper import EngineKeeper
from chatbot_server.service.log_file import log_keeper
from chatbot_server.temporary import temporary_folder

logger = logging.getLogger("chatbot_server")

COUNTS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where web processes keep their counts together
WORKER = "chatbot_server.web.server.worker.Worker"
LOGGER = "chatbot_server.web.middleware.log_lines.ServerLog"
# A web server that ends at once, again and again, has a reason that waiting does not cure. One that
# is killed (out of memory, say) has none of its own, and is always started again.
QUICK_DEATH, MOST_QUICK_DEATHS = 10.0, 3
# Seconds before it is started again.
FAILED_PAUSE, KILLED_PAUSE = 1.0, 0.1
# States in which it is decided whether the model can answer ("none": no model is wanted).
SETTLED = ("ready", "failed", "none")


class ServerProcesses:
    """All processes of one server.

    Args:
        file: the configuration file; handed on to the children by ``CHATBOT_CONFIG``.
    """

    def __init__(self, config: Config, file: Path, language: str) -> None:
        self._config = config
        self._early_web = os.environ.pop(early_web.VARIABLE, "")
        self._environment = os.environ | {FILE_VARIABLE: str(file), PARENT: str(os.getpid())}
        self._language = language
        self._stop = threading.Event()
        self._engine = EngineKeeper(config.run_dir)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            Unavailable: the port is in use, or the web server cannot stay up.
        """
        set_up_logging(self._config.server.log_level, self._config.server.log_format)
        for listener in listeners(self._config):
            listener.check()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        run_dir = self._config.run_dir
        self._environment[VARIABLE] = announce(run_dir)
        parts: list[EngineKeeper | BackgroundWork] = [
            self._engine,
            *(
                Job(name, self._environment, run_dir, FIRST_JOBS_AFTER + number * JOBS_APART)
                for number, name in enumerate(JOB_NAMES)
                if name != "mail" or self._config.mail.host
            ),
        ]
        if keeper := log_keeper():
            parts.append(keeper)
        with ExitStack() as running:
            if self._config.metrics.port:
                folder = temporary_folder("counts", Path(memory_folder()))
                self._environment[COUNTS_FOLDER] = str(running.enter_context(folder))
            for part in parts:
                running.callback(part.stop)
                part.start()
            self._keep_web_up()

    def _keep_web_up(self) -> None:
        quick_deaths = 0
        while not self._stop.is_set():
            start = time.monotonic()
            web = self._begin_web()
            try:
                self._watch(web)
            finally:
                end_process(web)
            if self._stop.is_set():
                return
            is_quick, code = time.monotonic() - start < QUICK_DEATH, web.returncode or 0
            quick_deaths = quick_deaths + 1 if is_quick and code >= 0 else 0
            if quick_deaths >= MOST_QUICK_DEATHS:
                raise Unavailable("web_server_dies", code_=code)
            logger.error(say("web_server_restarts", self._language))
            self._stop.wait(FAILED_PAUSE if code >= 0 else KILLED_PAUSE)

    def _begin_web(self) -> ChildProcess:
        """The web server's process: at first that which was begun while the start was prepared."""
        program, *arguments = self._web_command()
        environment = FOR_WEB | self._environment
        early, self._early_web = self._early_web, ""
        web = early and early_web.continue_web(early, arguments[2:], self._environment)
        return web or subprocess.Popen([program, *arguments], env=environment)

    def _watch(self, web: ChildProcess) -> None:
        """Wait until *web* ends or the server stops; logs each change of the engine's state."""
        address, language = self._config.server.local_address, self._language
        logged_state = None
        while web.poll() is None and not self._stop.wait(0.2):
            self._engine.look()
            engine = read_state(self._config.run_dir)
            if engine.state not in SETTLED or engine.state == logged_state:
                continue
            logged_state = engine.state
            if engine.state == "failed":
                why = say(engine.reason or "engine_none", language, **engine.values)
                logger.error(say("serving_without_model", language, address=address, why=why))
            else:
                logger.info(say("serving", language, address=address))

    def _web_command(self) -> list[str]:
        server = self._config.server
        binds = [f"--bind={listener.address}" for listener in listeners(self._config)]
        return [
            *(sys.executable, "-m", early_web.RUN_GUNICORN, "chatbot_server.app:application()"),
            *binds,
            # One process, many threads: answers in the making and the rate limits live in
            # its memory. A thread waits for tokens; it does not compute them.
            *("--workers", "1", "--worker-class", WORKER, "--threads", str(server.threads)),
            *("--keep-alive", "5", "--graceful-timeout", "5", "--timeout", "60"),
            *("--limit-request-line", "2048", "--limit-request-fields", "60"),
            *("--worker-connections", str(self._config.limits.connections)),
            *("--logger-class", LOGGER),
            *("--log-level", "warning" if server.log_level == "info" else server.log_level),
            # gunicorn's heartbeat files: on a disk, a slow write would look like a dead worker.
            *("--worker-tmp-dir", memory_folder()),
            "--no-control-socket",
        ]


@dataclass(frozen=True)
class Listener:
    """An address that the web server listens at, from a *section* of the configuration."""

    section: str
    host: str
    port: int

    @property
    def address(self) -> str:
        """Host and port, with an IPv6 address in brackets."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def check(self) -> None:
        """Check that the server can listen there.

        Raises:
            Unavailable: another program listens there, or the address is not of this machine. The
                sentence names the section of the configuration.
        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    code, field = "port_unusable", "port"
                elif error.errno == errno.EACCES:
                    code, field = "port_forbidden", "port"
                else:
                    code, field = "host_unusable", "host"
                raise Unavailable(
                    code, field=f"{self.section}.{field}", why=error.strerror, **asdict(self)
                ) from None


def listeners(config: Config) -> list[Listener]:
    """The addresses that the web server listens at: for everybody, and for metrics if set up."""
    server, metrics = config.server, config.metrics
    where = [Listener("server", server.host, server.port)]
    return [*where, Listener("metrics", metrics.host, metrics.port)] if metrics.port else where


def memory_folder() -> str:
    """A folder for small files that must not wait for a disk, or fail on a full one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp"  # noqa: S108
