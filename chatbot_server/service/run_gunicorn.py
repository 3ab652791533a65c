"""gunicorn as a child of the server's parent: ``python -m chatbot_server.service.run_gunicorn``.

By itself, gunicorn would live on after its parent was killed: it would hold the port, without an
engine, and without the jobs that erase what has expired.
"""

from __future__ import annotations

import gc

from gunicorn.app.wsgiapp import run  # type: ignore[import-untyped]

from chatbot_server.processes.parent import end_with_parent

# New objects between two garbage collections. With Python's default of 700, these take a tenth of
# the time of a start.
OBJECTS = 50_000

if __name__ == "__main__":
    end_with_parent()
    gc.set_threshold(OBJECTS)
    run(prog="gunicorn")
