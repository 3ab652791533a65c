"""The child's side of :class:`.json_line_child.JsonLineChild`; started by path, not imported.

One JSON line on stdin is a request, one on stdout its answer. What ``answer`` raises ends the
process: its parent starts another one.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import select
import sys


def main() -> None:
    """Answer requests until the parent has ended, or has sent none for a while."""
    settings = json.loads(sys.argv[1])
    for limit, setting in (
        (resource.RLIMIT_AS, "memory_bytes"),
        (resource.RLIMIT_CPU, "processor_seconds"),
    ):
        if settings[setting]:
            resource.setrlimit(limit, (settings[setting], settings[setting]))
    sys.path[:] = settings["path"]
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries print, too
    answer = importlib.import_module(settings["module"]).answer
    while select.select([requests], [], [], settings["idle_seconds"])[0]:
        line = requests.readline()
        if not line:
            return
        text = json.dumps(answer(json.loads(line))).encode() + b"\n"
        try:
            answers.write(text)
            answers.flush()
        except BrokenPipeError:  # the parent was killed meanwhile
            os._exit(0)


if __name__ == "__main__":
    main()
