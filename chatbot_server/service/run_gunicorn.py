"""gunicorn as a child of the server's parent: ``python -m chatbot_server.service.run_gunicorn``.

Without arguments, it imports the application and waits for them (:mod:`.early_web`).

By itself, gunicorn would live on after its parent was killed: it would hold the port, without an
engine, and without the chores that erase what has expired.
"""

from __future__ import annotations

import gc
import signal
import sys
from importlib import import_module
from typing import Any

from gunicorn.app.wsgiapp import WSGIApplication  # type: ignore[import-untyped]

from chatbot_server.processes.parent import end_with_parent
from chatbot_server.service.early_web import wait_for_order

APPLICATION = "chatbot_server.app"
# New objects between two garbage collections. With Python's default of 700, these take a tenth of
# the time of a start.
OBJECTS = 50_000


class Gunicorn(WSGIApplication):  # type: ignore[misc]
    """gunicorn, which imports the application's module before it starts a worker.

    Imports are most of what a worker needs to be ready. The one that takes the place of a killed
    one finds them done, and shares their memory. They come after the port is open, so that
    visitors wait meanwhile and are not refused.
    """

    def load_config(self) -> None:
        """Read the command line."""
        super().load_config()
        self.cfg.set("when_ready", self._import_application)

    def _import_application(self, _arbiter: Any) -> None:
        import_module(self.app_uri.partition(":")[0])
        gc.freeze()  # a collection would write to the memory that is shared


if __name__ == "__main__":
    end_with_parent()
    gc.set_threshold(OBJECTS)
    if not sys.argv[1:]:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until gunicorn has its own way
        import_module(APPLICATION)
        wait_for_order()
    Gunicorn("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn").run()
