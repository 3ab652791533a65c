"""What native libraries are told by a process's environment; they read it when they are loaded."""

from __future__ import annotations

# By default, libraries that multiply matrices use every core, and their threads wait for each other
# by spinning: on two cores, beside the embedder and a model, a site's 2,000 vectors then take the
# processor seventeen times as long.
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)  # fmt: skip
# From this many bytes on, glibc gives memory back to the system as soon as it is free. By itself it
# raises the limit to the largest block that was freed, and keeps for each thread what long request
# bodies took.
FREED_AT_ONCE = {"MALLOC_MMAP_THRESHOLD_": str(256 * 1024)}
FOR_WEB = ONE_THREAD | FREED_AT_ONCE
