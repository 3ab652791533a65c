"""gunicorn as a child of the server's parent: ``python -m chatbot_server.service.run_gunicorn``.

Alone it would go on after a parent that was killed: hold the port, with no engine and nobody to
erase what has outlived its time.
"""

from __future__ import annotations

import gc

from gunicorn.app.wsgiapp import run  # type: ignore[import-untyped]

from chatbot_server.processes.parent import end_with_parent

# Between two looks for garbage; at Python's own 700, that is a tenth of the time of a start.
OBJECTS = 50_000

if __name__ == "__main__":
    end_with_parent()
    gc.set_threshold(OBJECTS)
    run(prog="gunicorn")
