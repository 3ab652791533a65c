"""What the engine's process may take from the system."""

from __future__ import annotations

import resource
from contextlib import suppress

OPEN_FILES = 256  # ten were seen


def limit_process(memory: int, work: int) -> None:
    """Limit this process, for good.

    No core file is ever written: it would hold what visitors typed.

    Args:
        memory: bytes of address space, with few open files; 0: no limit.
        work: seconds of processor time, after which it is killed (SIGXCPU); 0: no limit.
    """
    _at_most(resource.RLIMIT_CORE, 0)
    if memory:
        _at_most(resource.RLIMIT_NOFILE, OPEN_FILES)
        _at_most(resource.RLIMIT_AS, memory)
    if work:
        _at_most(resource.RLIMIT_CPU, work, grace=5)


def _at_most(kind: int, value: int, grace: int = 0) -> None:
    _, most = resource.getrlimit(kind)
    hard = value + grace
    if most != resource.RLIM_INFINITY:
        hard = min(hard, most)
    # A system that lacks the limit has its time limits left.
    with suppress(ValueError, OSError):
        resource.setrlimit(kind, (min(value, hard), hard))
