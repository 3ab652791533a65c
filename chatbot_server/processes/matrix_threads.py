"""How many threads the libraries that multiply matrices use; they read it when they are loaded.

By default they use every core, and wait for each other by spinning: on two cores, beside the
embedder and a model, a site's 2,000 vectors then take the processor seventeen times as long.
"""

from __future__ import annotations

VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
# Variables of a process's environment.
ONE_THREAD = dict.fromkeys(VARIABLES, "1")
