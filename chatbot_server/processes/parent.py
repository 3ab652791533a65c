"""Makes a child process end with its parent, however that ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

PARENT = "CHATBOT_PARENT"  # its number, for a child that may start only after its end
PR_SET_PDEATHSIG = 1
PARENT_CHECK_SECONDS = 2.0


def end_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Have this process get the signal *number* once its parent is gone, also by SIGKILL.

    The system sees to it on Linux; elsewhere a thread looks every two seconds. One that is gone
    already is noticed where it told its number by the variable :data:`PARENT`.
    """
    parent = int(os.environ.pop(PARENT, os.getppid()))  # for this process alone, not its children
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)  # it died before
        return
    threading.Thread(target=_watch, args=(parent, number), name="parent", daemon=True).start()


def _watch(parent: int, number: signal.Signals) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os.kill(os.getpid(), number)
