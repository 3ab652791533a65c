"""A child process that does what its requests say, for the tests of child processes."""

from __future__ import annotations

import os
import sys
import time
from typing import Any


def answer(request: dict[str, Any]) -> Any:
    """Sleep, compute, exit, print or take memory, as the request says."""
    time.sleep(request.get("sleep", 0))
    end = time.process_time() + request.get("compute", 0)
    while time.process_time() < end:
        pass
    if "exit" in request:
        os._exit(request["exit"])
    if "print" in request:
        sys.stdout.write(request["print"])
        sys.stdout.flush()
    if "hold" in request:
        return len(bytearray(request["hold"]))
    return {"pid": os.getpid(), "environment": sorted(os.environ), "path": sys.path, **request}
